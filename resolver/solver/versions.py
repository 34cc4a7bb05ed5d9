"""Versions as integers: a project's versions are sorted once, and a specifier becomes a bit mask over their ranks.

In the solver's inner loop "which versions do all requirements admit" is then one ``&`` of integers, and
``packaging`` is asked only while a mask is made, a logarithmic number of times: over versions in PEP 440 order
nearly every clause admits one run of ranks (or, for ``!=``, all but one run). Not so ``===``, and ``<`` or ``>``
beside a pre- or post-release, whose neighbours of the same release count differently (packaging 25: ``>1.0a1``
admits 1.0 and 1.1 but not 1.0.post1): there each version is asked about, or each of that release.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import overload

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

__all__ = ["RankedVersions", "VersionsOnDemand", "descending", "is_pin", "names_prerelease", "ranks"]

_RELEASE = re.compile(r"(?:\d+!)?\d+(?:\.\d+)*\Z")
_PLAIN = re.compile(r"\s*(>=|<=|<|==|!=)\s*(\d+(?:\.\d+)*)\s*\Z")
"""A clause on a plain release: nearly all there are. Of these most operators need no more than the order."""


class VersionsOnDemand(Sequence[Version]):
    """Versions that are parsed when they are asked for: of thousands, a search by halves asks for a dozen."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._versions: list[str | Version] = list(texts)

    def __len__(self) -> int:
        return len(self._versions)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each version as it is written."""
        return {text: place for place, text in enumerate(map(str, self._versions))}

    @overload
    def __getitem__(self, place: int) -> Version: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Version]: ...
    def __getitem__(self, place: int | slice) -> Version | Sequence[Version]:
        if isinstance(place, slice):
            return [self[rank] for rank in range(*place.indices(len(self)))]
        found = self._versions[place]
        if isinstance(found, str):
            found = self._versions[place] = Version(found)
        return found


class RankedVersions:
    """The versions of one project in ascending order; the rank of a version is its place, its mask ``1 << rank``."""

    def __init__(self, versions: Sequence[Version], prereleases: int | None = None) -> None:
        """``prereleases`` is the mask of those, where it is known already."""
        self.versions = versions
        self.all = (1 << len(versions)) - 1
        if prereleases is None:
            prereleases = sum(1 << i for i, version in enumerate(versions) if version.is_prerelease)
        self.prereleases = prereleases
        self._masks: dict[str, int] = {"": self.all}

    def admitted(self, specifier: str) -> int:
        """The mask of the versions that a PEP 440 specifier set contains, pre-releases included."""
        mask = self._masks.get(specifier)
        if mask is None:
            mask = self.all
            for clause in filter(str.strip, specifier.split(",")):
                mask &= self._clause(clause)
            self._masks[specifier] = mask
        return mask

    def _clause(self, text: str) -> int:
        mask = self._masks.get(text)
        if mask is None:
            plain = _PLAIN.match(text)
            mask = self._plain(plain[1], plain[2]) if plain is not None else self._any(Specifier(text))
            self._masks[text] = mask
        return mask

    def _plain(self, operator: str, release: str) -> int:
        count = len(self.versions)
        if operator == ">=":
            return self._run(self._place_of(release), count)
        if operator == "<":
            return self._run(0, self._before(release))
        start = end = self._place_of(release)
        while end < count and _public(self.versions[end]) == _version(release):
            end += 1  # a version and its local ones: seldom more than one
        if operator == "<=":
            return self._run(0, end)
        return self._run(start, end) if operator == "==" else self.all & ~self._run(start, end)

    def _place_of(self, release: str) -> int:
        """The rank that a release has, or would have."""
        versions = self.versions
        known = versions.places.get(release) if isinstance(versions, VersionsOnDemand) else None
        return bisect_left(versions, _version(release)) if known is None else known

    def _before(self, release: str) -> int:
        """The rank at which a release begins, its pre-releases included."""
        place = self._place_of(release)
        if place and self.prereleases >> (place - 1) & 1:
            return bisect_left(self.versions, _version(f"{release}.dev0"))
        return place

    def _any(self, clause: Specifier) -> int:
        operator, text = clause.operator, clause.version

        def admits(rank: int) -> bool:
            return clause.contains(self.versions[rank], prereleases=True)

        if not _admits_a_run(operator, text):
            return self._sum(admits, 0, len(self.versions))
        if operator in ("<", ">") and not _RELEASE.match(text):
            return self._beside(operator, Version(text), admits)
        if operator in (">=", ">"):
            return self._run(_first(0, len(self.versions), admits), len(self.versions))
        if operator in ("<=", "<"):
            return self._run(0, _first(0, len(self.versions), lambda rank: not admits(rank)))
        prefix = text.removesuffix(".*")
        # what is left admits one run that begins at, or (prefixes) just before, the version it names
        lowest = Version(f"{prefix}.dev0") if prefix != text else Version(text)
        start = bisect_left(self.versions, lowest)
        if operator == "!=":
            return self.all & ~self._run(start, _first(start, len(self.versions), admits))
        return self._run(start, _first(start, len(self.versions), lambda rank: not admits(rank)))

    def _beside(self, operator: str, version: Version, admits: Callable[[int], bool]) -> int:
        """Those before or after a pre- or post-release: of the same release each is asked about."""
        start = end = bisect_left(self.versions, _version(f"{version.base_version}.dev0"))
        while end < len(self.versions) and _release(self.versions[end]) == _release(version):
            end += 1
        others = self._run(0, start) if operator == "<" else self._run(end, len(self.versions))
        return others | self._sum(admits, start, end)

    @staticmethod
    def _sum(admits: Callable[[int], bool], start: int, end: int) -> int:
        return sum(1 << rank for rank in range(start, end) if admits(rank))

    @staticmethod
    def _run(start: int, end: int) -> int:
        return (1 << end) - (1 << start) if end > start else 0


@lru_cache(maxsize=65536)
def _version(text: str) -> Version:
    return Version(text)


def _public(version: Version) -> Version:
    return version if version.local is None else _version(version.public)


def _release(version: Version) -> Version:
    return _version(version.base_version)


def _admits_a_run(operator: str, text: str) -> bool:
    """Whether the clause admits (``!=``: refuses) one run of versions in PEP 440 order, whatever they are; of ``<`` and
    ``>``, whether it does so but for versions of the release that it names."""
    prefix = text.removesuffix(".*")
    return operator != "===" and (prefix == text or _RELEASE.match(prefix) is not None)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first rank from ``low`` on where ``holds`` is true, given that it never turns false again."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


@lru_cache(maxsize=65536)
def _clauses(specifier: str) -> tuple[Specifier, ...]:
    return tuple(SpecifierSet(specifier))


@lru_cache(maxsize=65536)
def names_prerelease(specifier: str) -> bool:
    """Whether a specifier set asks for pre-releases by naming one (``>=2.0rc1``)."""
    return any(clause.prereleases for clause in _clauses(specifier)) if specifier else False


def is_pin(specifier: str) -> bool:
    """Whether a specifier set pins one version, so that a yanked file may be used (PEP 592)."""
    return specifier.startswith("===") or (specifier.startswith("==") and "*" not in specifier and "," not in specifier)


def descending(mask: int) -> Iterator[int]:
    """The ranks in a mask, highest first."""
    while mask:
        rank = mask.bit_length() - 1
        yield rank
        mask ^= 1 << rank


def ranks(mask: int) -> list[int]:
    """The same as a list."""
    return list(descending(mask))
