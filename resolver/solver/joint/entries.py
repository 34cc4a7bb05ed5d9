"""The ways to have a project, ranked by preference, and specifiers as bit masks over these ranks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from resolver.light_typing import NamedTuple
from resolver.solver.versions import RankedVersions

if TYPE_CHECKING:
    from packaging.version import Version

    from resolver.indexes import DistributionFile
    from resolver.solver.direct import DirectFile

__all__ = ["CondaPackage", "Entries", "Entry", "FileOf", "Listed", "Part", "Releases"]


class CondaPackage(NamedTuple):
    """A package of conda's, as a way to have the project that it provides."""

    name: str
    version: str


Entry: TypeAlias = "DistributionFile | DirectFile | CondaPackage"
"""One way to have a project: a file of an index, a file that a request names by a place, or a package of conda's."""


FileOf: TypeAlias = "Callable[[int], DistributionFile | None]"
"""Gives the file of a version, by its place, if there is one that may be used."""


class Releases:
    """Some versions of a project that an index has. Each has the place that it has among all versions, so that a
    specifier admits here what it admits there. ``file_of`` gives the file of a version, if any may be used: it is
    asked only where the version is looked at, since a project has thousands."""

    def __init__(
        self,
        ranked: RankedVersions,
        present: int,
        file_of: FileOf,
        *,
        yanked: bool = False,
    ) -> None:
        self._ranked = ranked
        self._file_of = file_of
        self.yanked = yanked
        self.size = len(ranked.versions)
        self.present = present

    def admitted(self, specifier: str) -> int:
        return self._ranked.admitted(specifier) & self.present

    def entry(self, place: int) -> Entry | None:
        return self._file_of(place)

    def version(self, place: int) -> Version:
        return self._ranked.versions[place]


class Listed:
    """A few entries, in whatever order of their versions."""

    yanked = False

    def __init__(self, entries: Sequence[tuple[Version, Entry]]) -> None:
        self._entries = entries
        self.size = len(entries)
        self.present = (1 << len(entries)) - 1
        versions = sorted({version for version, _ in entries})
        place_of = {version: place for place, version in enumerate(versions)}
        self._ranked = RankedVersions(versions)
        self._places = [place_of[version] for version, _ in entries]

    def admitted(self, specifier: str) -> int:
        mask = self._ranked.admitted(specifier)
        return sum(1 << rank for rank, place in enumerate(self._places) if mask >> place & 1)

    def entry(self, place: int) -> Entry:
        return self._entries[place][1]

    def version(self, place: int) -> Version:
        return self._entries[place][0]


Part: TypeAlias = Releases | Listed
"""Entries that are preferred alike, the later the better. Masks are over their places."""


class Entries:
    """The entries of a project in ascending order of preference, part after part. A version has a rank in each part of
    which it may turn out to be (as yanked, as one that has an sdist alone): which of them it has is seen when it is
    looked at.

    ``files`` are the ranks of files out of an index, ``yanked`` those of them that count only where someone pins them.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts: list[tuple[int, Part]] = []
        self._known: dict[int, Entry | None] = {}
        self._admitted: dict[str, int] = {}
        self.size = self.all = self.files = self.yanked = 0
        for part in parts:
            ranks_of_part = part.present << self.size
            self._parts.append((self.size, part))
            self.all |= ranks_of_part
            self.files |= ranks_of_part if isinstance(part, Releases) else 0
            self.yanked |= ranks_of_part if part.yanked else 0
            self.size += part.size

    def admitted(self, specifier: str) -> int:
        """The ranks that a PEP 440 set admits."""
        mask = self._admitted.get(specifier)
        if mask is None:
            mask = 0
            for first, part in self._parts:
                mask |= part.admitted(specifier) << first
            self._admitted[specifier] = mask
        return mask

    def entry(self, rank: int) -> Entry | None:
        """The entry of a rank; ``None`` where the version has no file of that kind that may be used."""
        if rank not in self._known:
            first, part = self._part_of(rank)
            self._known[rank] = part.entry(rank - first)
        return self._known[rank]

    def version(self, rank: int) -> Version:
        first, part = self._part_of(rank)
        return part.version(rank - first)

    def same_version(self, rank: int) -> int:
        """The other ranks that the version of a file out of an index might have had."""
        first, _ = self._part_of(rank)
        mask = 0
        for other, part in self._parts if self.files >> rank & 1 else ():
            if other != first and isinstance(part, Releases):
                mask |= (1 << (rank - first) & part.present) << other
        return mask

    def _part_of(self, rank: int) -> tuple[int, Part]:
        return next((first, part) for first, part in reversed(self._parts) if first <= rank)
