"""Selectors: the ``# [linux and not aarch64]`` behind a dependency, as conda-lock has them."""

from __future__ import annotations

import re

from resolver.platforms import SUBDIRS
from resolver.settings.places import nearest

__all__ = ["MalformedSelector", "selected_platforms", "selector_in"]

_COMMENT = re.compile(r"#\s*\[([^\]]*)\]")
_TOKEN = re.compile(r"\s*([()]|[\w-]+|\S)")
_DEEPEST = 20

_WORDS: dict[str, tuple[str, ...]] = {
    "linux": ("linux-64", "linux-aarch64", "linux-ppc64le"),
    "osx": ("osx-64", "osx-arm64"),
    "win": ("win-64", "win-arm64"),
    "unix": ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64"),
    "linux64": ("linux-64",),
    "osx64": ("osx-64",),
    "win64": ("win-64",),
    "x86_64": ("linux-64", "osx-64", "win-64"),
    "x86": ("linux-64", "osx-64", "win-64"),
    "aarch64": ("linux-aarch64",),
    "ppc64le": ("linux-ppc64le",),
    "arm64": ("osx-arm64", "win-arm64"),
    **{subdir: (subdir,) for subdir in SUBDIRS},
}


class MalformedSelector(ValueError):
    """What is wrong with a selector, in words; the caller adds where it stands."""


def selector_in(comment: str) -> str | None:
    """The selector in the rest of a line, or ``None`` where the rest holds none."""
    match = _COMMENT.match(comment.strip())
    return match[1].strip() if match else None


def selected_platforms(selector: str) -> tuple[str, ...]:
    """The subdirs that a selector is true for, in the order of ``SUBDIRS``. Raises ``MalformedSelector``."""
    tokens = [match[1] for match in _TOKEN.finditer(selector)]
    chosen, rest = _either(tokens, 0)
    if rest:
        raise MalformedSelector(f"{rest[0]!r} is out of place")
    return tuple(subdir for subdir in SUBDIRS if subdir in chosen)


def _either(tokens: list[str], depth: int) -> tuple[frozenset[str], list[str]]:
    chosen, tokens = _both(tokens, depth)
    while tokens and tokens[0] == "or":
        more, tokens = _both(tokens[1:], depth)
        chosen |= more
    return chosen, tokens


def _both(tokens: list[str], depth: int) -> tuple[frozenset[str], list[str]]:
    chosen, tokens = _one(tokens, depth)
    while tokens and tokens[0] == "and":
        more, tokens = _one(tokens[1:], depth)
        chosen &= more
    return chosen, tokens


def _one(tokens: list[str], depth: int) -> tuple[frozenset[str], list[str]]:
    if depth == _DEEPEST:
        raise MalformedSelector("it is nested too deeply")
    if not tokens:
        raise MalformedSelector("a word is missing at the end")
    head, *tokens = tokens
    if head == "not":
        chosen, tokens = _one(tokens, depth + 1)
        return frozenset(SUBDIRS) - chosen, tokens
    if head == "(":
        chosen, tokens = _either(tokens, depth + 1)
        if not tokens or tokens[0] != ")":
            raise MalformedSelector("a closing parenthesis is missing")
        return chosen, tokens[1:]
    if head not in _WORDS:
        known = [word for word in _WORDS if word not in SUBDIRS]
        advice = nearest(head, _WORDS) or f"known are {', '.join(known)}"
        raise MalformedSelector(f"unknown word {head!r}; {advice}")
    return frozenset(_WORDS[head]), tokens
