"""TOML out of plain values: one spelling for each, so that equal values are equal bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["array", "inline_table", "key_value", "scalar", "table"]

Scalar = str | int
Value = Scalar | Mapping[str, Scalar | Mapping[str, str]]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z", re.ASCII)
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def table(header: str, items: Mapping[str, Scalar]) -> Iterator[str]:
    """A table of scalars under its header, which is nothing where there are none. The keys are sorted."""
    if items:
        yield f"\n[{header}]\n"
        yield from (key_value(key, items[key]) for key in sorted(items))


def key_value(key: str, value: Value) -> str:
    return f"{_key(key)} = {_value(value)}\n"


def array(key: str, values: Iterable[Value | tuple[str, ...]]) -> str:
    """An array with one value a line."""
    lines = [f"    {_value(value)},\n" for value in values]
    return f"{_key(key)} = [\n{''.join(lines)}]\n" if lines else f"{_key(key)} = []\n"


def inline_table(items: Mapping[str, Scalar | Mapping[str, str]]) -> str:
    return f"{{ {', '.join(f'{_key(key)} = {_value(value)}' for key, value in items.items())} }}"


def _value(value: Value | tuple[str, ...]) -> str:
    if isinstance(value, Mapping):
        return inline_table(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(scalar, value))}]"
    return scalar(value)


def scalar(value: Scalar) -> str:
    """An integer, or a string: literal where that saves escapes (JSON), else basic."""
    if isinstance(value, int):
        return str(value)
    if value.isprintable() and "'" not in value and ('"' in value or "\\" in value):
        return f"'{value}'"
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    """What does not print is escaped: a reader sees it, and no editor changes it."""
    if character in _SHORT:
        return _SHORT[character]
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else scalar(key)
