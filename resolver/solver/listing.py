"""The ways to have a project, listed in order of preference for one target: see ``encoding`` for the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaRecord
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.entries import Entries, Entry
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import Pins
from resolver.solver.versions import names_prerelease, ranks

__all__ = ["Listing"]


class Listing:
    """Lists entries; what the parameters are is told in ``encoding.Encoding``."""

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        requests: Sequence[Request],
        constraints: Mapping[str, Sequence[str]],
        owned: Mapping[str, str],
        prereleases: bool,
        both: bool,
        pins: Pins,
    ) -> None:
        self._knowledge = knowledge
        self._requests = requests
        self._constraints = constraints
        self._owned = owned
        self._prereleases = prereleases
        self._both = both
        self._pins = pins
        self._pinned_conda = pins.conda_versions
        self._directs = {r.name: r.direct for r in requests if r.direct is not None}
        self._hashes = _hashes_by_name(requests)

    def entries(self, name: str, records: Sequence[CondaRecord], pinned: Iterable[str]) -> Entries:
        """The entries of a project in ascending order of preference. ``records`` are the conda records that could
        provide it, ``pinned`` the specifiers met so far that pin one version."""
        direct = self._directs.get(name)
        if direct is not None:
            usable = not isinstance(self._knowledge.usable(direct), str)
            return Entries([Entry(version=Version(direct.metadata.version), direct=direct)] if usable else [])
        if self._both:
            worlds = (self._from_conda(name, records), self._from_index(name, pinned))
            return Entries((*worlds[1], *worlds[0]) if name in self._owned else (*worlds[0], *worlds[1]))
        if name in self._owned:
            return Entries(self._from_conda(name, records))
        return Entries(self._from_index(name, pinned), self._knowledge.files(name).project.ranked)

    def _from_conda(self, name: str, records: Sequence[CondaRecord]) -> tuple[Entry, ...]:
        known = dict.fromkeys((r.name, r.version) for r in records)
        # the sort is stable: the pinned version comes last, which is first in preference
        known = dict.fromkeys(sorted(known, key=lambda pair: self._pinned_conda.get(pair[0]) == pair[1]))
        entries = [Entry(version=pep440_of(version), conda=(package, version)) for package, version in known]
        return tuple(entry for entry in entries if self._limited(name, entry.version))

    def _from_index(self, name: str, pinned: Iterable[str]) -> tuple[Entry, ...]:
        files = self._knowledge.files(name)
        ranked = files.project.ranked
        natural = self._prereleases or any(
            names_prerelease(s)
            for s in (*(r.specifier for r in self._requests if r.name == name), *self._constraints.get(name, ()))
        )
        mask = ranked.all
        for constraint in self._constraints.get(name, ()):
            mask &= ranked.admitted(constraint)
        hashes = self._hashes.get(name)
        exact = 0
        for specifier in pinned:
            exact |= ranked.admitted(specifier)
        pin = self._pins.projects.get(name)
        held = pin.rank_in(ranked) if pin is not None else None
        found: list[tuple[tuple[bool, bool, bool, bool, int], Entry]] = []
        for rank in ranks(mask):
            version = ranked.versions[rank]
            file = pin.file_of(files, rank, hashes) if pin is not None and rank == held else None
            file = file or files.best(rank, hashes=hashes)
            yanked = file is None  # a file that an earlier lock holds needs no one to let it in
            if file is None and exact >> rank & 1:
                file = files.best(rank, yanked=True, hashes=hashes)
            if file is not None and not isinstance(self._knowledge.known(file), str):
                final = natural or not version.is_prerelease
                order = (not yanked, final, rank == held, not files.is_late(file), rank)
                found.append((order, Entry(version=version, place=rank, file=file, yanked=yanked)))
        return tuple(entry for _, entry in sorted(found, key=lambda pair: pair[0]))

    def _limited(self, name: str, version: Version) -> bool:
        return all(SpecifierSet(c).contains(version, prereleases=True) for c in self._constraints.get(name, ()))


def _hashes_by_name(requests: Sequence[Request]) -> dict[str, frozenset[str]]:
    """The hashes of which a project's file must have one, for the projects that some request names any for."""
    found: dict[str, frozenset[str]] = {}
    for request in requests:
        if request.hashes:
            found[request.name] = found.get(request.name, frozenset(request.hashes)) & frozenset(request.hashes)
    return found
