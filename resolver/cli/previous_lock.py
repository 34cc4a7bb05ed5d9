"""The lock that is there before one is made anew; a merge may have left it with conflict markers."""

from __future__ import annotations

import os
from pathlib import Path

from resolver.errors import IntegrityError, LockFormatError, NotRepresentable
from resolver.files import read_text
from resolver.light_typing import TYPE_CHECKING
from resolver.locks.files import LockTexts, format_of, lock_texts, parse_lock, read_lock
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.environment import Environment
    from resolver.model import Lock

__all__ = ["Previous", "is_written_otherwise", "pins_from", "read_previous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """``lock`` is what is locked, ``None`` where nothing is or a merge has left a conflict. ``pins`` is what a new lock
    keeps where it will do; ``warnings`` say what was made of a conflict."""

    lock: Lock | None = None
    pins: Lock | None = None
    warnings: tuple[str, ...] = ()


def read_previous(path: Path, environment: Environment) -> Previous:
    """The lock of an environment, for its platforms and its Python where it names none. Raises
    ``LockFormatError`` for a file that is no lock and has no conflict markers either."""
    if not path.exists():
        return Previous()
    from resolver.locks.conflict_markers import has_conflict_markers
    from resolver.locks.sidecar import sidecar_path

    text = read_text(path)
    if has_conflict_markers(text):
        return _of_conflict(path, text)
    beside = sidecar_path(path)
    if beside.is_file() and has_conflict_markers(read_text(beside)):
        lock = parse_lock(text, format=format_of(str(path)).name, source=str(path))
        return Previous(lock=lock, pins=lock, warnings=(f"{beside} had conflict markers, and says nothing",))
    lock = read_lock(path, platforms=environment.platforms, python=environment.settings.python, some_platforms=True)
    return Previous(lock=lock, pins=lock)


def pins_from(place: str, environment: Environment, name: str | None) -> Lock:
    """Another lock, of whatever format, as pins for an environment. Of several environments in it, that of the same
    name counts. Raises ``LockFormatError``."""
    path = Path(place)
    named = format_of(place).environments(read_text(path), place) if path.is_file() else ()
    return read_lock(
        path,
        environment=name if name in named else None,
        platforms=environment.platforms,
        python=environment.settings.python,
        some_platforms=True,
    )


def _of_conflict(path: Path, text: str) -> Previous:
    """What git's index holds of the sides is what they were; what stands in the file is mixed with what git has merged
    line by line, and serves where the index has nothing."""
    from resolver.locks.conflict_markers import Sides, split_sides
    from resolver.locks.merge import merged_pins
    from resolver.source_trees.revisions import sides_of_merge

    staged = sides_of_merge(path, os.environ)
    if staged is None:
        sides = split_sides(text, str(path))
    else:
        base, ours, theirs = (None if side is None else side.decode("utf-8-sig", "replace") for side in staged)
        sides = Sides(ours=ours or "", theirs=theirs or "", base=base)
    warnings = [f"{path} had conflict markers: locked again from the manifest, keeping what both sides agree on"]
    ours_lock = _side(sides.ours, path, "our side", warnings)
    theirs_lock = _side(sides.theirs, path, "their side", warnings)
    base_lock = _side(sides.base, path, "the base", warnings) if sides.base is not None else None
    if ours_lock is not None and theirs_lock is not None:
        return Previous(pins=merged_pins(ours_lock, theirs_lock, base_lock), warnings=tuple(warnings))
    return Previous(pins=ours_lock or theirs_lock, warnings=tuple(warnings))


def _side(text: str, path: Path, called: str, warnings: list[str]) -> Lock | None:
    try:
        return parse_lock(text, format=format_of(str(path)).name, source=f"{path} ({called})")
    except LockFormatError as error:
        warnings.append(f"{error.message}; nothing is kept of it")
        return None


def is_written_otherwise(old: Lock | None, new: LockTexts) -> bool:
    """Whether the old lock's file, and the one beside it, would not be those of the new one."""
    try:
        return old is None or lock_texts(old, new.format) != new
    except (IntegrityError, NotRepresentable):
        return True  # another tool's, which says less of its packages than we do
