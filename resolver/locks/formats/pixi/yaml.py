"""Scalars as serde_yaml writes them, which writes pixi's locks: plain where YAML 1.2 reads the text as a string, else
in single quotes. A lock that a tool of theirs rewrites then stays as it is, byte for byte."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from resolver.locks.formats.yaml_writer import quoted

__all__ = ["scalar"]

_PLAIN = re.compile(r"[A-Za-z0-9_/<=.][A-Za-z0-9_/<=>.+!,;~*|%$@()'&-]*(?:[ :][A-Za-z0-9_/<=>.+!,;~*|%$@()'&-]+)*\Z")
"""Texts that are plain in any YAML, but for the words and numbers below. Others are put to libyaml."""

_WORDS = frozenset(["~", *(f(word) for word in ("true", "false", "null") for f in (str.lower, str.title, str.upper))])
_NOT_FINITE = re.compile(r"[+-]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_INTEGER = re.compile(r"[+-]?(?:[0-9]+|0x[0-9A-Fa-f]{1,32}|0o[0-7]+|0b[01]+)\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_DOCUMENT_MARKS = ("---", "...")


def scalar(text: str) -> str:
    """The text as a YAML scalar in a block collection. What is not printable is escaped, in double quotes."""
    if not text:
        return "''"
    if not text.isprintable():
        return quoted(text)
    if text[:1] in "0123456789+-.~tTfFnN" and _is_no_string(text):
        return f"'{text}'"
    if _PLAIN.match(text) and not text.startswith(_DOCUMENT_MARKS):
        return text
    return _by_libyaml(text)


def _is_no_string(text: str) -> bool:
    """Whether YAML 1.2's core schema, as serde_yaml knows it, takes the plain text for something else."""
    if text in _WORDS or _INTEGER.match(text) or _NOT_FINITE.match(text):
        return True
    return bool(_FLOAT.match(text)) and math.isfinite(float(text))


@lru_cache(maxsize=4096)
def _by_libyaml(text: str) -> str:
    import yaml

    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        yaml.MappingStartEvent(anchor=None, tag=None, implicit=True, flow_style=False),
        yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, False), value="k"),
        yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, True), value=text),
        yaml.MappingEndEvent(),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    written: str = yaml.emit(events, Dumper=yaml.CSafeDumper, allow_unicode=True, width=-1)
    return written.removeprefix("k: ").removesuffix("\n")
