"""The requirements in metadata (``Requires-Dist``, PEP 508), parsed once each, and not at all where that can be seen.

``packaging`` takes 43 µs for a requirement, and the metadata of one wheel may hold hundreds for extras that nobody
asks for.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from resolver.light_typing import TYPE_CHECKING
from resolver.plain import normalize, plain_requirement
from resolver.values import dataclass

if TYPE_CHECKING:
    from packaging.markers import Marker

__all__ = ["Dependency", "Parsed", "gate_of", "parse_marker", "parse_requirement"]

_GATE = r"""\bextra\s*==\s*["']([A-Za-z0-9._-]+)["']\s*\)*\s*\Z"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One requirement, without its marker. Names are normalised, ``extras`` sorted."""

    name: str
    specifier: str
    extras: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A requirement: what it asks for, and its marker as text."""

    dependency: Dependency
    marker: str | None


@lru_cache(maxsize=65536)
def parse_requirement(text: str) -> Parsed:
    """Raises ``packaging``'s ``InvalidRequirement``."""
    head, semicolon, marker = text.partition(";")
    if semicolon and "@" not in head:  # a URL may hold a semicolon
        return Parsed(dependency=_dependency(head)[0], marker=marker.strip())
    dependency, own_marker = _dependency(text)
    return Parsed(dependency=dependency, marker=own_marker)


def _dependency(text: str) -> tuple[Dependency, str | None]:
    plain = plain_requirement(text)
    if plain is not None:
        return Dependency(name=plain.name, specifier=plain.specifier, extras=plain.extras), None
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    dependency = Dependency(
        name=normalize(requirement.name),
        specifier=str(requirement.specifier),
        extras=tuple(sorted(map(normalize, requirement.extras))),
        url=requirement.url,
    )
    return dependency, str(requirement.marker) if requirement.marker else None


@lru_cache(maxsize=65536)
def parse_marker(text: str) -> Marker:
    """A marker, parsed once: most requirements share a few. Raises ``packaging``'s ``InvalidMarker``."""
    from packaging.markers import Marker

    return Marker(text)


@lru_cache(maxsize=65536)
def gate_of(text: str) -> str | None:
    """The one extra without which a requirement cannot apply, where its marker ends with ``extra == "…"`` and has no
    ``or``. ``None`` says nothing."""
    marker = text.partition(";")[2]
    if "extra" not in marker:
        return None
    found = _gate().search(marker)
    if found is None or re.search(r"\bor\b", marker):
        return None
    return normalize(found[1])


@cache
def _gate() -> re.Pattern[str]:
    """Compiled where metadata is read."""
    return re.compile(_GATE)
