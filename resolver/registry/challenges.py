"""What a server demands of who asks it: ``WWW-Authenticate`` (RFC 9110, 11.6.1), which may name several ways."""

from __future__ import annotations

import re
from collections.abc import Mapping

from resolver.values import dataclass

__all__ = ["Challenge", "parse_challenges"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=\s|,|\Z)")
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_TOKEN68 = re.compile(r"\s*[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|\Z))")
_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """``scheme`` and the names of ``parameters`` are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """All challenges of a header, in its order; what is not one ends the reading."""
    header = header[:_LONGEST]
    found, position = [], 0
    while match := _SCHEME.match(header, position):
        parameters, position = _parameters(header, match.end())
        found.append(Challenge(scheme=match[1].lower(), parameters=parameters))
    return tuple(found)


def _parameters(header: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(header, position):
        quoted, plain = match[2], match[3]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        parameters.setdefault(match[1].lower(), value)
        position = match.end()
    if not parameters and (match := _TOKEN68.match(header, position)):
        position = match.end()
    return parameters, position
