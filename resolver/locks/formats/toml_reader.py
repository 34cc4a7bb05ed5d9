"""TOML text to typed values, strictly, and within bounds that a lock never reaches."""

from __future__ import annotations

import re
import tomllib
from typing import Any, TypeVar

import msgspec

from resolver.errors import LockFormatError
from resolver.model import Origin

__all__ = ["read_toml"]

_T = TypeVar("_T")

_LARGEST = 16 * 1024 * 1024
_MOST_PARTS = 32
_QUOTED = re.compile(r"""\"(?:\\.|[^"\\])*(?:"|\Z)|'[^']*(?:'|\Z)""")
"""A dotted key costs the parser the cube of its parts: one of 20,000 takes half a minute. A lock has none of more than
three, and no line with many dots outside of its strings."""

_LINE_IN_MESSAGE = re.compile(r"\(at line (\d+), column \d+\)")


def read_toml(text: str, source: str, type_: type[_T]) -> _T:
    """The document as a ``type_`` (a msgspec Struct). Raises ``LockFormatError`` with the source, and the line or the
    field at fault; a key that stands there twice is an error of TOML itself."""
    try:
        return msgspec.convert(_parsed(text, source), type_, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or None
        raise LockFormatError(message, origin=Origin(source=source), field=field) from error


def _parsed(text: str, source: str) -> dict[str, Any]:
    if len(text) > _LARGEST:
        raise LockFormatError(f"larger than {_LARGEST} characters", origin=Origin(source=source))
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MOST_PARTS and _QUOTED.sub("", line).partition("#")[0].count(".") > _MOST_PARTS:
            raise LockFormatError("a key of too many parts for a lock", origin=Origin(source=source, line=number))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE_IN_MESSAGE.search(str(error))
        last = int(place[1]) if place else text.count("\n") + 1
        raise LockFormatError(f"not TOML: {error}", origin=Origin(source=source, line=last)) from error
    except ValueError as error:  # an integer of thousands of digits, which Python does not convert
        raise LockFormatError(f"not TOML: {error}", origin=Origin(source=source)) from error
    except RecursionError as error:
        raise LockFormatError("not TOML: nested too deeply", origin=Origin(source=source)) from error
