"""What a lock that is for many machines at once is read for: a platform with a Python, by which markers hold or not and
wheels fit or not (PEP 508, PEP 425)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from resolver.errors import LockFormatError
from resolver.locks.formats.protocol import ANYTHING, Asked
from resolver.model import LockedPackage, Origin, PlatformLock
from resolver.platforms import DEFAULT_PLATFORMS, KNOWN_PYTHONS, Platform, PythonTarget
from resolver.values import dataclass, field

__all__ = [
    "NoFile",
    "Target",
    "locked_platforms",
    "pythons_asked",
    "specifiers",
    "target_for",
    "target_with",
    "targets_among",
    "targets_for",
]

_T = TypeVar("_T")

_LONGEST_MARKER = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform with a Python. ``environment`` are its PEP 508 markers, ``ranks`` its wheel tags, the best is 0."""

    platform: str
    python: PythonTarget
    environment: dict[str, str]
    ranks: dict[str, int]
    source: str
    _answers: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False, compare=False)

    def holds(self, marker: str | None, *, extra: str = "") -> bool:
        """Whether a marker holds here, with one extra (``""``: none) active. Raises ``LockFormatError``."""
        if marker is None or marker == "":
            return True
        key = (marker, extra)
        if key not in self._answers:
            self._answers[key] = self._evaluated(marker, extra)
        return self._answers[key]

    def _evaluated(self, marker: str, extra: str) -> bool:
        try:
            if len(marker) > _LONGEST_MARKER:
                raise InvalidMarker(f"it has more than {_LONGEST_MARKER} characters")
            return Marker(marker).evaluate({**self.environment, "extra": extra})
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as error:
            reason = str(error).split("\n")[0]
            raise self._bad(marker, reason) from error
        except RecursionError as error:
            raise self._bad(marker, "it is nested too deeply") from error

    def _bad(self, marker: str, reason: str) -> LockFormatError:
        return LockFormatError(f"not a marker: {marker[:200]!r}: {reason}", origin=Origin(source=self.source))


class NoFile(LockFormatError):
    """A package has no file for a target. Another Python may have one."""


def targets_for(
    platform: Platform, pythons: Iterable[SpecifierSet], source: str, *, asked: Asked = ANYTHING
) -> Iterator[Target]:
    """The platform with each known Python that one of ``pythons`` allows, the newest first, or with the one that is
    asked for. Raises ``LockFormatError`` where there is none."""
    allowed = tuple(pythons)
    versions = [v for v in pythons_asked(asked) if any(some.contains(v, prereleases=True) for some in allowed)]
    if not versions:
        wanted = " or ".join(repr(str(some)) for some in allowed)
        if asked.python is not None:
            raise LockFormatError(
                f"this lock is for Python {wanted}, and not for {asked.python}",
                origin=Origin(source=source),
                hint="the setting python (--python) names another",
            )
        raise LockFormatError(
            f"no Python that this release of Samebox knows satisfies {wanted}",
            origin=Origin(source=source),
            hint=f"known are {', '.join(KNOWN_PYTHONS)}",
        )
    for version in versions:
        yield target_with(platform, PythonTarget(version=version), source)


def pythons_asked(asked: Asked) -> tuple[str, ...]:
    """The Pythons to read a lock for, the newest first: the one that is asked for (its newest known patch, where only
    3.12 is said), else all that are known."""
    if asked.python is None:
        return tuple(reversed(KNOWN_PYTHONS))
    patches = (known for known in KNOWN_PYTHONS if known.startswith(f"{asked.python}."))
    return (next(patches, asked.python),)


def target_with(platform: Platform, python: PythonTarget, source: str) -> Target:
    """The platform with that Python."""
    return Target(
        platform=platform.subdir,
        python=python,
        environment=platform.markers(python),
        ranks={tag: rank for rank, tag in enumerate(platform.wheel_tags(python))},
        source=source,
    )


def target_for(platform: Platform, pythons: Iterable[SpecifierSet], source: str, *, asked: Asked = ANYTHING) -> Target:
    """The platform with the first Python that ``targets_for`` gives. Raises ``LockFormatError``."""
    return next(targets_for(platform, pythons, source, asked=asked))


def targets_among(
    asked: Asked, target_on: Callable[[Platform], Target | None], source: str, *, made_for: str
) -> tuple[Target, ...]:
    """The targets to read a lock for: on the platforms that are asked for, else on those of the default ones that it
    is made for. ``target_on`` gives ``None`` for a platform that the lock was not made for; ``made_for`` says in words
    what it was made for. Raises ``LockFormatError``."""
    return _those_made(asked, target_on, source, made_for)


def locked_platforms(
    asked: Asked,
    targets_on: Callable[[Platform], Iterable[Target]],
    packages: Callable[[Target], Iterable[LockedPackage]],
    source: str,
    *,
    made_for: str,
) -> tuple[PlatformLock, ...]:
    """What a lock installs on the platforms that are asked for, else on those of the default ones that it is made for:
    for the first target of each that it has all files for. A platform without targets is one that it was not made for;
    ``made_for`` says in words what it was made for. Raises ``LockFormatError``."""
    return _those_made(asked, lambda platform: _for_the_first_of(targets_on(platform), packages), source, made_for)


def _those_made(asked: Asked, make: Callable[[Platform], _T | None], source: str, made_for: str) -> tuple[_T, ...]:
    platforms: Sequence[Platform] = asked.platforms or [Platform.of(subdir) for subdir in DEFAULT_PLATFORMS]
    found = [(platform.subdir, make(platform)) for platform in platforms]
    missing = [subdir for subdir, made in found if made is None]
    if missing and ((asked.platforms and not asked.some_platforms) or len(missing) == len(found)):
        raise LockFormatError(
            f"this lock is not for {', '.join(missing)}; it was made for {made_for}",
            origin=Origin(source=source),
            hint="name its platforms with -p",
        )
    return tuple(made for _, made in found if made is not None)


def _for_the_first_of(
    targets: Iterable[Target], packages: Callable[[Target], Iterable[LockedPackage]]
) -> PlatformLock | None:
    first: NoFile | None = None
    for target in targets:
        try:
            return PlatformLock(platform=target.platform, packages=tuple(packages(target)))
        except NoFile as error:
            first = first or error
    if first is not None:
        raise first
    return None


def specifiers(text: str, source: str, field_: str) -> SpecifierSet:
    """A PEP 440 set. Raises ``LockFormatError`` with the field."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise LockFormatError(
            f"not a version specifier: {text[:200]!r}", origin=Origin(source=source), field=field_
        ) from error
