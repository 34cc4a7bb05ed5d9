"""Whole lines put into a text and taken out of it, so that each undoes the other to the byte."""

from __future__ import annotations

import re

__all__ = ["end_of_line", "insert_line", "newline_of", "remove_lines", "start_of_line"]

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def newline_of(text: str) -> str:
    """The line break that the text uses first."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def start_of_line(text: str, index: int) -> int:
    """The offset of the first character of the line that ``index`` is in."""
    start = 0
    for found in _BREAK.finditer(text, 0, index):
        start = found.end()
    return start


def end_of_line(text: str, index: int) -> int:
    """The offset after the break that ends the line that ``index`` is in."""
    found = _BREAK.search(text, index)
    return found.end() if found else len(text)


def insert_line(text: str, index: int, line: str) -> str:
    """Put ``line`` (without its break) before the line that begins at ``index``. At the end of a text whose last line
    has no break, the new last line has none either."""
    newline = newline_of(text)
    unfinished = index == len(text) and index > 0 and start_of_line(text, index) != index
    added = f"{newline}{line}" if unfinished else f"{line}{newline}"
    return text[:index] + added + text[index:]


def remove_lines(text: str, start: int, end: int) -> str:
    """Take out the whole lines from ``start`` to ``end``. Of a last line without a break, the one before loses its."""
    if end == len(text) and start_of_line(text, end) != end:
        before = [found for found in _BREAK.finditer(text, 0, start) if found.end() == start]
        start = before[-1].start() if before else start
    return text[:start] + text[end:]
