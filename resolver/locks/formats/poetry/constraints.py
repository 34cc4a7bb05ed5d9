"""Poetry's version constraints: PEP 440 sets joined by ``||``, with ``^1.2``, ``~1.2``, ``1.*`` and bare versions.

^1.2.3  >=1.2.3,<2      ~1.2.3  >=1.2.3,<1.3      1.2.*  ==1.2.*
^0.2.3  >=0.2.3,<0.3    ~1      >=1,<2            1.2    ==1.2
"""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

__all__ = ["constraint_sets"]

_CLAUSE = re.compile(r"\s*,?\s*(?P<operator>\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*(?P<version>[^\s,|<>=!~^]+)\s*")
_RELEASE = re.compile(r"[vV]?(?P<release>[0-9]{1,9}(?:\.[0-9]{1,9}){0,15})(?P<rest>.*)", re.ASCII)


def constraint_sets(text: str) -> tuple[SpecifierSet, ...]:
    """The sets of which one must hold. Raises ``InvalidSpecifier`` for what is no constraint."""
    return tuple(SpecifierSet(",".join(_clauses(part))) for part in re.split(r"\|\|?", text))


def _clauses(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while text[position:].strip():
        clause = _CLAUSE.match(text, position)
        if clause is None:
            raise InvalidSpecifier(f"not a constraint: {text[:200]!r}")
        found += _clause(clause["operator"] or "", clause["version"])
        position = clause.end()
    return found


def _clause(operator: str, version: str) -> list[str]:
    if version == "*":
        return []
    if operator in ("^", "~"):
        return [f">={version}", f"<{_bound(operator, version)}"]
    if operator in ("", "="):
        return [f"=={version}"]
    return [f"{operator}{version}"]


def _bound(operator: str, version: str) -> str:
    """What a caret or a tilde stops before."""
    written = _RELEASE.match(version)
    if written is None:
        raise InvalidSpecifier(f"not a version: {version[:200]!r}")
    numbers = [int(number) for number in written["release"].split(".")]
    if operator == "~":
        kept = min(2, len(numbers))
    else:
        kept = next((n for n, number in enumerate(numbers, start=1) if number), len(numbers))
    return ".".join(map(str, [*numbers[: kept - 1], numbers[kept - 1] + 1]))
