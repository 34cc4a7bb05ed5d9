"""Version specs of conda, checked and spelled out.

conda writes one thing in several ways (CEP 29): ``=1.2``, ``1.2.*`` and ``1.2*`` are the same prefix match,
and a bare ``1.2`` is exact. What leaves this module has one meaning in every reader: an operator or a ``.*``.
"""

from __future__ import annotations

import re

__all__ = ["MalformedSpec", "normalise_version_spec"]

_SEGMENTS = r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*"
_VERSION = rf"(?:[0-9]+!)?{_SEGMENTS}[_-]?(?:\+{_SEGMENTS})?"
_ATOM = re.compile(
    rf"(?P<operator>~=|==|!=|<=|>=|<|>|=|)\s*(?:(?P<version>{_VERSION})(?P<star>\.?\*)?|(?P<any>\*))\Z",
    re.ASCII,
)
_TOKEN = re.compile(r"\s*([(),|]|[^(),|]+)")
_SUPERFLUOUS_STAR = (">=", "<", "~=")
"""Operators that conda and rattler read alike with and without a ``.*`` behind the version."""

_DEEPEST = 20


class MalformedSpec(ValueError):
    """What is wrong with a spec, in words; the caller adds where it stands."""


def normalise_version_spec(text: str, *, exact: bool = False) -> str | None:
    """The spec with every fuzzy ``=`` spelled out: ``=1.2`` becomes ``1.2.*``, ``1.2`` becomes ``==1.2``.

    ``None`` where any version will do. With ``exact``, ``=1.2`` means ``==1.2``, which is how conda reads it
    where a build follows. Raises ``MalformedSpec``.
    """
    tokens = [match[1].strip() for match in _TOKEN.finditer(text)]
    parts, rest = _alternatives([token for token in tokens if token], exact, 0)
    if rest:
        raise MalformedSpec(f"{rest[0]!r} is out of place in the version {text!r}")
    spec = "|".join(parts)
    return None if spec == "*" else spec


def _alternatives(tokens: list[str], exact: bool, depth: int) -> tuple[list[str], list[str]]:
    """Terms joined by ``|``, and the tokens after them."""
    first, tokens = _conjunction(tokens, exact, depth)
    found = [first]
    while tokens and tokens[0] == "|":
        term, tokens = _conjunction(tokens[1:], exact, depth)
        found.append(term)
    return found, tokens


def _conjunction(tokens: list[str], exact: bool, depth: int) -> tuple[str, list[str]]:
    """Terms joined by ``,``, which binds closer than ``|``."""
    first, tokens = _term(tokens, exact, depth)
    found = [first]
    while tokens and tokens[0] == ",":
        term, tokens = _term(tokens[1:], exact, depth)
        found.append(term)
    if len(found) == 1:
        return first[1:-1] if first.startswith("(") else first, tokens
    return ",".join(found), tokens


def _term(tokens: list[str], exact: bool, depth: int) -> tuple[str, list[str]]:
    if not tokens:
        raise MalformedSpec("a version is missing at the end")
    head, *tokens = tokens
    if head != "(":
        return _atom(head, exact), tokens
    if depth == _DEEPEST:
        raise MalformedSpec("the parentheses are nested too deeply")
    inside, tokens = _alternatives(tokens, exact, depth + 1)
    if not tokens or tokens[0] != ")":
        raise MalformedSpec("a closing parenthesis is missing")
    spec = "|".join(inside)
    return f"({spec})" if "|" in spec else spec, tokens[1:]


def _atom(text: str, exact: bool) -> str:
    match = _ATOM.match(text)
    if match is None:
        raise MalformedSpec(_why_not(text))
    operator, version, star = match["operator"], match["version"], match["star"]
    if match["any"]:
        if operator not in ("", "=", "==", ">="):
            raise MalformedSpec(f"{text!r} compares with any version")
        return "*"
    if not star:
        return {"": f"=={version}", "=": f"=={version}" if exact else f"{version}.*"}.get(
            operator, f"{operator}{version}"
        )
    if operator in ("", "=", "=="):
        return f"{version}.*"
    if operator == "!=":
        return f"!={version}.*"
    if operator in _SUPERFLUOUS_STAR:
        return f"{operator}{version}"
    raise MalformedSpec(f"{text!r} is read differently by different tools; leave out the star")


def _why_not(text: str) -> str:
    operator = re.match(r"[=<>!~^@]*", text)
    sign = operator[0] if operator else ""
    version = text[len(sign) :].strip()
    if sign == "===" or any(c in sign for c in "^@") or sign in ("~", "!", "=>", "=<"):
        return f"{sign!r} is not an operator of conda; known are = == != < <= > >= ~="
    if not version:
        return f"a version is missing after {sign!r}"
    if re.search(r"\s", version) or any(c in version for c in "<>=!~"):
        return f"{text!r} is not one version; join several with ',' (and) or '|' (or)"
    if "*" in version:
        return f"{version!r} has a star that is not at its end"
    return f"not a version: {version!r}"
