"""The ways to have a project, ranked by preference, and specifiers as intervals of these ranks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from packaging.version import Version

from resolver.indexes import DistributionFile
from resolver.solver.direct import DirectFile
from resolver.solver.versions import RankedVersions
from resolver.values import dataclass

__all__ = ["Entries", "Entry"]

Interval = tuple[int, int]
"""Ranks from the first to before the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One way to have a project: exactly one of ``file`` (a wheel), ``direct`` and ``conda`` (name and version).
    ``place`` is that of a file's version among all of the project. A ``yanked`` one must be pinned by someone."""

    version: Version
    place: int = -1
    yanked: bool = False
    file: DistributionFile | None = None
    direct: DirectFile | None = None
    conda: tuple[str, str] | None = None


class Entries:
    """Entries in ascending order of preference. The place of an entry is its rank.

    Along most of them versions only rise (pre-releases below finals, one world below the other make the few steps
    down). So what a specifier admits is a few intervals, found by bisection and not entry by entry. ``bounds`` are the
    ends of all intervals that were given out: entries between two of them are admitted or refused together.
    """

    def __init__(self, entries: Sequence[Entry], ranked: RankedVersions | None = None) -> None:
        """``ranked`` are the versions of the project, if all entries are among them (``Entry.place``)."""
        self.all = tuple(entries)
        if ranked is None:
            versions = sorted({entry.version for entry in entries})
            place_of = {version: place for place, version in enumerate(versions)}
            ranked, places = RankedVersions(versions), [place_of[entry.version] for entry in entries]
        else:
            places = [entry.place for entry in entries]
        self._versions = ranked
        self._rising: list[tuple[int, list[int]]] = []
        for rank, place in enumerate(places):
            if not self._rising or self._rising[-1][1][-1] > place:
                self._rising.append((rank, []))
            self._rising[-1][1].append(place)
        self._texts: dict[str, str] = {}
        self.bounds: set[int] = set()

    def admitted(self, specifier: str, hashes: Sequence[str] = ()) -> str:
        """What a PEP 440 set admits, as a conda version spec over ranks; ``""`` for all entries."""
        if hashes:
            ranks = (rank for start, end in self._intervals(specifier) for rank in range(start, end))
            return self._text([(rank, rank + 1) for rank in ranks if self._has_hash(rank, hashes)])
        text = self._texts.get(specifier)
        if text is None:
            intervals = self._intervals(specifier)
            text = self._texts[specifier] = "" if intervals == [(0, len(self.all))] else self._text(intervals)
        return text

    def admits(self, specifier: str, rank: int) -> bool:
        return any(start <= rank < end for start, end in self._intervals(specifier))

    def _intervals(self, specifier: str) -> list[Interval]:
        found: list[Interval] = []
        for low, high in _runs(self._versions.admitted(specifier)):
            for first, places in self._rising:
                start, end = bisect_left(places, low), bisect_left(places, high)
                if start < end:
                    found.append((first + start, first + end))
        return _joined(sorted(found))

    def _text(self, intervals: Sequence[Interval]) -> str:
        """An empty list is a spec that no rank matches."""
        self.bounds.update(end for interval in intervals for end in interval)
        return "|".join(f"=={a}" if b == a + 1 else f">={a},<{b}" for a, b in intervals) or "<0"

    def _has_hash(self, rank: int, hashes: Sequence[str]) -> bool:
        file = self.all[rank].file
        return file is not None and f"sha256:{file.sha256}" in hashes


def _runs(mask: int) -> Iterator[Interval]:
    """The runs of ones in a mask, lowest first."""
    while mask:
        low = (mask & -mask).bit_length() - 1
        rest = mask >> low
        length = (~rest & (rest + 1)).bit_length() - 1
        yield low, low + length
        mask = (rest >> length) << (low + length)


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
