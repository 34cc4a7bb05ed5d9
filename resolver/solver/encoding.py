"""PyPI projects as records that a SAT solver can hold beside conda's.

- A project ``p`` is the package ``pypi-p``, and its entries (see ``entries``) are its versions: a wheel of some
  version, or the conda package of some version where conda may own the project. The rank of an entry is the version
  that the solver sees; a specifier becomes intervals of ranks, so PEP 440 keeps its exact meaning.
- A pin of an earlier lock ranks above the others of its kind.
- Yanked entries rank below all others and pre-releases below all finals, unless a root asks for pre-releases by naming
  one: they are chosen where nothing else is left (PEP 440, PEP 592).
- ``p[x]`` is the package ``pypi-p--x``, whose every rank needs the same rank of ``pypi-p`` and what the extra adds.
  Only extras that are asked for are encoded. (py-rattler has extras of its own, but was seen to leave out what one
  needs.)
- A wheel's entry excludes the conda packages that would provide the same project: one project has one owner.
- An entry whose metadata is not known has no dependencies yet. That can only make more possible: "no solution" is
  final at once, and a solution is final when all that it chose is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaRecord, MadeUpRecord
from resolver.indexes import CoreMetadata, DistributionFile
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.entries import Entries, Entry
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import NO_PINS, Pins
from resolver.solver.requirements import Dependency
from resolver.solver.versions import is_pin, names_prerelease, ranks

__all__ = ["Encoding"]

_EXTRA = "--"
"""Between a project and its extra in the name of a made-up package: no normalised name holds two dashes in a row."""

_NOTHING = "[build='samebox-excludes-this']"
"""The end of a MatchSpec that no record matches."""


@dataclass(slots=True, kw_only=True)
class _Project:
    """A project in the making: its entries, the conda packages that would provide it, and the extras asked of it.

    ``state`` is what its entries were made from besides the index: they are made anew when that changes.
    """

    entries: Entries
    providers: tuple[str, ...]
    state: tuple[int, int]
    extras: set[str] = field(default_factory=set)


class Encoding:
    """The records for one target, built anew whenever more is known.

    ``owned`` maps the projects that conda owns to its packages; ``providers`` gives the conda records that could
    provide a project. With ``both`` a project may come from either world, the owner's first. What ``pins`` name ranks
    above the rest of its world.
    """

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        requests: Sequence[Request],
        constraints: Mapping[str, Sequence[str]],
        owned: Mapping[str, str],
        providers: Callable[[str], Sequence[CondaRecord]],
        prereleases: bool = False,
        both: bool = False,
        pins: Pins = NO_PINS,
    ) -> None:
        self._knowledge = knowledge
        self._requests = requests
        self._constraints = constraints
        self._owned = owned
        self._providers = providers
        self._prereleases = prereleases
        self._both = both
        self._pins = pins
        self._pinned_conda = pins.conda_versions
        self._directs = {r.name: r.direct for r in requests if r.direct is not None}
        self._hashes = _hashes_by_name(requests)
        self._pinned: dict[str, set[str]] = {}
        self._projects: dict[str, _Project] = {}
        self._reached: set[str] = set()
        self._waiting: list[str] = []
        for name, specifiers in constraints.items():
            for specifier in specifiers:
                self._pin(name, specifier)

    def build(self) -> tuple[tuple[MadeUpRecord, ...], tuple[str, ...]]:
        """The records of every project within reach of the requests, and the requests as specs, in their order."""
        while True:
            self._reached.clear()
            self._waiting.clear()
            specs = tuple(spec for r in self._requests for spec in self._asked(r.name, r.specifier, r.extras, r.hashes))
            records: dict[str, list[MadeUpRecord]] = {}
            while self._waiting:
                name = self._waiting.pop()
                records[name] = self._records(name)  # again, if an extra was asked for after it was first made
            if all(self._projects[name].state == self._state(name) for name in self._reached):
                return tuple(record for name in sorted(records) for record in records[name]), specs
            # a pin was met that may let a yanked entry in, after specs over the old ranks had been written

    @staticmethod
    def chosen(ranks: Mapping[str, int]) -> dict[str, int]:
        """The chosen rank of each project, out of the ranks of all made-up packages."""
        return {name.removeprefix("pypi-"): rank for name, rank in ranks.items() if _EXTRA not in name}

    def entry(self, name: str, rank: int) -> Entry:
        return self._projects[name].entries.all[rank]

    def unknown(self, chosen: Mapping[str, int], neighbours: int) -> list[tuple[str, DistributionFile]]:
        """The wheels among ``chosen`` (ranks by project) whose metadata is not known, with so many of the next less
        preferred wheels of each: what the solver will most likely turn to."""
        wanted: list[tuple[str, DistributionFile]] = []
        for name, rank in sorted(chosen.items()):
            first = self._to_learn(name, self.entry(name, rank))
            if first is None or self._knowledge.known(first) is not None:
                continue
            wanted.append((name, first))
            below = (self._to_learn(name, self.entry(name, r)) for r in range(rank - 1, -1, -1))
            wanted.extend([(name, file) for file in below if file is not None and _is_wheel(file)][:neighbours])
        return wanted

    # ---- entries

    def _project(self, name: str) -> _Project:
        if name not in self._reached:
            self._reached.add(name)
            self._waiting.append(name)
            known = self._projects.get(name)
            if known is None or known.state != self._state(name):
                self._projects[name] = self._made(name, known.extras if known else set())
        return self._projects[name]

    def _made(self, name: str, extras: set[str]) -> _Project:
        records = tuple(self._providers(name))
        return _Project(
            entries=Entries(self._entries(name, records)),
            providers=tuple(sorted({record.name for record in records})),
            state=self._state(name),
            extras=extras,
        )

    def _state(self, name: str) -> tuple[int, int]:
        return len(self._pinned.get(name, ())), self._knowledge.refused(name)

    def _entries(self, name: str, records: Sequence[CondaRecord]) -> tuple[Entry, ...]:
        direct = self._directs.get(name)
        if direct is not None:
            usable = not isinstance(self._knowledge.usable(direct), str)
            return (Entry(version=Version(direct.metadata.version), direct=direct),) if usable else ()
        if self._both:
            worlds = (self._from_conda(name, records), self._from_index(name))
            return (*worlds[1], *worlds[0]) if name in self._owned else (*worlds[0], *worlds[1])
        return self._from_conda(name, records) if name in self._owned else self._from_index(name)

    def _from_conda(self, name: str, records: Sequence[CondaRecord]) -> tuple[Entry, ...]:
        known = dict.fromkeys((r.name, r.version) for r in records)
        # the sort is stable: the pinned version comes last, which is first in preference
        known = dict.fromkeys(sorted(known, key=lambda pair: self._pinned_conda.get(pair[0]) == pair[1]))
        entries = [Entry(version=pep440_of(version), conda=(package, version)) for package, version in known]
        return tuple(entry for entry in entries if self._limited(name, entry.version))

    def _from_index(self, name: str) -> tuple[Entry, ...]:
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
        pinned = 0
        for exact in self._pinned.get(name, ()):
            pinned |= ranked.admitted(exact)
        pin = self._pins.projects.get(name)
        held = pin.rank_in(ranked) if pin is not None else None
        found: list[tuple[tuple[bool, bool, bool, bool, int], Entry]] = []
        for rank in ranks(mask):
            version = ranked.versions[rank]
            file = pin.file_of(files, rank, hashes) if pin is not None and rank == held else None
            file = file or files.best(rank, hashes=hashes)
            yanked = file is None
            if file is None and pinned >> rank & 1:
                file = files.best(rank, yanked=True, hashes=hashes)
            if file is not None and not isinstance(self._knowledge.known(file), str):
                final = natural or not version.is_prerelease
                order = (not yanked, final, rank == held, not files.is_late(file), rank)
                found.append((order, Entry(version=version, file=file)))
        return tuple(entry for _, entry in sorted(found, key=lambda pair: pair[0]))

    def _limited(self, name: str, version: Version) -> bool:
        return all(SpecifierSet(c).contains(version, prereleases=True) for c in self._constraints.get(name, ()))

    # ---- records

    def _records(self, name: str) -> list[MadeUpRecord]:
        project = self._projects[name]
        ranked = tuple(enumerate(project.entries.all))
        records = [self._record(name, project, rank, entry) for rank, entry in ranked]
        for extra in sorted(project.extras):
            records += [self._extra_record(name, extra, rank, entry) for rank, entry in ranked]
        return records

    def _record(self, name: str, project: _Project, rank: int, entry: Entry) -> MadeUpRecord:
        if entry.conda is not None:
            package, version = entry.conda
            return MadeUpRecord(name=f"pypi-{name}", rank=rank, depends=(f"{package}[version='=={version}']",))
        return MadeUpRecord(
            name=f"pypi-{name}",
            rank=rank,
            depends=tuple(self._needs(self._known_metadata(name, entry), "")),
            constrains=tuple(f"{package}{_NOTHING}" for package in project.providers),
        )

    def _extra_record(self, name: str, extra: str, rank: int, entry: Entry) -> MadeUpRecord:
        """Where nothing tells what an extra of conda's package needs, it cannot be had."""
        file = self._to_learn(name, entry)
        unheard = entry.conda is not None and (file is None or isinstance(self._knowledge.known(file), str))
        adds = [f"pypi-{name}{_NOTHING}"] if unheard else self._needs(self._known_metadata(name, entry), extra)
        same = f"pypi-{name}[version='=={rank}']"
        return MadeUpRecord(name=f"pypi-{name}{_EXTRA}{extra}", rank=rank, depends=(same, *adds))

    def _known_metadata(self, name: str, entry: Entry) -> CoreMetadata | None:
        if entry.direct is not None:
            return entry.direct.metadata
        file = self._to_learn(name, entry)
        known = self._knowledge.known(file) if file is not None else None
        return known if isinstance(known, CoreMetadata) else None

    def _to_learn(self, name: str, entry: Entry) -> DistributionFile | None:
        """The wheel whose metadata tells what an entry needs. Of a conda package only its extras are asked."""
        if entry.conda is None:
            return entry.file
        return self._knowledge.file_of(name, entry.version) if self._projects[name].extras else None

    def _needs(self, metadata: CoreMetadata | None, extra: str) -> list[str]:
        if metadata is None:
            return []
        found = self._knowledge.dependencies(metadata, extra)
        return [spec for dependency in found for spec in self._dependency(dependency)]

    def _dependency(self, dependency: Dependency) -> list[str]:
        if dependency.url is not None:
            return [f"pypi-{dependency.name}{_NOTHING}"]
        return self._asked(dependency.name, dependency.specifier, dependency.extras)

    def _asked(self, name: str, specifier: str, extras: Sequence[str] = (), hashes: Sequence[str] = ()) -> list[str]:
        """A requirement as specs: one on the project, and one on each extra."""
        self._pin(name, specifier)
        project = self._project(name)
        new = set(extras) - project.extras
        if new:
            project.extras |= new
            self._waiting.append(name)
        admitted = project.entries.admitted(specifier, hashes)
        version = f"[version='{admitted}']" if admitted else ""
        return [f"pypi-{name}{version}", *(f"pypi-{name}{_EXTRA}{extra}{version}" for extra in sorted(extras))]

    def _pin(self, name: str, specifier: str) -> None:
        """A version that is pinned exactly may be a yanked one (PEP 592)."""
        if is_pin(specifier):
            self._pinned.setdefault(name, set()).add(specifier)


def _is_wheel(file: DistributionFile) -> bool:
    """Metadata of an sdist may need a build, and nothing is built that may not be chosen."""
    return file.filename.endswith(".whl")


def _hashes_by_name(requests: Sequence[Request]) -> dict[str, frozenset[str]]:
    """The hashes of which a project's file must have one, for the projects that some request names any for."""
    found: dict[str, frozenset[str]] = {}
    for request in requests:
        if request.hashes:
            found[request.name] = found.get(request.name, frozenset(request.hashes)) & frozenset(request.hashes)
    return found
