"""Merging locks: what two locks of one base agree on, and which side of a file to take.

A merge of two locks, package by package, has never been solved: it is good for pins, and the solver makes a lock of
them. What ``merged_text`` takes is always one of the sides as it stands; everything else stays a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resolver.errors import ResolverError
from resolver.locks.comparison import same_packages
from resolver.locks.conflict_markers import Sides, conflict_text, refuse_conflict_markers
from resolver.locks.formats import Asked, LockFormat
from resolver.model import Lock, LockedPackage, PlatformLock
from resolver.values import dataclass, replace

__all__ = ["MergedText", "merged_pins", "merged_text"]


# ------------------------------------------------------------------------------------------------------ pins


def merged_pins(ours: Lock, theirs: Lock, base: Lock | None = None) -> Lock:
    """What a new lock is to keep where it will do: what both sides have, and of the rest what one side has changed
    since the base. Where both have changed a package, or there is no base to tell, it is what ours has, else theirs.

    Not a lock to install: this combination has not been solved.
    """
    names = sorted({locked.platform for lock in (ours, theirs) for locked in lock.platforms})
    return replace(ours, platforms=tuple(_merged_platform(name, ours, theirs, base) for name in names))


def _merged_platform(platform: str, ours: Lock, theirs: Lock, base: Lock | None) -> PlatformLock:
    one, other, old = (_packages(lock, platform) for lock in (ours, theirs, base))
    kept = []
    for key in dict.fromkeys((*one, *other)):
        mine, yours, before = one.get(key), other.get(key), old.get(key)
        if base is not None and _is_same(mine, before):
            chosen = yours  # theirs has changed it, or taken it out
        elif base is not None and _is_same(yours, before):
            chosen = mine
        else:
            chosen = mine or yours
        if chosen is not None:
            kept.append(chosen)
    return PlatformLock(platform=platform, packages=tuple(kept))


def _packages(lock: Lock | None, platform: str) -> Mapping[tuple[bool, str], LockedPackage]:
    found = [p for p in lock.platforms if p.platform == platform] if lock is not None else []
    return {(package.kind == "conda", package.name): package for locked in found for package in locked.packages}


def _is_same(one: LockedPackage | None, other: LockedPackage | None) -> bool:
    if one is None or other is None:
        return one is other
    return same_packages(_alone(one), _alone(other))


def _alone(package: LockedPackage) -> Lock:
    return Lock(platforms=(PlatformLock(platform="", packages=(package,)),))


# ----------------------------------------------------------------------------------------------- three files


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedText:
    """``text`` is one of the sides, or both with conflict markers (``is_conflict``); ``reason`` says why."""

    text: str
    is_conflict: bool
    reason: str


def merged_text(sides: Sides, lock_format: LockFormat, source: str) -> MergedText:
    """One of the sides, if they lock the same or if only one of them has changed what is locked; else both, with
    conflict markers. Text that cannot be read is a conflict too."""
    try:
        ours, theirs = (_Environments(text, lock_format, source) for text in (sides.ours, sides.theirs))
        base = _Environments(sides.base, lock_format, source) if sides.base and sides.base.strip() else None
        if ours.same_as(theirs):
            return MergedText(text=sides.ours, is_conflict=False, reason="both sides lock the same")
        if base is not None and ours.same_as(base):
            return MergedText(text=sides.theirs, is_conflict=False, reason="only their side has changed what is locked")
        if base is not None and theirs.same_as(base):
            return MergedText(text=sides.ours, is_conflict=False, reason="only our side has changed what is locked")
    except ResolverError as error:
        return MergedText(text=conflict_text(sides), is_conflict=True, reason=error.message)
    reason = "both sides have changed what is locked, and nobody has solved the two together"
    return MergedText(text=conflict_text(sides), is_conflict=True, reason=reason)


class _Environments:
    """All that one file locks: each of its environments."""

    def __init__(self, text: str, lock_format: LockFormat, source: str) -> None:
        refuse_conflict_markers(text, source)
        names: tuple[str | None, ...] = lock_format.environments(text, source) or (None,)
        self._locks = {name: lock_format.parse(text, source, Asked(environment=name)) for name in names}

    def same_as(self, other: _Environments) -> bool:
        return self._locks.keys() == other._locks.keys() and all(
            same_packages(lock, other._locks[name]) for name, lock in self._pairs()
        )

    def _pairs(self) -> Iterator[tuple[str | None, Lock]]:
        yield from self._locks.items()
