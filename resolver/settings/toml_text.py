"""TOML 1.1 for manifests whose tools take it: inline tables over several lines, with a comma behind the last pair.

The standard parser knows TOML 1.0 only. What it refuses is put on one line, inside of inline tables, and tried again.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

__all__ = ["parse_toml"]

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}'''
    r"""|'{3}.*?'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|\#[^\n]*|.""",
    re.DOTALL,
)
_CLOSING = {"{": "}", "[": "]"}


def parse_toml(text: str) -> dict[str, Any]:
    """The document. Raises ``tomllib.TOMLDecodeError``, with the line in ``text``, and ``RecursionError``."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        joined = _joined(text)
        if joined == text:
            raise
        try:
            return tomllib.loads(joined)
        except tomllib.TOMLDecodeError:
            raise error from None


def _joined(text: str) -> str:
    """The text with each inline table on one line."""
    written: list[str] = []
    open_brackets: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        inside = "{" in open_brackets
        if token in _CLOSING:
            open_brackets.append(token)
        elif open_brackets and token == _CLOSING[open_brackets[-1]]:
            if token == "}":
                _drop_comma(written)
            open_brackets.pop()
        elif inside and (token in "\r\n" or token.startswith("#")):
            token = " "
        written.append(token)
    return "".join(written)


def _drop_comma(written: list[str]) -> None:
    """Take a comma off the end, spaces behind it aside."""
    last = next((place for place in range(len(written) - 1, -1, -1) if not written[place].isspace()), None)
    if last is not None and written[last] == ",":
        written[last] = " "
