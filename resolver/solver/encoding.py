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
- Of entries that need the same, and that every spec admits or refuses together, the best stands for all: what any
  other of them could do it can do too, and it is preferred. Most entries are not known, so few records are left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from resolver.conda import CondaRecord, MadeUpRecord
from resolver.indexes import CoreMetadata, DistributionFile
from resolver.solver.answer import Request
from resolver.solver.entries import Entries, Entry
from resolver.solver.knowledge import Knowledge
from resolver.solver.listing import Listing
from resolver.solver.pins import NO_PINS, Pins
from resolver.solver.requirements import Dependency
from resolver.solver.yanked import Pinners

__all__ = ["Encoding"]

_EXTRA = "--"
"""Between a project and its extra in the name of a made-up package: no normalised name holds two dashes in a row."""

_NOTHING = "[build='samebox-excludes-this']"
"""The end of a MatchSpec that no record matches."""


_Needs = tuple[tuple[str, ...], ...]
"""What an entry needs, as specs: first without an extra, then what each extra adds, sorted by the extras' names."""


@dataclass(slots=True, kw_only=True)
class _Project:
    """A project in the making: its entries, the conda packages that would provide it, and the extras asked of it.

    ``state`` is what its entries were made from besides the index: they are made anew when that changes. ``needs`` are
    those of the entries that are known, by rank, ``unknown`` the ranks of the others in ascending order, ``reaches``
    the projects that the needs name. ``learned`` is how many of its files were known when it was last looked at.
    """

    entries: Entries
    providers: tuple[str, ...]
    state: tuple[int, int]
    extras: set[str] = field(default_factory=set)
    needs: dict[int, _Needs] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    reaches: set[str] = field(default_factory=set)
    learned: int = -1
    records: tuple[MadeUpRecord, ...] = ()
    made_from: tuple[int, int, int] = (-1, -1, -1)

    def forget(self) -> None:
        self.needs.clear()
        self.reaches.clear()
        self.learned = -1
        self.made_from = (-1, -1, -1)


