"""Where two locks do not hold the same.

Two locks with identities compare as empty if and only if their digests are equal. What has no identity is compared by
what both sides say of it; where that decides nothing, it is told as undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from resolver.canonicalizer import canonical_bytes
from resolver.errors import IntegrityError, ResolverError
from resolver.model import MAIN, Lock, LockedPackage, PlatformLock
from resolver.values import dataclass, replace

__all__ = [
    "Change",
    "Comparison",
    "PackageChange",
    "Status",
    "What",
    "compare_locks",
    "same_packages",
]

Status = Literal["added", "removed", "changed"]
What = Literal["version", "build", "hash", "source", "groups"]
"""``hash`` is another file, commit or tree under the same name; ``source`` another kind of place, or another
repository."""

World = Literal["conda", "pypi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """What became of a package on one platform: ``before`` is ``None`` for a new one, ``after`` for one that is
    gone."""

    platform: str
    before: LockedPackage | None
    after: LockedPackage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change, told once for all the platforms on which it is the same: there is one of ``details`` for each, sorted
    by platform. ``what`` says in which respects a changed package is another."""

    status: Status
    world: World
    name: str
    what: tuple[What, ...] = ()
    details: tuple[PackageChange, ...]

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(detail.platform for detail in self.details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``platforms`` are those that both locks have: ``changes`` are told of them only, sorted by name. ``undecided``
    are names of packages of which the two locks do not say enough."""

    platforms: tuple[str, ...]
    added_platforms: tuple[PlatformLock, ...] = ()
    removed_platforms: tuple[PlatformLock, ...] = ()
    changes: tuple[Change, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.added_platforms or self.removed_platforms)

    def count(self, status: Status) -> int:
        return sum(change.status == status for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What two platforms must have in common for a change of theirs to be one."""

    name: str
    world: World
    status: Status
    what: tuple[What, ...]
    said: tuple[tuple[str, ...], ...]


def compare_locks(before: Lock, after: Lock, *, platforms: Collection[str] | None = None) -> Comparison:
    """What is other in ``after``, on these platforms (default: all that one of them has). Raises ``ResolverError``
    for a platform that neither has."""
    olds = _by_name(before, platforms)
    news = _by_name(after, platforms)
    unknown = sorted(set(platforms or ()) - set(olds) - set(news))
    if unknown:
        known = ", ".join(sorted({p.platform for lock in (before, after) for p in lock.platforms}))
        raise ResolverError(f"neither lock has a platform {', '.join(unknown)}", hint=f"they have: {known or 'none'}")
    both = tuple(name for name in olds if name in news)
    found: dict[_Told, list[PackageChange]] = {}
    undecided: set[str] = set()
    for name in both:
        for told, change in _changes(olds[name], news[name], undecided):
            found.setdefault(told, []).append(change)
    return Comparison(
        platforms=both,
        added_platforms=tuple(locked for name, locked in news.items() if name not in olds),
        removed_platforms=tuple(locked for name, locked in olds.items() if name not in news),
        changes=tuple(_change(told, details) for told, details in sorted(found.items(), key=_order)),
        undecided=tuple(sorted(undecided)),
    )


def same_packages(one: Lock, other: Lock) -> bool:
    """Whether both are sure to install the same on each platform and for each group."""
    comparison = compare_locks(one, other)
    return comparison.is_empty and not comparison.undecided


def _by_name(lock: Lock, platforms: Collection[str] | None) -> Mapping[str, PlatformLock]:
    return {p.platform: p for p in lock.platforms if platforms is None or p.platform in platforms}


def _order(item: tuple[_Told, list[PackageChange]]) -> tuple[object, ...]:
    told, details = item
    return (told.name, told.world, [d.platform for d in details], told.status, told.what, told.said)


def _change(told: _Told, details: list[PackageChange]) -> Change:
    return Change(status=told.status, world=told.world, name=told.name, what=told.what, details=tuple(details))


# ------------------------------------------------------------------------------------------- on one platform


def _changes(before: PlatformLock, after: PlatformLock, undecided: set[str]) -> Iterator[tuple[_Told, PackageChange]]:
    olds, news = _by_key(before.packages), _by_key(after.packages)
    for key in dict.fromkeys((*olds, *news)):
        world, name = key
        for old, new in _pairs(olds.get(key, []), news.get(key, [])):
            what, is_undecided = _what(old, new) if old and new else ((), False)
            if is_undecided:
                undecided.add(name)
            if old and new and not what:
                continue
            status: Status = "added" if old is None else "removed" if new is None else "changed"
            said = tuple(_said(package, what) for package in (old, new) if package)
            told = _Told(name=name, world=world, status=status, what=what, said=said)
            yield told, PackageChange(platform=before.platform, before=old, after=new)


def _by_key(packages: Iterable[LockedPackage]) -> dict[tuple[World, str], list[LockedPackage]]:
    from packaging.utils import canonicalize_name

    found: dict[tuple[World, str], list[LockedPackage]] = {}
    for package in packages:
        key: tuple[World, str] = (
            ("conda", package.name.lower()) if package.kind == "conda" else ("pypi", canonicalize_name(package.name))
        )
        found.setdefault(key, []).append(package)
    return found


def _pairs(
    olds: list[LockedPackage], news: list[LockedPackage]
) -> Iterator[tuple[LockedPackage | None, LockedPackage | None]]:
    """A lock from elsewhere may hold several packages of one name: what is the same in both is no change, and the rest
    is paired in order."""
    if len(olds) == 1 == len(news):
        yield olds[0], news[0]
        return
    common = Counter(olds) & Counter(news)
    left, right = (list((Counter(packages) - common).elements()) for packages in (olds, news))
    for number in range(max(len(left), len(right))):
        yield (
            left[number] if number < len(left) else None,
            right[number] if number < len(right) else None,
        )


def _what(old: LockedPackage, new: LockedPackage) -> tuple[tuple[What, ...], bool]:
    """In which respects the two are not the same, and whether they may differ in others that cannot be told."""
    groups: tuple[What, ...] = ("groups",) if old.groups != new.groups else ()
    same = _same_artifact(old, new)
    if same or (same is None and not _build_differs(old, new)):
        return groups, same is None
    if old.kind != new.kind:
        return ("source", *(("version",) if _version(old) != _version(new) else ()), *groups), False
    if _version(old) != _version(new):
        return ("version", *groups), False
    if _build_differs(old, new):
        return ("build", *groups), False
    moved = old.kind == "vcs" and old.commit == new.commit
    return ("source" if moved else "hash", *groups), False


def _build_differs(old: LockedPackage, new: LockedPackage) -> bool:
    return old.kind == "conda" == new.kind and bool(old.build and new.build) and old.build != new.build


def _same_artifact(old: LockedPackage, new: LockedPackage) -> bool | None:
    if old is new or replace(old, groups=new.groups) == new:
        return True
    if old.kind != new.kind:
        return False
    try:
        return _identity(old) == _identity(new)
    except IntegrityError:
        return False if _version(old) != _version(new) else _same_by_other_hashes(old, new)


def _identity(package: LockedPackage) -> bytes:
    plain = replace(package, groups=(MAIN,))
    return canonical_bytes(Lock(platforms=(PlatformLock(platform="", packages=(plain,)),)))


def _same_by_other_hashes(old: LockedPackage, new: LockedPackage) -> bool | None:
    if old.sha256 and new.sha256:
        return old.sha256 == new.sha256
    if old.md5 and new.md5:
        return old.md5 == new.md5
    one, other = ({p.sha256} if p.sha256 else {file.sha256 for file in p.candidates} for p in (old, new))
    if one and one == other:
        return True  # the same choice of files, which neither has made
    return False if one and other and not one & other else None


def _version(package: LockedPackage) -> str:
    if package.kind == "conda":
        return package.version
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(package.version))
    except InvalidVersion:
        return package.version


def _said(package: LockedPackage, what: tuple[What, ...]) -> tuple[str, ...]:
    """What is said of a package in a change: a version, and the respect in which it is another. Hashes and, where
    versions differ, builds may differ between platforms: it is the same change."""
    said = [_version(package)]
    if "build" in what:
        said.append(package.build or "")
    if "source" in what:
        said += [package.kind, package.url if package.kind == "vcs" else ""]
    if "groups" in what:
        said.append(", ".join(package.groups))
    return tuple(said)
