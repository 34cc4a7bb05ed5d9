"""The requirements in metadata (``Requires-Dist``, PEP 508), parsed once each, and not at all where that can be seen.

``packaging`` takes 43 µs for a requirement, and the metadata of one wheel may hold hundreds for extras that nobody
asks for.
"""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from resolver.values import dataclass

__all__ = ["Dependency", "Parsed", "gate_of", "parse_marker", "parse_requirement"]

_GATE = re.compile(r"""\bextra\s*==\s*["']([A-Za-z0-9._-]+)["']\s*\)*\s*\Z""")


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
        return Parsed(dependency=_dependency(Requirement(head)), marker=marker.strip())
    requirement = Requirement(text)
    return Parsed(dependency=_dependency(requirement), marker=str(requirement.marker) if requirement.marker else None)


def _dependency(requirement: Requirement) -> Dependency:
    return Dependency(
        name=canonicalize_name(requirement.name),
        specifier=str(requirement.specifier),
        extras=tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        url=requirement.url,
    )


@lru_cache(maxsize=65536)
def parse_marker(text: str) -> Marker:
    """A marker, parsed once: most requirements share a few. Raises ``packaging``'s ``InvalidMarker``."""
    return Marker(text)


@lru_cache(maxsize=65536)
def gate_of(text: str) -> str | None:
    """The one extra without which a requirement cannot apply, where its marker ends with ``extra == "…"`` and has no
    ``or``. ``None`` says nothing."""
    marker = text.partition(";")[2]
    found = _GATE.search(marker)
    if found is None or re.search(r"\bor\b", marker):
        return None
    return canonicalize_name(found[1])
