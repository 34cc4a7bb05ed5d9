"""The instructions of a Dockerfile that somebody else wrote, with the lines on which they stand.

As BuildKit's parser reads them (Dockerfile reference: "Format", "Parser directives", "Here-Documents"): comments and
empty lines inside a continued instruction are left out, and what stands in a here-document is no instruction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from resolver.errors import SettingsError
from resolver.values import dataclass

__all__ = ["Instruction", "directives", "instructions"]

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*\Z")
_CONTINUED = re.compile(r"(?:(?<=[^\\])|^)\\[ \t]*\Z")
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
_HEREDOC = re.compile(r"[0-9]*<<(?P<chomp>-?)(?P<name>[^<]+)\Z")
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """``first`` and ``end`` are the lines that it takes, from 0, ``end`` not among them; a here-document's are not."""

    name: str
    text: str
    first: int
    end: int

    @property
    def flags(self) -> tuple[str, ...]:
        """The words from ``--`` that come before all others."""
        words = _WORD.findall(self.text)
        last = next((n for n, word in enumerate(words) if not word.startswith("--")), len(words))
        return tuple(words[:last])

    @property
    def words(self) -> tuple[str, ...]:
        """The words after the flags, of the JSON form too."""
        rest = self.text
        for flag in self.flags:
            rest = rest.lstrip().removeprefix(flag)
        try:
            listed = json.loads(rest)
        except ValueError:
            listed = None
        if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
            return tuple(listed)
        return tuple(_WORD.findall(rest))

    def inner(self) -> Instruction:
        """What ``ONBUILD`` postpones."""
        return _instruction(self.text, self.first, self.end)


def directives(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The parser directives: name in lower case, value."""
    for line in lines:
        match = _DIRECTIVE.match(line.strip())
        if match is None:
            return
        yield match[1].lower(), match[2]


def instructions(lines: Sequence[str], *, field: str) -> Iterator[Instruction]:
    """The instructions in their order. Raises ``SettingsError`` with the line for one that has no end."""
    n = 0
    while n < len(lines):
        if _is_skipped(lines[n]):
            n += 1
            continue
        end, text = _logical_line(lines, n, field)
        instruction = _instruction(text, n, end)
        yield instruction
        n = _after_heredocs(instruction, lines, field)


def _is_skipped(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _logical_line(lines: Sequence[str], first: int, field: str) -> tuple[int, str]:
    """The line after the instruction that begins on line ``first``, and its text."""
    n, text = first, ""
    while n < len(lines):
        match = _CONTINUED.search(lines[n])
        text += lines[n][: match.start()] if match else lines[n]
        n += 1
        if match is None:
            return n, text.strip()
        while n < len(lines) and _is_skipped(lines[n]):
            n += 1
    raise SettingsError(f"line {first + 1}: it ends with a backslash, and nothing follows", field=field)


def _instruction(text: str, first: int, end: int) -> Instruction:
    name, *rest = text.split(maxsplit=1)
    return Instruction(name=name.upper(), text="".join(rest), first=first, end=end)


def _after_heredocs(instruction: Instruction, lines: Sequence[str], field: str) -> int:
    n = instruction.end
    written = instruction.inner() if instruction.name == "ONBUILD" else instruction
    if written.name not in _WITH_HEREDOCS:
        return n
    for match in filter(None, map(_HEREDOC.match, _WORD.findall(written.text))):
        name = re.sub(r"[\"']", "", match["name"])
        while n < len(lines) and (lines[n].lstrip("\t") if match["chomp"] else lines[n]) != name:
            n += 1
        if n == len(lines):
            raise SettingsError(f"line {instruction.first + 1}: the here-document {name} has no end", field=field)
        n += 1
    return n
