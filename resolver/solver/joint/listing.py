"""The ways to have a project, listed in order of preference for one target: see ``encoding`` for the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaRecord
from resolver.indexes import DistributionFile
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.joint.entries import CondaPackage, Entries, FileOf, Listed, Part, Releases
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import Pins
from resolver.solver.versions import names_prerelease

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

    def entries(self, name: str, records: Sequence[CondaRecord]) -> Entries:
        """The entries of a project in ascending order of preference. ``records`` are the conda records that could
        provide it."""
        direct = self._directs.get(name)
        if direct is not None:
            usable = not isinstance(self._knowledge.usable(direct), str)
            return Entries([Listed([(Version(direct.metadata.version), direct)] if usable else [])])
        if not self._both:
            return Entries([self._from_conda(name, records)] if name in self._owned else self._from_index(name))
        conda, index = [self._from_conda(name, records)], self._from_index(name)
        return Entries([*index, *conda] if name in self._owned else [*conda, *index])

    def _from_conda(self, name: str, records: Sequence[CondaRecord]) -> Part:
        known = dict.fromkeys((r.name, r.version) for r in records)
        # the sort is stable: the pinned version comes last, which is first in preference
        known = dict.fromkeys(sorted(known, key=lambda pair: self._pinned_conda.get(pair[0]) == pair[1]))
        entries = [(pep440_of(version), CondaPackage(package, version)) for package, version in known]
        return Listed([(version, entry) for version, entry in entries if self._limited(name, version)])

    def _from_index(self, name: str) -> list[Part]:
        files = self._knowledge.files(name)
        ranked = files.project.ranked
        mask = ranked.all
        for constraint in self._constraints.get(name, ()):
            mask &= ranked.admitted(constraint)
        hashes = self._hashes.get(name)
        pin = self._pins.projects.get(name)
        held = pin.rank_in(ranked) if pin is not None else None

        def file_of(rank: int) -> DistributionFile | None:
            # a file that an earlier lock holds needs no one to let it in
            locked = pin.file_of(files, rank, hashes) if pin is not None and rank == held else None
            return locked or files.best(rank, hashes=hashes)

        def yanked_file_of(rank: int) -> DistributionFile | None:
            return files.best(rank, yanked=True, hashes=hashes) if file_of(rank) is None else None

        first = 1 << held if held is not None else 0
        parts: list[Part] = [Releases(ranked, mask, yanked_file_of, yanked=True)]
        groups = (mask & ranked.prereleases, mask & ~ranked.prereleases)
        for group in (mask,) if self._takes_prereleases(name) else groups:
            parts.extend(Releases(ranked, group & ~first, kind) for kind in self._kinds(name, file_of))
            parts.append(Releases(ranked, group & first, file_of))
        return [part for part in parts if part.present]

    def _kinds(self, name: str, file_of: FileOf) -> tuple[FileOf, ...]:
        """Where versions that have an sdist alone come after all that have a wheel: the former, then the latter."""
        policy, is_late = self._knowledge.projects.policy, self._knowledge.files(name).is_late
        if policy.ranks_sdists(name) or not policy.takes_sdists(name):
            return (file_of,)

        def only(late: bool) -> FileOf:
            def file_of_kind(rank: int) -> DistributionFile | None:
                file = file_of(rank)
                return file if file is not None and is_late(file) == late else None

            return file_of_kind

        return only(late=True), only(late=False)

    def _takes_prereleases(self, name: str) -> bool:
        by_people = [r.specifier for r in self._requests if r.name == name]
        return self._prereleases or any(map(names_prerelease, (*by_people, *self._constraints.get(name, ()))))

    def _limited(self, name: str, version: Version) -> bool:
        return all(SpecifierSet(c).contains(version, prereleases=True) for c in self._constraints.get(name, ()))


def _hashes_by_name(requests: Sequence[Request]) -> dict[str, frozenset[str]]:
    """The hashes of which a project's file must have one, for the projects that some request names any for."""
    found: dict[str, frozenset[str]] = {}
    for request in requests:
        if request.hashes:
            found[request.name] = found.get(request.name, frozenset(request.hashes)) & frozenset(request.hashes)
    return found
