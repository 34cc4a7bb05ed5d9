"""YAML out of plain values, so that every reader takes each scalar for the string that it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

__all__ = ["mapping", "quoted", "scalar", "sequence", "single_quoted"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_+./-]*(?::[A-Za-z0-9_+.%/-]+)?\Z")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def mapping(key: str, items: Iterable[tuple[str, str]], *, indent: int) -> Iterator[str]:
    """``key`` with a block of quoted values, ``indent`` spaces in."""
    pad = " " * indent
    rows = [f"{pad}  {scalar(name)}: {quoted(value)}\n" for name, value in items]
    yield f"{pad}{key}:\n" if rows else f"{pad}{key}: {{}}\n"
    yield from rows


def sequence(key: str, values: Iterable[str], *, indent: int) -> Iterator[str]:
    """``key`` with a block list of strings, ``indent`` spaces in."""
    pad = " " * indent
    rows = [f"{pad}- {scalar(value)}\n" for value in values]
    yield f"{pad}{key}:\n" if rows else f"{pad}{key}: []\n"
    yield from rows


def scalar(value: str) -> str:
    """Plain where no YAML reader can take it for anything but this string, else quoted."""
    return value if _PLAIN.match(value) and value.lower() not in _WORDS else quoted(value)


def single_quoted(value: str) -> str:
    """JSON inside YAML stays readable in single quotes, which escape nothing but themselves."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'" if value.isprintable() else quoted(value)


def quoted(value: str) -> str:
    """A double-quoted scalar: what JSON writes, but for characters that JSON would write as two surrogates."""
    if value.isascii() and value.isprintable():
        return json.dumps(value)
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
