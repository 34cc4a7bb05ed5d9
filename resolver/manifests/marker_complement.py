"""The marker that holds where another does not (PEP 508). ``not`` is no part of markers: each comparison is turned
round, and ``and`` and ``or`` change places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from packaging.markers import InvalidMarker, Marker

__all__ = ["complement"]

_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<value>"[^"]*"|'[^']*'|[A-Za-z_][\w.]*)|(?P<operator>===|~=|==|!=|<=|>=|<|>))"""
)
_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}

_Part = Callable[[list[str]], tuple[str, list[str]]]


def complement(marker: str) -> str:
    """The complement of a marker. Raises ``InvalidMarker`` where there is none (``~=``, ``===``) or it is no marker."""
    Marker(marker)
    tokens = list(_tokens(marker))
    text, rest = _either(tokens)
    if rest:
        raise InvalidMarker(f"not a marker: {marker!r}")
    return str(Marker(text))


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        token = _TOKEN.match(text, position)
        if token is None:
            raise InvalidMarker(f"not a marker: {text!r}")
        yield token[0].strip()
        position = token.end()


def _either(tokens: list[str]) -> tuple[str, list[str]]:
    """``a or b``: neither of them."""
    parts, tokens = _joined(tokens, "or", _both)
    return " and ".join(parts), tokens


def _both(tokens: list[str]) -> tuple[str, list[str]]:
    """``a and b``: not one of them, or not the other. It is put in brackets, as it is narrower than what it is in."""
    parts, tokens = _joined(tokens, "and", _one)
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})", tokens


def _joined(tokens: list[str], word: str, part: _Part) -> tuple[list[str], list[str]]:
    first, tokens = part(tokens)
    parts = [first]
    while tokens[:1] == [word]:
        following, tokens = part(tokens[1:])
        parts.append(following)
    return parts, tokens


def _one(tokens: list[str]) -> tuple[str, list[str]]:
    """A comparison, or something in brackets."""
    if tokens[:1] == ["("]:
        inside, tokens = _either(tokens[1:])
        return f"({inside})", tokens[1:]
    if tokens[1:3] == ["not", "in"]:
        tokens = [tokens[0], "not in", *tokens[3:]]
    if len(tokens) < 3 or tokens[1] not in _OPPOSITES:
        raise InvalidMarker(f"{tokens[1] if len(tokens) > 1 else 'a comparison'} has no opposite")
    return f"{tokens[0]} {_OPPOSITES[tokens[1]]} {tokens[2]}", tokens[3:]
