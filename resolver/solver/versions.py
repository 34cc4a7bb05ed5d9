"""Versions as integers: a project's versions are sorted once, and a specifier becomes a bit mask over their ranks.

In the solver's inner loop "which versions do all requirements admit" is then one ``&`` of integers, and
``packaging`` is asked only while a mask is made, a logarithmic number of times: over versions in PEP 440 order
nearly every clause admits one run of ranks (or, for ``!=``, all but one run). Not so ``===``, and ``<`` or ``>``
beside a pre- or post-release, whose neighbours of the same release count differently (packaging 25: ``>1.0a1``
admits 1.0 and 1.1 but not 1.0.post1): there each version is asked about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import overload

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

__all__ = ["RankedVersions", "VersionsOnDemand", "is_pin", "names_prerelease", "ranks"]

_RELEASE = re.compile(r"(?:\d+!)?\d+(?:\.\d+)*\Z")


class VersionsOnDemand(Sequence[Version]):
    """Versions that are parsed when they are asked for: of thousands, a search by halves asks for a dozen."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._versions: list[str | Version] = list(texts)

    def __len__(self) -> int:
        return len(self._versions)

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

    __slots__ = ("_masks", "all", "prereleases", "versions")

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
            for clause in _clauses(specifier):
                mask &= self._clause(clause)
            self._masks[specifier] = mask
        return mask

    def _clause(self, clause: Specifier) -> int:
        operator, text = clause.operator, clause.version

        def admits(rank: int) -> bool:
            return clause.contains(self.versions[rank], prereleases=True)

        if not _admits_a_run(operator, text):
            return sum(1 << rank for rank in range(len(self.versions)) if admits(rank))
        if _RELEASE.match(text):
            # of a plain release most operators need no more than the order: the fast way for nearly all there are
            if operator == ">=":
                return self._run(bisect_left(self.versions, _version(text)), len(self.versions))
            if operator == "<":
                return self._run(0, bisect_left(self.versions, _version(f"{text}.dev0")))
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
        if prefix == text:
            end = start  # a version and its local ones: seldom more than one, where a bisection would ask about ten
            while end < len(self.versions) and admits(end):
                end += 1
            return self._run(start, end)
        return self._run(start, _first(start, len(self.versions), lambda rank: not admits(rank)))

    @staticmethod
    def _run(start: int, end: int) -> int:
        return (1 << end) - (1 << start) if end > start else 0


@lru_cache(maxsize=65536)
def _version(text: str) -> Version:
    return Version(text)


def _admits_a_run(operator: str, text: str) -> bool:
    """Whether the clause admits (``!=``: refuses) one run of versions in PEP 440 order, whatever they are."""
    if operator in ("<", ">"):
        return _RELEASE.match(text) is not None
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


def ranks(mask: int) -> list[int]:
    """The ranks in a mask, highest first."""
    found = []
    while mask:
        rank = mask.bit_length() - 1
        found.append(rank)
        mask ^= 1 << rank
    return found
