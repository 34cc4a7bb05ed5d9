"""Where things stand in a TOML text: the standard parser gives values without lines.

The text is cut into tokens and read a second time, only to note the line of every header, key and string. The
parser proper has accepted the text before, so nothing here needs to judge it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from resolver.values import dataclass

__all__ = ["TomlLines"]

Path = tuple[str, ...]

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}'''
    r"""|'{3}.*?'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|\#[^\n]*|\n|[\[\]{}=,]|[^\s\[\]{}=,"'#]+""",
    re.DOTALL,
)
_OPENING, _CLOSING = "[{", "]}"


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlLines:
    """``keys`` are (path, line) of every header and key; ``strings`` are (path, value, line) of every string
    in a value, where the path is that of the key before the value (an inline table is one value)."""

    keys: tuple[tuple[Path, int], ...]
    strings: tuple[tuple[Path, str, int], ...]

    @classmethod
    def of(cls, text: str) -> TomlLines:
        """The lines of a text that ``tomllib`` accepts."""
        keys: list[tuple[Path, int]] = []
        strings: list[tuple[Path, str, int]] = []
        table: Path = ()
        for statement in _statements(text):
            if statement[0].text == "[":
                table = _key("".join(t.text for t in statement if t.text not in "[]"))
                keys.append((table, statement[0].line))
                continue
            equals = next(n for n, token in enumerate(statement) if token.text == "=")
            path = table + _key("".join(t.text for t in statement[:equals]))
            keys.append((path, statement[0].line))
            strings += [(path, _string(t.text), t.line) for t in statement[equals + 1 :] if t.text[0] in "\"'"]
        return cls(keys=tuple(keys), strings=tuple(strings))

    def line(self, path: Path, value: str | None = None, *, nth: int = 0) -> int | None:
        """The line of the ``nth`` string ``value`` below ``path``, else of the key ``path``, else of the
        nearest table around it; ``None`` if the text has none of them."""
        if value is not None:
            found = [line for at, text, line in self.strings if text == value and _related(at, path)]
            if nth < len(found):
                return found[nth]
        for length in range(len(path), 0, -1):
            for at, line in self.keys:
                if at == path[:length] or at[:length] == path[:length]:
                    return line
        return None


def _statements(text: str) -> Iterator[list[_Token]]:
    """The headers and assignments of the text: tokens up to a line end outside of all brackets."""
    statement: list[_Token] = []
    depth = 0
    for token in _tokens(text):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text != "\n":
            statement.append(token)
        elif depth == 0 and statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _tokens(text: str) -> Iterator[_Token]:
    line, position = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        if not match[0].startswith("#"):
            yield _Token(match[0], line)


def _key(text: str) -> Path:
    """The parts of a dotted key, quoted parts unquoted, as the TOML parser sees them."""
    value: Any = tomllib.loads(f"{text} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        (part, value), *_ = value.items()
        parts.append(part)
    return tuple(parts)


def _string(token: str) -> str:
    value: str = tomllib.loads(f"value = {token}")["value"]
    return value


def _related(at: Path, path: Path) -> bool:
    """Whether a string noted at ``at`` may belong to ``path``: below it, or in an inline table above it."""
    shorter = min(len(at), len(path))
    return at[:shorter] == path[:shorter]
