"""Lock files: which format a file has, reading it and writing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resolver.errors import LockFormatError, NotRepresentable, ResolverError
from resolver.files import read_text, write_atomic
from resolver.light_typing import TYPE_CHECKING
from resolver.locks.formats import Asked, LockFormat, format_for_file, format_named, known_formats
from resolver.model import Lock, Origin
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.platforms import Platform

__all__ = [
    "LockTexts",
    "format_of",
    "lock_texts",
    "parse_lock",
    "read_lock",
    "refuse_to_lose_environments",
    "render_lock",
    "write_lock",
    "write_texts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTexts:
    """The text of a lock's file in a format, and of the one beside it (see ``sidecar``; ``None``: the format has a
    place for everything)."""

    format: LockFormat
    lock: str
    beside: str | None


def format_of(file_name: str, *, name: str | None = None) -> LockFormat:
    """The format called ``name``, else the one whose file names match. Raises ``LockFormatError``."""
    found = format_named(name) if name is not None else format_for_file(Path(file_name).name)
    if found is not None:
        return found
    raise LockFormatError(
        f"not a format of locks: {name}" if name else "the name of this file is none that locks have",
        origin=Origin(source=file_name),
        hint=f"known are {known_formats()}",
    )


def parse_lock(
    text: str,
    *,
    format: str = "conda-lock",  # noqa: A002 - the option's name
    source: str = "<text>",
    environment: str | None = None,
    platforms: Sequence[Platform] = (),
    python: str | None = None,
) -> Lock:
    """Read a lock from text: ``environment`` is which of several that a file may hold, ``platforms`` and ``python`` are
    what to read it for where it names none itself. Raises ``LockFormatError``."""
    from resolver.locks.conflict_markers import refuse_conflict_markers

    lock_format = format_of(source, name=format)
    refuse_conflict_markers(text, source)
    return lock_format.parse(text, source, Asked(environment=environment, platforms=tuple(platforms), python=python))


def render_lock(lock: Lock, *, format: str = "conda-lock") -> str:  # noqa: A002 - the option's name
    """The lock as text: equal locks give equal bytes. Raises ``NotRepresentable``."""
    return format_of("", name=format).render(lock)


def read_lock(
    path: Path | str,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    environment: str | None = None,
    platforms: Sequence[Platform] = (),
    python: str | None = None,
    some_platforms: bool = False,
) -> Lock:
    """Read a lock file with the evidence beside it. Raises ``LockFormatError`` with the file and the line or field at
    fault. Options are as in ``parse_lock``; with ``some_platforms`` those that the file is not made for are left
    out."""
    from resolver.locks.conflict_markers import refuse_conflict_markers

    file = Path(path)
    lock_format = format_of(str(path), name=format)
    if not file.is_file():
        raise ResolverError(f"{path}: there is no such lock", hint="make it with `samebox lock`")
    text = read_text(file)
    refuse_conflict_markers(text, str(path))
    asked = Asked(environment=environment, platforms=tuple(platforms), python=python, some_platforms=some_platforms)
    lock = lock_format.parse(text, str(path), asked)
    if not lock.silent_on:
        return lock
    from resolver.locks.sidecar import read_beside

    return read_beside(file, lock)


def write_lock(lock: Lock, path: Path | str, *, format: str | None = None) -> None:  # noqa: A002 - the option's name
    """Write a lock file whole, or leave the one that is there as it is. What its format has no place for goes into a
    file beside it (see ``sidecar``). Raises ``NotRepresentable``, also where the file holds other environments."""
    write_texts(lock_texts(lock, format_of(str(path), name=format)), Path(path))


def lock_texts(lock: Lock, lock_format: LockFormat) -> LockTexts:
    """What there is to write. Raises ``NotRepresentable``, and ``IntegrityError`` where a file beside the lock is
    needed and the lock has no identity by which it would be found again."""
    text = lock_format.render(lock)
    if not lock_format.silent_on:
        return LockTexts(format=lock_format, lock=text, beside=None)
    from resolver.locks.sidecar import sidecar_text

    return LockTexts(format=lock_format, lock=text, beside=sidecar_text(lock, lock_format.silent_on))


def write_texts(texts: LockTexts, file: Path) -> None:
    """``write_lock`` of what is text already."""
    refuse_to_lose_environments(file, texts.format, texts.lock)
    write_atomic(file, texts.lock.encode())
    if texts.beside is not None:
        from resolver.locks.sidecar import sidecar_path

        write_atomic(sidecar_path(file), texts.beside.encode())


def refuse_to_lose_environments(file: Path, lock_format: LockFormat, text: str) -> None:
    """Raise ``NotRepresentable`` if the file holds environments that ``text``, which is to take its place, does not."""
    stays = {*lock_format.environments(text, str(file))}
    if not stays or not file.is_file():
        return
    try:
        lost = sorted({*lock_format.environments(read_text(file), str(file))} - stays)
    except LockFormatError:
        return  # nothing in it could be read
    if lost:
        raise NotRepresentable(
            f"{file} holds other environments, which would be lost: {', '.join(lost)}",
            hint="write to another file, or take these out first",
        )
