"""What a ``pylock.toml`` is read for: its platforms, each with the Python that its wheels are chosen for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.protocol import Asked
from resolver.locks.formats.targets import Target, pythons_asked, specifiers, targets_among
from resolver.model import Evidence, Origin
from resolver.platforms import Platform, PythonTarget, newest_python

__all__ = ["foreign_targets", "groups_of", "own_target", "python_minors"]


def own_target(subdir: str, evidence: Evidence | None, source: str) -> Target:
    """The target of a lock that Samebox made: the Python and the virtual packages that its evidence names. Where it
    names none, or none that has wheel tags, the newest Python and the platform's defaults. The writer puts together
    only such wheels as the reader chooses from by the same rule, and none where no Python is named."""
    platform = Platform.of(subdir)
    pythons = dict(evidence.pythons) if evidence else {}
    virtual = dict(evidence.virtual_packages).get(subdir) if evidence else None
    python = _python(pythons.get(subdir)) or newest_python(None)
    if virtual:
        try:
            return _target(Platform(subdir=subdir, virtual_packages=virtual), python, source)
        except ResolverError:
            pass  # a __glibc that is no version of two numbers
    return _target(platform, python, source)


def python_minors(evidence: Evidence | None, subdirs: Iterable[str]) -> dict[str, str]:
    """The minor Python version of each platform for which the evidence has one."""
    pythons = dict(evidence.pythons) if evidence else {}
    known = ((subdir, _python(pythons.get(subdir))) for subdir in subdirs)
    return {subdir: python.minor for subdir, python in known if python is not None}


def _python(version: str | None) -> PythonTarget | None:
    try:
        return PythonTarget(version=version) if version and version.isascii() else None
    except ResolverError:
        return None


def _target(platform: Platform, python: PythonTarget, source: str) -> Target:
    return Target(
        platform=platform.subdir,
        python=python,
        environment=platform.markers(python),
        ranks=_ranks(platform, python),
        source=source,
    )


@lru_cache(maxsize=64)
def _ranks(platform: Platform, python: PythonTarget) -> dict[str, int]:
    """There are thousands of tags, and they are wanted at each reading and writing."""
    return {tag: rank for rank, tag in enumerate(platform.wheel_tags(python))}


def foreign_targets(
    asked: Asked,
    environments: Sequence[str],
    requires_python: str | None,
    has_all: Callable[[Target], bool],
    source: str,
) -> tuple[Target, ...]:
    """The targets of another tool's lock: on each platform the newest known Python that ``requires-python`` and
    ``environments`` allow and that has a file of every package. A lock may be for one machine alone and not say so."""
    allowed = specifiers(requires_python or "", source, "requires-python")

    def target_on(platform: Platform) -> Target | None:
        first = None
        for python in _pythons(allowed, asked):
            target = _target(platform, python, source)
            if environments and not any(_holds(marker, target) for marker in environments):
                continue
            if has_all(target):
                return target
            first = first or target
        return (
            first if asked.platforms and not asked.some_platforms else None
        )  # what was asked for is refused with the package that has no file

    made_for = " or ".join([(requires_python and f"Python {requires_python}") or "any Python", *environments[:3]])
    return targets_among(asked, target_on, source, made_for=made_for)


def _pythons(allowed: SpecifierSet, asked: Asked) -> list[PythonTarget]:
    return [PythonTarget(version=version) for version in pythons_asked(asked) if version in allowed]


def groups_of(marker: str | None, target: Target, main: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The groups in which a package is on a target: ``main`` where its marker holds without any group, or in the
    default ones, and each of the ``others`` (groups and extras) in which it holds else. Empty: not on this target."""
    if marker is None or _holds(marker, target):
        return ("main",)
    found = {
        name for name in others if _holds(marker, target, groups=(name,)) or _holds(marker, target, extras=(name,))
    }
    if any(_holds(marker, target, groups=(name,)) for name in main):
        found.add("main")
    return tuple(sorted(found))


def _holds(marker: str, target: Target, *, groups: Sequence[str] = (), extras: Sequence[str] = ()) -> bool:
    environment: dict[str, str | frozenset[str]] = {
        **target.environment,
        "dependency_groups": frozenset(groups),
        "extras": frozenset(extras),
    }
    try:
        return Marker(marker).evaluate(environment, context="lock_file")
    except (UndefinedComparison, UndefinedEnvironmentName) as error:
        raise LockFormatError(
            f"the marker {marker[:200]!r} cannot be decided: {str(error)[:200]}", origin=Origin(source=target.source)
        ) from error
