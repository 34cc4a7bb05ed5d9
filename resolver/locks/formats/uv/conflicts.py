"""Extras, groups and projects that a ``uv.lock`` says exclude each other.

Each of them has a name in the markers of that lock, and holds there (``extra == NAME``) once it is reached: several can
at a time, which a marker of PEP 508 has no words for. So what is known to hold is put into the marker before that is
judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from resolver.locks.formats.distributions import Place
from resolver.locks.formats.uv.document import Document, Package
from resolver.locks.formats.walk import Step

__all__ = ["conflicting", "group_name", "names_of", "with_active"]

_EXTRA = re.compile(r"""\bextra\s*(?P<operator>==|!=)\s*(?P<quote>['"])(?P<name>[^'"]*)(?P=quote)""")
_TRUE, _FALSE = "python_version >= '0'", "python_version < '0'"


def conflicting(document: Document, source: str) -> frozenset[str]:
    """The names of all that excludes something. Raises ``LockFormatError``."""
    place = Place(source=source, field="conflicts")
    found = set()
    for item in (item for together in document.conflicts for item in together):
        package = place.name(item.package)
        if item.extra is not None:
            found.add(group_name("extra", package, place.name(item.extra)))
        elif item.group is not None:
            found.add(group_name("group", package, place.name(item.group)))
        else:
            found.add(f"project-{len(package)}-{package}")
    return frozenset(found)


def group_name(kind: str, package: str, name: str) -> str:
    """What an extra or a group is called in markers."""
    return f"{kind}-{len(package)}-{package}-{name}"


def names_of(package: Package, step: Step) -> Iterator[str]:
    """What a package, or an extra of it, is called in markers."""
    yield f"project-{len(package.name)}-{package.name}"
    if step.extra is not None:
        yield group_name("extra", package.name, step.extra)


def with_active(marker: str, active: frozenset[str]) -> str:
    """The marker with what holds put in the place of the names."""

    def judged(found: re.Match[str]) -> str:
        return _TRUE if (found["name"] in active) is (found["operator"] == "==") else _FALSE

    return _EXTRA.sub(judged, marker)