class Encoding:
    """The records for one target, built anew whenever more is known; what did not change is kept.

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
        self._providers = providers
        self._listing = Listing(
            knowledge=knowledge,
            requests=requests,
            constraints=constraints,
            owned=owned,
            prereleases=prereleases,
            both=both,
            pins=pins,
        )
        self._pinners = Pinners()
        self._projects: dict[str, _Project] = {}
        self._reached: set[str] = set()
        self._waiting: list[str] = []
        self._remade = 0
        for name, specifiers in constraints.items():
            for specifier in specifiers:
                self._pinners.add(name, specifier, "")

    def build(self) -> tuple[tuple[MadeUpRecord, ...], tuple[str, ...]]:
        """The records of every project within reach of the requests, and the requests as specs, in their order."""
        while True:
            before = self._remade
            self._reached.clear()
            self._waiting.clear()
            specs = tuple(spec for r in self._requests for spec in self._asked(r.name, r.specifier, r.extras, r.hashes))
            while self._waiting:
                self._look_at(self._waiting.pop())
            if self._remade == before and all(self._projects[n].state == self._state(n) for n in self._reached):
                return tuple(record for name in sorted(self._reached) for record in self._records(name)), specs
            # ranks were given anew after specs over the old ones had been written

    @staticmethod
    def chosen(ranks: Mapping[str, int]) -> dict[str, int]:
        """The chosen rank of each project, out of the ranks of all made-up packages."""
        return {name.removeprefix("pypi-"): rank for name, rank in ranks.items() if _EXTRA not in name}

    def entry(self, name: str, rank: int) -> Entry:
        return self._projects[name].entries.all[rank]

    def unknown(
        self, chosen: Mapping[str, int], neighbours: Callable[[str], int]
    ) -> list[tuple[str, DistributionFile]]:
        """The wheels among ``chosen`` (ranks by project) whose metadata is not known, with so many (by project) of the
        next less preferred wheels of each: what the solver will most likely turn to."""
        wanted: list[tuple[str, DistributionFile]] = []
        for name, rank in sorted(chosen.items()):
            first = self._to_learn(name, self.entry(name, rank))
            if first is None or self._knowledge.known(first) is not None:
                continue
            wanted.append((name, first))
            below = (self._to_learn(name, self.entry(name, r)) for r in range(rank - 1, -1, -1))
            wheels = ((name, file) for file in below if file is not None and _is_wheel(file))
            wanted.extend(islice(wheels, neighbours(name)))
        return wanted

    # ---- projects

    def _project(self, name: str) -> _Project:
        if name not in self._reached:
            self._reached.add(name)
            self._waiting.append(name)
            known = self._projects.get(name)
            if known is None or known.state != self._state(name):
                self._projects[name] = self._made(name, known.extras if known else set())
                if known is not None:
                    self._remade += 1
                    for project in self._projects.values():
                        project.forget()
        return self._projects[name]

    def _made(self, name: str, extras: set[str]) -> _Project:
        records = tuple(self._providers(name))
        return _Project(
            entries=self._listing.entries(name, records, self._pinners.specifiers(name)),
            providers=tuple(sorted({record.name for record in records})),
            state=self._state(name),
            extras=extras,
        )

    def _state(self, name: str) -> tuple[int, int]:
        return len(self._pinners.specifiers(name)), self._knowledge.refused(name)

    def _look_at(self, name: str) -> None:
        """Work out what the entries of a project need that are known by now, and go on to what that names."""
        project = self._projects[name]
        learned = self._knowledge.learned(name)
        if project.learned < 0:
            project.unknown = list(range(len(project.entries.all)))
        if project.learned != learned:
            project.learned = learned
            unknown = []
            for rank in project.unknown:
                entry = project.entries.all[rank]
                known = entry.file is None or self._knowledge.known(entry.file) is not None
                if known or entry.yanked:
                    project.needs[rank] = self._needs_of(name, project, rank, entry)
                if not known or entry.conda is not None:
                    unknown.append(rank)  # what an extra of conda's package needs may yet be learned
            project.unknown = unknown
        for other in sorted(project.reaches):
            self._project(other)

    def _needs_of(self, name: str, project: _Project, rank: int, entry: Entry) -> _Needs:
        extras = (tuple(self._of_extra(name, project, rank, entry, extra)) for extra in sorted(project.extras))
        if entry.conda is not None:
            package, version = entry.conda
            return ((f"{package}[version='=={version}']",), *extras)
        own = self._needs(project, self._known_metadata(name, entry), "", _exactly(name, rank))
        return ((*own, Pinners.need(name, rank)) if entry.yanked else tuple(own), *extras)

    def _of_extra(self, name: str, project: _Project, rank: int, entry: Entry, extra: str) -> Sequence[str]:
        """Where nothing tells what an extra of conda's package needs, it cannot be had."""
        file = self._to_learn(name, entry)
        if entry.conda is not None and (file is None or isinstance(self._knowledge.known(file), str)):
            return (f"pypi-{name}{_NOTHING}",)
        return self._needs(project, self._known_metadata(name, entry), extra, _exactly(f"{name}{_EXTRA}{extra}", rank))

    # ---- records

    def _records(self, name: str) -> tuple[MadeUpRecord, ...]:
        project = self._projects[name]
        bounds = sorted(project.entries.bounds)
        made_from = (project.learned, len(bounds), self._pinners.count(name))
        if project.made_from != made_from:
            project.made_from = made_from
            project.records = tuple(
                record
                for rank, needs in sorted((*_best_known(project, bounds), *_best_unknown(project, bounds)))
                for record in self._records_of(name, project, rank, needs)
            )
        return project.records

    def _records_of(self, name: str, project: _Project, rank: int, needs: _Needs) -> Iterator[MadeUpRecord]:
        conda = project.entries.all[rank].conda is not None
        excluded = () if conda else tuple(f"{package}{_NOTHING}" for package in project.providers)
        yield MadeUpRecord(name=f"pypi-{name}", rank=rank, depends=needs[0], constrains=excluded)
        if project.entries.all[rank].yanked:
            yield from self._pinners.records(name, rank, lambda specifier: project.entries.admits(specifier, rank))
        same = _exactly(name, rank)
        for extra, adds in zip(sorted(project.extras), needs[1:], strict=True):
            yield MadeUpRecord(name=f"pypi-{name}{_EXTRA}{extra}", rank=rank, depends=(same, *adds))

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

    def _needs(self, project: _Project, metadata: CoreMetadata | None, extra: str, who: str) -> list[str]:
        if metadata is None:
            return []
        found = self._with_own_extras(metadata, extra)
        project.reaches.update(dependency.name for dependency in found if dependency.url is None)
        return [spec for dependency in found for spec in self._dependency(dependency, who)]

    def _with_own_extras(self, metadata: CoreMetadata, extra: str) -> list[Dependency]:
        """What the metadata asks for, extras of the project itself replaced by what these add: ``p[all]`` often is the
        sum of a hundred others, and each of them would be a record for each version."""
        found: list[Dependency] = []
        seen, waiting = {extra}, [extra]
        while waiting:
            for dependency in self._knowledge.dependencies(metadata, waiting.pop()):
                if dependency.name != metadata.name or dependency.specifier or dependency.url is not None:
                    found.append(dependency)
                    continue
                new = [other for other in dependency.extras if other not in seen]
                seen.update(new)
                waiting.extend(new)
        return list(dict.fromkeys(found))

    def _dependency(self, dependency: Dependency, who: str) -> list[str]:
        if dependency.url is not None:
            return [f"pypi-{dependency.name}{_NOTHING}"]
        return self._asked(dependency.name, dependency.specifier, dependency.extras, who=who)

    def _asked(
        self, name: str, specifier: str, extras: Sequence[str] = (), hashes: Sequence[str] = (), who: str = ""
    ) -> list[str]:
        """A requirement as specs: one on the project, and one on each extra. ``who`` is the record that makes it."""
        self._pinners.add(name, specifier, who)
        project = self._project(name)
        new = set(extras) - project.extras
        if new:
            project.extras |= new
            project.forget()
            self._waiting.append(name)
        admitted = project.entries.admitted(specifier, hashes)
        version = f"[version='{admitted}']" if admitted else ""
        return [f"pypi-{name}{version}", *(f"pypi-{name}{_EXTRA}{extra}{version}" for extra in sorted(extras))]


def _exactly(name: str, rank: int) -> str:
    return f"pypi-{name}[version='=={rank}']"


def _is_wheel(file: DistributionFile) -> bool:
    """Metadata of an sdist may need a build, and nothing is built that may not be chosen."""
    return file.filename.endswith(".whl")


def _best_known(project: _Project, bounds: Sequence[int]) -> Iterator[tuple[int, _Needs]]:
    """Of the known entries between two bounds that need the same, the best."""
    best: dict[tuple[int, _Needs], int] = {}
    for rank, needs in sorted(project.needs.items()):
        best[bisect_right(bounds, rank), needs] = rank
    return ((rank, needs) for (_, needs), rank in best.items())


def _best_unknown(project: _Project, bounds: Sequence[int]) -> Iterator[tuple[int, _Needs]]:
    """Of the unknown entries between two bounds, the best."""
    nothing: _Needs = ((),) * (1 + len(project.extras))
    unknown = [rank for rank in project.unknown if rank not in project.needs]
    start = 0
    for end in (*bounds, len(project.entries.all)):
        place = bisect_left(unknown, end) - 1
        if place >= 0 and unknown[place] >= start:
            yield unknown[place], nothing
        start = end
