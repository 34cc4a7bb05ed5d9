"""The lock formats, each one value in ``FORMATS``. A format has no I/O: text to Lock, and Lock to text.

A command needs one or two of them, and each brings libraries of its own: so a format is imported when it is first asked
for, by its name or by the name of a file.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module

from resolver.light_typing import TYPE_CHECKING
from resolver.locks.formats.protocol import Asked, Fitted, LockFormat, Loss

if TYPE_CHECKING:
    FORMATS: tuple[LockFormat, ...]

__all__ = [
    "FORMATS",
    "NAMES",
    "Asked",
    "Fitted",
    "LockFormat",
    "Loss",
    "format_for_file",
    "format_named",
    "known_formats",
]

_HOMES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "conda-lock": ("conda_lock", "FORMAT", ("conda-lock.yml", "*conda-lock.yml")),
    "pixi": ("pixi", "FORMAT", ("pixi.lock",)),
    "pixi-v7": ("pixi", "PIXI_7", ()),
    "pylock": ("pylock", "FORMAT", ("pylock.toml", "pylock.*.toml")),
    "explicit-md5": ("explicit", "EXPLICIT_MD5", ("conda-*.md5.lock", "*.explicit-md5.txt")),
    "explicit": ("explicit", "EXPLICIT", ("conda-*.lock", "*.explicit.txt")),
    "requirements": ("requirements", "FORMAT", ("requirements.txt", "requirements-*.txt", "requirements.*.txt")),
    "uv": ("uv", "FORMAT", ("uv.lock", "*.uv.lock", "*.py.lock")),
    "poetry": ("poetry", "FORMAT", ("poetry.lock", "*.poetry.lock")),
    "pdm": ("pdm", "FORMAT", ("pdm.lock", "*.pdm.lock")),
}
"""By the format's name: its module, its value there, and its globs. Of two globs that match the first counts."""

NAMES = tuple(_HOMES)


def format_named(name: str) -> LockFormat | None:
    """The format of that name."""
    if name not in _HOMES:
        return None
    module, value, _ = _HOMES[name]
    found: LockFormat = getattr(import_module(f"{__name__}.{module}"), value)
    return found


def format_for_file(file_name: str) -> LockFormat | None:
    """The format whose files are called like that; ``file_name`` is without folders."""
    for name, (_, _, globs) in _HOMES.items():
        if file_name in globs or any(fnmatchcase(file_name, glob) for glob in globs):
            return format_named(name)
    return None


def known_formats() -> str:
    """All of them with a file name of each, for hints."""
    return ", ".join(f"{name} ({globs[0]})" if globs else name for name, (_, _, globs) in _HOMES.items())


def __getattr__(name: str) -> tuple[LockFormat, ...]:
    if name != "FORMATS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = tuple(known for known in map(format_named, NAMES) if known is not None)
    globals()["FORMATS"] = found
    return found
