"""YAML out of plain values, so that every reader takes each scalar for the string that it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["mapping", "quoted", "scalar", "sequence", "single_quoted"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST = frozenset(_LETTERS + "_")
_INSIDE = f"{_LETTERS}0123456789_+./-".encode()
_BEHIND_COLON = _INSIDE + b"%"
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def mapping(key: str, items: Iterable[tuple[str, str]], *, indent: int) -> str:
    """``key`` with a block of quoted values, ``indent`` spaces in."""
    pad = " " * indent
    rows = "".join([f"{pad}  {scalar(name)}: {quoted(value)}\n" for name, value in items])
    return f"{pad}{key}:\n{rows}" if rows else f"{pad}{key}: {{}}\n"


def sequence(key: str, values: Iterable[str], *, indent: int) -> str:
    """``key`` with a block list of strings, ``indent`` spaces in."""
    pad = " " * indent
    rows = "".join([f"{pad}- {scalar(value)}\n" for value in values])
    return f"{pad}{key}:\n{rows}" if rows else f"{pad}{key}: []\n"


@lru_cache(maxsize=4096)
def scalar(value: str) -> str:
    """Plain where no YAML reader can take it for anything but this string, else quoted. Names come again and again."""
    return value if _is_plain(value) and value.lower() not in _WORDS else quoted(value)


def _is_plain(value: str) -> bool:
    """A letter or ``_``, then letters, digits and ``_+./-``; behind one colon ``%`` as well. No regular expression: to
    compile one takes longer than to write a small lock."""
    if not value.isascii() or value[:1] not in _FIRST:
        return False
    before, colon, behind = value.partition(":")
    if before.encode().translate(None, _INSIDE):
        return False
    return not colon or (bool(behind) and not behind.encode().translate(None, _BEHIND_COLON))


def single_quoted(value: str) -> str:
    """JSON inside YAML stays readable in single quotes, which escape nothing but themselves."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'" if value.isprintable() else quoted(value)


def quoted(value: str) -> str:
    """A double-quoted scalar: what JSON writes, but for characters that JSON would write as two surrogates."""
    if value.isascii() and value.isprintable():
        return json.dumps(value) if '"' in value or "\\" in value else f'"{value}"'
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
