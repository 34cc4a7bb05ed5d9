"""Which packages share a layer: a function of their names and sizes alone, and a stable one.

A large package has a layer of its own; the others lie in ``BUCKETS`` layers, each in that which the hash of its name
says. So another version of a small package rewrites its bucket and nothing else, one more package rewrites one
bucket, and two environments share each layer in which they have the same packages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from resolver.errors import BuildError
from resolver.values import dataclass

__all__ = ["BUCKETS", "LARGE", "MOST_LAYERS", "PackageKey", "SizedPackage", "group_packages"]

MOST_LAYERS = 100
"""Docker's overlay driver ends at 128; whoever builds upon the image needs some as well."""

BUCKETS = 48
LARGE = 512 << 10
"""A package file of this many bytes or more is large."""

PackageKey = tuple[str, str]
"""``conda`` or ``wheel``, and the name: one name may be there once from each world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedPackage:
    """A package to place. ``size`` is that of the package file in bytes, which its sha256 settles."""

    key: PackageKey
    size: int


def group_packages(packages: Iterable[SizedPackage], *, room: int) -> tuple[tuple[PackageKey, ...], ...]:
    """The packages of each layer, at most ``room`` layers; the large ones first, each group sorted by name.

    Raises ``BuildError`` where there is no room for the buckets.
    """
    if room < BUCKETS:
        raise BuildError(
            f"the base image has so many layers that {max(room, 0)} are left, and {BUCKETS} are needed",
            hint=f"an image has at most {MOST_LAYERS} layers; flatten the base image, or choose another",
        )
    ordered = sorted(packages, key=lambda package: package.key)
    alone = _alone(ordered, room - BUCKETS)
    buckets: dict[int, list[PackageKey]] = {}
    for package in ordered:
        if package.key not in alone:
            buckets.setdefault(_bucket(package.key), []).append(package.key)
    return (*((key,) for key in sorted(alone)), *(tuple(buckets[number]) for number in sorted(buckets)))


def _alone(packages: Iterable[SizedPackage], most: int) -> frozenset[PackageKey]:
    """The large packages; the largest of them where there are too many. Sizes count by powers of two, so that a
    new version, which is a little larger or smaller, seldom changes places with another package."""
    large = [package for package in packages if package.size >= LARGE]
    large.sort(key=lambda package: (-package.size.bit_length(), _hash(package.key)))
    return frozenset(package.key for package in large[:most])


def _bucket(key: PackageKey) -> int:
    return int.from_bytes(_hash(key)[:8], "big") % BUCKETS


def _hash(key: PackageKey) -> bytes:
    return hashlib.sha256("/".join(key).encode()).digest()
