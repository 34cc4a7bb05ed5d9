"""pip's requirements files (``requirements.in``, ``requirements.txt``, ``constraints.txt``).

The format is pip's "requirements file format". Environment variables written ``${NAME}`` stay as they are. What
changes where packages come from is kept; what a lock cannot honour is refused with the reason, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from resolver.manifests.reading import ManifestReader, OpenText, Reading, no_includes
from resolver.manifests.requirement_lines import Requirements, read_line
from resolver.model import EnvironmentSpec

__all__ = ["READER", "logical_lines", "parse_requirements_txt", "read_requirements"]

_COMMENT = r"(?:^|\s+)#.*\Z"


def parse_requirements_txt(
    text: str, *, source: str, open_text: OpenText = no_includes, root: str = "/"
) -> EnvironmentSpec:
    """The requirements, constraints and index options of a requirements file and the files that it includes.

    ``source`` is its path relative to ``root``; ``open_text`` gives the files of ``-r`` and ``-c``. Raises
    ``ManifestError`` with file and line.
    """
    return _parse(text, Reading(source=source, open_text=open_text, root=root))


def _parse(text: str, reading: Reading) -> EnvironmentSpec:
    found = Requirements()
    read_requirements(text, reading, found)
    return found.as_spec(sources=(reading.source,))


def read_requirements(text: str, reading: Reading, found: Requirements, *, first_line: int = 1) -> None:
    """Read a text in the format into ``found``. An included file is read where its line stands."""
    for number, line in logical_lines(text, first_line=first_line):
        include = read_line(line, reading, number, found)
        if include is not None:
            path, constraints = include
            inner, circumstances = reading.include(path, reading.origin(number))
            found.include(partial(read_requirements, inner, circumstances, found), constraints=constraints)


def logical_lines(text: str, *, first_line: int = 1) -> Iterator[tuple[int, str]]:
    """The lines that say something, comments taken off and continuations joined, each with the number of its
    first physical line."""
    joined: list[str] = []
    start = first_line
    for number, line in enumerate(text.splitlines(), start=first_line):
        if not joined:
            start = number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            joined.append(line[:-1])
            continue
        # A comment amid continued lines ends them; the space keeps it a comment once it is joined.
        joined.append(f" {line}" if is_comment else line)
        yield from _said(start, "".join(joined))
        joined = []
    if joined:
        yield from _said(start, "".join(joined))


def _said(number: int, line: str) -> Iterator[tuple[int, str]]:
    stripped = (re.sub(_COMMENT, "", line) if "#" in line else line).strip()
    if stripped:
        yield number, stripped


READER = ManifestReader(
    name="requirements.txt",
    matches=lambda file_name: file_name.endswith((".in", ".txt")),
    parse=_parse,
)
