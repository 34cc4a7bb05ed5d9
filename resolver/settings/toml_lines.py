"""Where things stand in a TOML text: the standard parser gives values without lines.

The text is cut into tokens and read a second time, only to note the line of every header, key and string: when a line
is first asked for, which is where something is wrong. The parser proper has accepted the text before, so nothing here
needs to judge it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from resolver.light_typing import Any

__all__ = ["TomlLines"]

Path = tuple[str, ...]

_TOKEN = (
    r'''"""(?:\\.|[^\\])*?"{3,5}'''
    r"""|'{3}.*?'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|\#[^\n]*|\n|[\[\]{}=,]|[^\s\[\]{}=,"'#]+"""
)
_OPENING, _CLOSING = "[{", "]}"


_Token = tuple[str, int]
"""A text and its line."""


class TomlLines:
    """The lines of a text that ``tomllib`` accepts."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _places(self) -> tuple[list[tuple[Path, int]], list[tuple[Path, str, int]]]:
        """(path, line) of every header and key, and (path, value, line) of every string in a value, where the path is
        that of the key before the value (an inline table is one value)."""
        keys: list[tuple[Path, int]] = []
        strings: list[tuple[Path, str, int]] = []
        table: Path = ()
        for statement in _statements(self._text):
            first, line = statement[0]
            if first == "[":
                table = _key("".join(text for text, _ in statement if text not in "[]"))
                keys.append((table, line))
                continue
            equals = next(n for n, (text, _) in enumerate(statement) if text == "=")
            path = table + _key("".join(text for text, _ in statement[:equals]))
            keys.append((path, line))
            strings += [(path, _string(text), line) for text, line in statement[equals + 1 :] if text[0] in "\"'"]
        return keys, strings

    def line(self, path: Path, value: str | None = None, *, nth: int = 0) -> int | None:
        """The line of the ``nth`` string ``value`` below ``path``, else of the key ``path``, else of the
        nearest table around it; ``None`` if the text has none of them."""
        keys, strings = self._places
        if value is not None:
            found = [line for at, text, line in strings if text == value and _related(at, path)]
            if nth < len(found):
                return found[nth]
        for length in range(len(path), 0, -1):
            for at, line in keys:
                if at == path[:length] or at[:length] == path[:length]:
                    return line
        return None


def _statements(text: str) -> Iterator[list[_Token]]:
    """The headers and assignments of the text: tokens up to a line end outside of all brackets."""
    statement: list[_Token] = []
    depth = 0
    for token in _tokens(text):
        depth += (token[0] in _OPENING) - (token[0] in _CLOSING)
        if token[0] != "\n":
            statement.append(token)
        elif depth == 0 and statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _tokens(text: str) -> Iterator[_Token]:
    line, position = 1, 0
    for match in re.finditer(_TOKEN, text, re.DOTALL):
        line += text.count("\n", position, match.start())
        position = match.start()
        if not match[0].startswith("#"):
            yield match[0], line


def _key(text: str) -> Path:
    """The parts of a dotted key, quoted parts unquoted, as the TOML parser sees them."""
    import tomllib

    value: Any = tomllib.loads(f"{text} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        (part, value), *_ = value.items()
        parts.append(part)
    return tuple(parts)


def _string(token: str) -> str:
    import tomllib

    value: str = tomllib.loads(f"value = {token}")["value"]
    return value


def _related(at: Path, path: Path) -> bool:
    """Whether a string noted at ``at`` may belong to ``path``: below it, or in an inline table above it."""
    shorter = min(len(at), len(path))
    return at[:shorter] == path[:shorter]
