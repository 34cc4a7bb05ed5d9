"""Do the tools give the same answer?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

__all__ = ["Packages", "differences", "packages"]

Packages = Mapping[tuple[str, str], str]
"""Versions (conda: version and build) by platform and normalised name."""


def packages(rows: Iterable[tuple[str, str, str]]) -> Packages:
    """From (platform, name, version)."""
    return {(platform, canonicalize_name(name)): version for platform, name, version in sorted(rows)}


def differences(ours: Packages, theirs: Packages) -> tuple[str, ...]:
    """What differs, a line each: ``linux-64 numpy: 2.1 here, 2.0 there``. Versions are compared, not their text."""
    lines = []
    for key in sorted(ours.keys() | theirs.keys()):
        left, right = ours.get(key), theirs.get(key)
        if left != right and (left is None or right is None or _version(left) != _version(right)):
            lines.append(f"{key[0]} {key[1]}: {left or 'none'} here, {right or 'none'} there")
    return tuple(lines)


def _version(text: str) -> Version | str:
    try:
        return Version(text)
    except InvalidVersion:
        return text
