"""Merging locks: the sides of a file with git's conflict markers, and what two locks of one base agree on.

A merge of two locks, package by package, has never been solved: it is good for pins, and the solver makes a lock of
them. What ``merged_text`` takes is always one of the sides as it stands; everything else stays a conflict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.differences import same_packages
from resolver.locks.formats import Asked, LockFormat
from resolver.model import Lock, LockedPackage, Origin, PlatformLock

__all__ = [
    "ConflictMarkers",
    "MergedText",
    "Sides",
    "conflict_text",
    "has_conflict_markers",
    "merged_pins",
    "merged_text",
    "refuse_conflict_markers",
    "split_sides",
]

_OPENING = re.compile(r"^(?P<marks><{7,})(?: (?P<label>[^\r\n]*))?\r?$", re.MULTILINE)
_HINT = "run `samebox lock`: it locks again from the manifest, and keeps what both sides agree on"


class ConflictMarkers(LockFormatError):
    """A lock with git's conflict markers: it is no lock, and two are in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The texts of both sides; ``base`` where the conflict style shows it (diff3, zdiff3)."""

    ours: str
    theirs: str
    base: str | None = None


# --------------------------------------------------------------------------------------------------- markers


def has_conflict_markers(text: str) -> bool:
    return "<<<<<<<" in text and _OPENING.search(text) is not None


def refuse_conflict_markers(text: str, source: str) -> None:
    """Raise ``ConflictMarkers`` with the line of the first marker, if there is one."""
    opening = _OPENING.search(text) if "<<<<<<<" in text else None
    if opening is not None:
        line = text.count("\n", 0, opening.start()) + 1
        raise ConflictMarkers(
            "this lock has git's conflict markers", origin=Origin(source=source, line=line), hint=_HINT
        )


def split_sides(text: str, source: str) -> Sides:
    """The two sides of a text with conflict markers, and the base if it shows one for each conflict. What stands
    outside of the conflicts is in all of them. Raises ``LockFormatError`` for a conflict that does not end."""
    parts: dict[str, list[str]] = {"ours": [], "base": [], "theirs": []}
    within: str | None = None
    size, opened, with_base, all_with_base = 0, 0, False, True
    for number, line in enumerate(_lines(text), start=1):
        bare = line.rstrip("\r\n")
        if within is None:
            opening = _OPENING.match(bare)
            if opening is not None:
                within, size, opened, with_base = "ours", len(opening["marks"]), number, False
                continue
            for lines in parts.values():
                lines.append(line)
        elif within == "ours" and _is_marker(bare, "|", size):
            within, with_base = "base", True
        elif within in ("ours", "base") and bare == "=" * size:
            within, all_with_base = "theirs", all_with_base and with_base
        elif within == "theirs" and _is_marker(bare, ">", size):
            within = None
        else:
            parts[within].append(line)
    if within is not None:
        raise LockFormatError(
            "this conflict does not end", origin=Origin(source=source, line=opened), hint="restore the file from git"
        )
    base = "".join(parts["base"]) if all_with_base else None
    return Sides(ours="".join(parts["ours"]), theirs="".join(parts["theirs"]), base=base)


def _lines(text: str) -> list[str]:
    """The lines as git has them: they end at line feeds only."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _is_marker(line: str, mark: str, size: int) -> bool:
    return line.startswith(mark * size) and line[size : size + 1] in ("", " ")


def conflict_text(sides: Sides) -> str:
    """Both sides in one text with conflict markers, from which ``split_sides`` gives back each as it was. Only the
    lines that all begin and end with stand outside: a line that is in the middle of both says nothing by itself."""
    texts = [text for text in (sides.ours, sides.base, sides.theirs) if text is not None]
    split = [_lines(text) for text in texts]
    first = _common(split)
    last = _common([lines[first:][::-1] for lines in split])
    middles = [_ended(lines[first : len(lines) - last]) for lines in split]
    whole = split[0]
    base = f"||||||| base\n{middles[1]}" if sides.base is not None else ""
    return (
        f"{''.join(whole[:first])}<<<<<<< ours\n{middles[0]}{base}=======\n{middles[-1]}>>>>>>> theirs\n"
        f"{''.join(whole[len(whole) - last :])}"
    )


def _common(texts: list[list[str]]) -> int:
    """How many lines all of them begin with."""
    count = 0
    for lines in zip(*texts, strict=False):
        if len(set(lines)) > 1:
            break
        count += 1
    return count


def _ended(lines: list[str]) -> str:
    text = "".join(lines)
    return text if not text or text.endswith("\n") else f"{text}\n"


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
