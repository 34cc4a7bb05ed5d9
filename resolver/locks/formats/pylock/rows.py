"""Which packages of several platforms share one entry of a ``pylock.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name

from resolver.errors import LockFormatError
from resolver.locks.formats.distributions import Entry, File, Place, locked
from resolver.locks.formats.platform_markers import marker_among
from resolver.locks.formats.pylock.targets import own_target, python_minors
from resolver.locks.formats.targets import Target
from resolver.locks.slices import file_name_of
from resolver.model import MAIN, Lock, LockedPackage
from resolver.values import dataclass, replace

__all__ = ["Row", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry: the packages differ in their file at most. ``dependencies`` are those that the lock holds."""

    packages: list[LockedPackage]
    marker: str | None
    dependencies: tuple[str, ...]


def rows_of(lock: Lock) -> list[Row]:
    """The entries, sorted by name and platform."""
    shapes: dict[LockedPackage, dict[str, LockedPackage]] = {}
    for platform in lock.platforms:
        for package in platform.packages:
            shapes.setdefault(_shape(package), {})[platform.platform] = package
    subdirs = [p.platform for p in lock.platforms]
    # without a Python there are no tags to choose by, today's newest is not that of a later release
    targets = {s: own_target(s, lock.evidence, "") for s in python_minors(lock.evidence, subdirs)}
    together = [part for found in shapes.values() for part in _parts(found, targets)]
    together.sort(key=lambda part: (canonicalize_name(next(iter(part.values())).name), sorted(part)))
    return [_row(part, lock) for part in together]


def _shape(package: LockedPackage) -> LockedPackage:
    """The package without what may differ in one entry: the file of a wheel or sdist."""
    if package.kind != "pypi":
        return package
    return replace(package, url="", file_name=None, sha256=None, md5=None, size=None)


def _parts(found: Mapping[str, LockedPackage], targets: Mapping[str, Target]) -> list[dict[str, LockedPackage]]:
    """All in one entry where every platform's best file is the locked one; else an entry for each file."""
    if len(set(found.values())) == 1 or _are_told_apart(found, targets):
        return [dict(found)]
    files: dict[LockedPackage, dict[str, LockedPackage]] = {}
    for platform, package in found.items():
        files.setdefault(package, {})[platform] = package
    return list(files.values())


def _are_told_apart(found: Mapping[str, LockedPackage], targets: Mapping[str, Target]) -> bool:
    packages = sorted(set(found.values()), key=lambda p: (file_name_of(p), p.url))
    names = [file_name_of(package) for package in packages]
    if not targets.keys() >= found.keys():
        return False
    if len(set(names)) != len(names) or sum(not name.endswith(".whl") for name in names) > 1:
        return False
    files = tuple(File(file_name=file_name_of(p), url=p.url, sha256=p.sha256) for p in packages)
    first = packages[0]
    entry = Entry(kind="pypi", name=first.name, version=first.version, place=Place(source="", field=""), files=files)
    return all(_chosen(entry, targets[platform]) == file_name_of(package) for platform, package in found.items())


def _chosen(entry: Entry, target: Target) -> str | None:
    try:
        return locked(entry, target, groups=(MAIN,), dependencies=()).file_name
    except LockFormatError:
        return None


def _row(part: Mapping[str, LockedPackage], lock: Lock) -> Row:
    first = next(iter(part.values()))
    names = {canonicalize_name(p.name) for platform in part for p in lock.on(platform).packages}
    wanted = {canonicalize_name(name) for name, _ in first.dependencies}
    packages = sorted(set(part.values()), key=lambda p: (file_name_of(p), p.url))
    marker = _marker(marker_among(part, (p.platform for p in lock.platforms)), first.groups, lock)
    return Row(packages=packages, marker=marker, dependencies=tuple(sorted(names & wanted)))


def _marker(platforms: str | None, groups: Iterable[str], lock: Lock) -> str | None:
    """Where the lock has groups, each package says in which it is: ``main`` is one of them, installed by default."""
    if set(lock.groups) <= {MAIN}:
        return platforms
    terms = " or ".join(f"'{group}' in dependency_groups" for group in groups)
    if platforms is None:
        return terms
    return f"{_in_brackets(platforms)} and {_in_brackets(terms)}"


def _in_brackets(terms: str) -> str:
    return f"({terms})" if " or " in terms else terms
