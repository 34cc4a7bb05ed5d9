"""What the entries of projects need of each other, as far as it is known.

- A project's entries (see ``entries``) are its versions: a file of some version, or the conda package of some version
  where conda may own the project. A specifier becomes a mask of ranks, so PEP 440 keeps its exact meaning.
- A pin of an earlier lock ranks above the others of its kind.
- Yanked entries rank below all others and pre-releases below all finals, unless a root asks for pre-releases by naming
  one: they are chosen where nothing else is left (PEP 440, PEP 592).
- An entry that has not been looked at has no needs yet, and it may turn out not to be there. That can only make more
  possible: what is ruled out is ruled out for good, and an answer is final when all that it chose has been looked at.
- A project is looked up when an entry that may still be chosen needs it, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from resolver.conda import CondaRecord
from resolver.indexes import CoreMetadata, DistributionFile
from resolver.light_typing import NamedTuple
from resolver.solver.answer import Request
from resolver.solver.joint.entries import CondaPackage, Entries, Entry
from resolver.solver.joint.listing import Listing
from resolver.solver.joint.possible import Node, Possible, Rules
from resolver.solver.knowledge import Knowledge
from resolver.solver.requirements import Dependency
from resolver.solver.versions import ranks

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["Graph", "Need", "Project"]


class Need(NamedTuple):
    """A requirement: a project and some of its extras (``nodes``, the project itself first), as one of the ``admitted``
    ranks."""

    name: str
    nodes: tuple[Node, ...]
    specifier: str
    admitted: int


class Project:
    """A project that has been met: its entries, the conda packages that would provide it, and by extra what has been
    looked at: a mask, and the needs of each rank that was not ruled out thereby."""

    def __init__(self, entries: Entries, providers: tuple[str, ...]) -> None:
        self.entries = entries
        self.providers = providers
        self.known: dict[str, int] = {"": 0}
        self.needs: dict[str, dict[int, tuple[Need, ...]]] = {"": {}}


class Graph:
    """All projects within reach of the requests, for one target, and which of their entries are still possible.

    ``providers`` gives the conda records that could provide a project.
    """

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        requests: Sequence[Request],
        listing: Listing,
        providers: Callable[[str], Sequence[CondaRecord]],
    ) -> None:
        self._knowledge = knowledge
        self._listing = listing
        self._providers = providers
        self._projects: dict[str, Project] = {}
        self._waiting: list[tuple[Node, int]] = []
        self._rules = Rules()
        self.possible = Possible(self._rules)
        self.roots = tuple(self._root(request) for request in requests)
        for need in self.roots:
            for node in need.nodes:
                self.possible.require(node, need.admitted)
        self._go_on()

    def project(self, name: str) -> Project:
        return self._projects[name]

    def entry(self, name: str, rank: int) -> Entry | None:
        """The entry of that rank; ``None`` where it cannot be had."""
        return self._projects[name].entries.entry(rank)

    def version(self, name: str, rank: int) -> Version:
        return self._projects[name].entries.version(rank)

    def best(self, name: str, possible: int) -> int | None:
        """The most preferred of these ranks that can be had."""
        while possible:
            rank = possible.bit_length() - 1
            if self.entry(name, rank) is not None:
                return rank
            self.possible.rule_out((name, ""), 1 << rank)
            possible ^= 1 << rank
        return None

    def needs(self, node: Node, rank: int) -> tuple[Need, ...]:
        """What is known that this rank of a node needs: nothing before it has been looked at."""
        return self._projects[node[0]].needs[node[1]].get(rank, ())

    def known(self, node: Node) -> int:
        """The ranks of a node that have been looked at."""
        return self._projects[node[0]].known[node[1]]

    def to_learn(self, node: Node, rank: int) -> DistributionFile | None:
        """The file whose metadata tells what this rank needs. Of a conda package only its extras are asked."""
        name, extra = node
        entry = self.entry(name, rank)
        if isinstance(entry, DistributionFile):
            return entry
        if extra and isinstance(entry, CondaPackage):
            return self._knowledge.file_of(name, str(self.version(name, rank)))
        return None

    def look_at(self, found: Sequence[tuple[str, int]]) -> None:
        """Take in what has been learned of these ranks of projects, and what follows from it."""
        for name, rank in found:
            for extra in self._projects[name].known:
                self._look_at((name, extra), rank)
        self._go_on()

    # ---- what follows from what is known

    def _go_on(self) -> None:
        while self._waiting and not self.possible.failed:
            self._take_in(*self._waiting.pop())

    def _take_in(self, node: Node, rank: int) -> None:
        """What this rank needs becomes a rule, unless it cannot be had: then the rank is ruled out."""
        if not self.possible.ranks[node] >> rank & 1:
            return
        needs: list[Need] = []
        dependencies = self._dependencies(node, rank)
        # those whose projects have been met come first: what they rule out need not have the others looked up
        for dependency in sorted(dependencies or (), key=lambda found: found.name not in self._projects):
            need = self._need(dependency.name, dependency.specifier, dependency.extras)
            needs.append(need)
            if not self._can_be_met(need):
                dependencies = None
                break
        if dependencies is None:
            self.possible.rule_out(node, 1 << rank)
            return
        self._projects[node[0]].needs[node[1]][rank] = tuple(needs)
        for need in needs:
            for needed in need.nodes:
                self._rules.add(needed, need.specifier, need.admitted, node, rank)

    def _can_be_met(self, need: Need) -> bool:
        """Whether something is left that it admits, and has a file: versions that pin what has none for this platform
        would else be tried one by one."""
        left = need.admitted
        for node in need.nodes:
            left &= self.possible.ranks[node]
        return self.best(need.name, left) is not None

    def _root(self, request: Request) -> Need:
        need = self._need(request.name, request.specifier, request.extras)
        files = self._projects[need.name].entries.files
        return need._replace(admitted=need.admitted & files) if request.hashes else need

    def _need(self, name: str, specifier: str, extras: tuple[str, ...]) -> Need:
        project = self._projects.get(name) or self._meet(name)
        for extra in extras:
            if extra not in project.known:
                self._meet_extra(name, project, extra)
        nodes = ((name, ""), *((name, extra) for extra in extras))
        return Need(name, nodes, specifier, project.entries.admitted(specifier))

    # ---- projects and what is known of them

    def _meet(self, name: str) -> Project:
        records = self._providers(name)
        entries = self._listing.entries(name, records)
        project = self._projects[name] = Project(entries, tuple(sorted({record.name for record in records})))
        self.possible.ranks[name, ""] = entries.all
        for rank in ranks(entries.all & ~entries.files):
            self._look_at((name, ""), rank)
        return project

    def _meet_extra(self, name: str, project: Project, extra: str) -> None:
        project.known[extra], project.needs[extra] = 0, {}
        self._rules.extras[name].add(extra)
        self.possible.ranks[name, extra] = self.possible.ranks[name, ""]
        for rank in ranks(project.known[""]):
            self._look_at((name, extra), rank)

    def _look_at(self, node: Node, rank: int) -> None:
        file = self.to_learn(node, rank)
        if file is None or self._knowledge.known(file) is not None:
            name, extra = node
            project = self._projects[name]
            project.known[extra] |= 1 << rank
            self._waiting.append((node, rank))
            if file is not None:
                self.possible.rule_out((name, ""), project.entries.same_version(rank))

    def _dependencies(self, node: Node, rank: int) -> list[Dependency] | None:
        """What this rank asks for; ``None`` where it cannot be had. So it is where nothing tells what an extra of
        conda's package needs."""
        name, extra = node
        entry = self.entry(name, rank)
        if isinstance(entry, CondaPackage) and not extra:
            return []
        if entry is None or isinstance(entry, (DistributionFile, CondaPackage)):
            file = self.to_learn(node, rank)
            metadata = self._knowledge.known(file) if file is not None else None
        else:
            metadata = entry.metadata
        if not isinstance(metadata, CoreMetadata):
            return None
        found = self._with_own_extras(metadata, extra)
        return None if any(dependency.url is not None for dependency in found) else found

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
