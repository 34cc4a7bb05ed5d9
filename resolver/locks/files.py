"""Lock files: which format a file has, reading it and writing it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from resolver.errors import LockFormatError, ResolverError
from resolver.files import read_text, write_atomic
from resolver.locks.formats import FORMATS, LockFormat
from resolver.model import Lock, Origin

__all__ = ["format_of", "parse_lock", "read_lock", "render_lock", "write_lock"]


def format_of(file_name: str, *, name: str | None = None) -> LockFormat:
    """The format called ``name``, else the one whose file names match. Raises ``LockFormatError``."""
    for lock_format in FORMATS:
        if lock_format.name == name or (
            name is None and any(fnmatchcase(Path(file_name).name, glob) for glob in lock_format.file_names)
        ):
            return lock_format
    known = ", ".join(f"{f.name} ({f.file_names[0]})" for f in FORMATS)
    raise LockFormatError(
        f"not a format of locks: {name}" if name else "the name of this file is none that locks have",
        origin=Origin(source=file_name),
        hint=f"known are {known}",
    )


def parse_lock(text: str, *, format: str = "conda-lock", source: str = "<text>") -> Lock:  # noqa: A002 - the option's name
    """Read a lock from text. Raises ``LockFormatError``."""
    return format_of(source, name=format).parse(text, source)


def render_lock(lock: Lock, *, format: str = "conda-lock") -> str:  # noqa: A002 - the option's name
    """The lock as text: equal locks give equal bytes. Raises ``NotRepresentable``."""
    return format_of("", name=format).render(lock)


def read_lock(path: Path | str, *, format: str | None = None) -> Lock:  # noqa: A002 - the option's name
    """Read a lock file. Raises ``LockFormatError`` with the file and the line or field at fault."""
    file = Path(path)
    lock_format = format_of(str(path), name=format)
    if not file.is_file():
        raise ResolverError(f"{path}: there is no such lock", hint="make it with `samebox lock`")
    return lock_format.parse(read_text(file), str(path))


def write_lock(lock: Lock, path: Path | str, *, format: str | None = None) -> None:  # noqa: A002 - the option's name
    """Write a lock file whole, or leave the one that is there as it is."""
    text = format_of(str(path), name=format).render(lock)
    write_atomic(Path(path), text.encode())
