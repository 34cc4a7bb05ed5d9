"""What of a lock a pixi.lock can carry.

It has no groups, no choice among several files, and no digest of a folder's content. All packages that come from one
place share a row, so the row must say the same for each platform.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolver.errors import ResolverError
from resolver.locks.formats.distributions import Place
from resolver.locks.formats.pixi.needs import requirements_on, written_needs
from resolver.locks.formats.pixi.packages import package_of, row_of
from resolver.locks.formats.pixi.rows import key_of, location_of
from resolver.locks.formats.protocol import Fitted, Loss
from resolver.model import MAIN, Lock, LockedPackage
from resolver.values import dataclass, field, replace

__all__ = ["fit"]

_NOT_IN_MAIN = "packages of other groups than main, which is the only one that pixi.lock has"
_GROUPS = "that these packages are in other groups too"
_CANDIDATES = "packages with several files to choose from"
_TREE = "folders with a digest of their content"
_NO_VERSION = "folders without a version"
_FOLDER_VERSION = "the versions of folders"
_UNREADABLE = "packages whose place, name, version or build reads otherwise in a pixi.lock"
_NEEDS = "dependencies that are no MatchSpec or PEP 508 requirement"
_SHARED = "packages that come from one place and are not the same on each platform"


@dataclass(slots=True)
class _Losses:
    found: dict[str, set[str]] = field(default_factory=dict)

    def add(self, message: str, package: LockedPackage) -> None:
        self.found.setdefault(message, set()).add(package.name)

    def all(self) -> tuple[Loss, ...]:
        return tuple(
            Loss(message=message, packages=tuple(sorted(names))) for message, names in sorted(self.found.items())
        )


def fit(lock: Lock, *, version: int) -> Fitted:
    """The lock as a file of this version (6 or 7) carries it. The sizes of Python packages are not told: the hash says
    what they are."""
    losses = _Losses()
    kept = {p.platform: list(_each(p.packages, version, losses)) for p in lock.platforms}
    for shared in _by_place(kept).values():
        first, *others = shared
        for platform in others:
            if not _agree(shared[first], shared[platform]) or not _markers_can_tell(shared):
                losses.add(_SHARED, shared[platform])
                kept[platform].remove(shared[platform])
    platforms = tuple(replace(p, packages=tuple(kept[p.platform])) for p in lock.platforms)
    return Fitted(lock=replace(lock, platforms=platforms), losses=losses.all())


def _each(packages: tuple[LockedPackage, ...], version: int, losses: _Losses) -> Iterator[LockedPackage]:
    seen: set[tuple[bool, str]] = set()
    for package in packages:
        fitted = _fitted(package, version, losses)
        if fitted is None:
            continue
        places = {(fitted.kind == "conda", key_of(location_of(fitted))), (fitted.kind == "conda", f"={fitted.name}")}
        if places & seen:
            losses.add(_SHARED, package)
            continue
        seen |= places
        yield fitted


def _fitted(package: LockedPackage, version: int, losses: _Losses) -> LockedPackage | None:
    """The package as it will be read again; ``None`` if it cannot be."""
    if MAIN not in package.groups:
        losses.add(_NOT_IN_MAIN, package)
        return None
    if package.candidates or package.tree is not None:
        losses.add(_CANDIDATES if package.candidates else _TREE, package)
        return None
    if package.kind == "directory" and version < 7 and not package.version:
        losses.add(_NO_VERSION, package)
        return None
    if package.groups != (MAIN,):
        losses.add(_GROUPS, package)
    needs, some_lost = written_needs(package)
    if some_lost:
        losses.add(_NEEDS, package)
    wanted = replace(
        package, groups=(MAIN,), dependencies=needs, size=package.size if package.kind == "conda" else None
    )
    if package.kind == "directory" and version >= 7 and package.version:
        losses.add(_FOLDER_VERSION, package)
        wanted = replace(wanted, version="")
    again = _read_again(wanted, version)
    if again is None or not _says(again, wanted):
        losses.add(_UNREADABLE, package)
        return None
    return again


def _read_again(package: LockedPackage, version: int) -> LockedPackage | None:
    if not package.url:
        return None
    try:
        row = row_of(package, (), version=version)
        again = package_of(row, Place(source="pixi.lock", field="packages"))
    except (ResolverError, ValueError):
        return None
    return replace(again, dependencies=package.dependencies)


def _says(again: LockedPackage, wanted: LockedPackage) -> bool:
    """Whether it is the same package; the place of a file may tell more than the lock did."""
    filled = {name: getattr(again, name) for name in ("build", "subdir", "file_name") if getattr(wanted, name) is None}
    return replace(wanted, **filled) == again


def _by_place(kept: dict[str, list[LockedPackage]]) -> dict[tuple[bool, str], dict[str, LockedPackage]]:
    """The packages of each place by platform."""
    found: dict[tuple[bool, str], dict[str, LockedPackage]] = {}
    for platform, packages in kept.items():
        for package in packages:
            key = (package.kind == "conda", key_of(location_of(package)))
            found.setdefault(key, {})[platform] = package
    return found


def _agree(one: LockedPackage, other: LockedPackage) -> bool:
    if one.kind == "conda":
        return one == other
    return replace(one, dependencies=()) == replace(other, dependencies=())


def _markers_can_tell(shared: dict[str, LockedPackage]) -> bool:
    packages = {platform: package.dependencies for platform, package in shared.items() if package.kind != "conda"}
    try:
        requirements_on(packages)
    except ResolverError:
        return False
    return True
