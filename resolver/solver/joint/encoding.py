"""PyPI projects as records that a SAT solver can hold beside conda's.

- A project ``p`` is the package ``pypi-p``, whose versions are the ranks of its entries (see ``graph``) that are still
  possible; a specifier becomes intervals of ranks.
- ``p[x]`` is the package ``pypi-p--x``, whose every rank needs the same rank of ``pypi-p`` and what the extra adds.
  Only extras that are asked for are encoded. (py-rattler has extras of its own, but was seen to leave out what one
  needs.)
- A wheel's entry excludes the conda packages that would provide the same project: one project has one owner.
- Of entries that need the same, and that every spec admits or refuses together, the best stands for all: what any
  other of them could do it can do too, and it is preferred. Most entries are not known, so few records are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from resolver.conda import MadeUpRecord
from resolver.solver.joint.entries import CondaPackage
from resolver.solver.joint.graph import Graph, Need
from resolver.solver.joint.possible import Node
from resolver.solver.joint.yanked import Pinners
from resolver.solver.versions import ranks

__all__ = ["Encoding"]

_EXTRA = "--"
"""Between a project and its extra in the name of a made-up package: no normalised name holds two dashes in a row."""

_NOTHING = "[build='samebox-excludes-this']"
"""The end of a MatchSpec that no record matches."""

_Specs = tuple[str, ...] | None
"""What an entry needs, or an extra of it adds; ``None`` where it cannot be had."""


class Encoding:
    """The records of what is possible in a graph, and the requests as ``specs``, in their order."""

    def __init__(self, graph: Graph, constraints: Mapping[str, Sequence[str]]) -> None:
        self._graph = graph
        self._pinners = Pinners()
        self._texts: dict[tuple[str, int], str] = {}
        self._bounds: dict[str, set[int]] = {}
        for name, specifiers in constraints.items():
            for specifier in specifiers:
                self._pinners.add(name, specifier, "")
        needs = graph.roots
        for need in needs:
            self._pinners.add(need.name, need.specifier, "")
        self.specs = tuple(spec for need in needs for spec in self._specs_of(need))
        self.records = tuple(self._records_of_all(self._specs_by_node(needs)))

    @staticmethod
    def chosen(answer: Mapping[str, int]) -> dict[Node, int]:
        """The chosen rank of each project and of each of its extras, out of the ranks of all made-up packages."""
        parts = ((name.removeprefix("pypi-").partition(_EXTRA), rank) for name, rank in answer.items())
        return {(project, extra): rank for (project, _, extra), rank in parts if not extra.startswith("-")}

    # ---- needs as specs

    def _specs_by_node(self, needs: Sequence[Need]) -> dict[Node, dict[int, tuple[str, ...]]]:
        """Of every node within reach, what each rank needs that is possible and known to need anything."""
        found: dict[Node, dict[int, tuple[str, ...]]] = {}
        waiting = [node for need in needs for node in need.nodes]
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found[node] = {}
            for rank in ranks(self._possible(node) & self._graph.known(node)):
                needed = self._graph.needs(node, rank)
                found[node][rank] = tuple(dict.fromkeys(spec for need in needed for spec in self._specs_of(need)))
                waiting.extend(other for need in needed for other in need.nodes)
                for need in needed:
                    self._pinners.add(need.name, need.specifier, _exactly(node, rank))
        return found

    def _specs_of(self, need: Need) -> list[str]:
        """One on the project, and one on each extra."""
        text = self._text(need.name, need.admitted & self._possible((need.name, "")))
        version = f"[version='{text}']" if text else ""
        return [f"{_package(node)}{version}" for node in need.nodes]

    def _text(self, name: str, admitted: int) -> str:
        """Possible ranks as a conda version spec: ``""`` for all, and for none a spec that no rank matches."""
        text = self._texts.get((name, admitted))
        if text is None:
            possible = self._possible((name, ""))
            intervals = [] if admitted == possible else list(_intervals(admitted, possible))
            self._bounds.setdefault(name, set()).update(end for interval in intervals for end in interval)
            text = "|".join(f"=={a}" if b == a + 1 else f">={a},<{b}" for a, b in intervals)
            text = self._texts[name, admitted] = text if admitted else "<0"
        return text

    # ---- records

    def _records_of_all(self, specs: Mapping[Node, Mapping[int, tuple[str, ...]]]) -> Iterator[MadeUpRecord]:
        extras: dict[str, list[str]] = {}
        for name, extra in sorted(specs):
            extras.setdefault(name, []).append(extra)
        for name, asked in extras.items():
            nodes = [(name, extra) for extra in asked]
            for rank, needs in self._best(name, nodes, specs):
                yield from self._records_of(rank, dict(zip(nodes, needs, strict=True)))

    def _best(
        self, name: str, nodes: Sequence[Node], specs: Mapping[Node, Mapping[int, tuple[str, ...]]]
    ) -> list[tuple[int, tuple[_Specs, ...]]]:
        """Of the entries between two bounds that need the same, the best."""
        bounds = sorted(self._bounds.get(name, ()))
        best: dict[tuple[int, tuple[_Specs, ...]], int] = {}
        for rank in sorted(self._ranks_of(name, bounds)):
            needs = tuple(self._specs_at(node, rank, specs[node]) for node in nodes)
            best[bisect_right(bounds, rank), needs] = rank
        return sorted((rank, needs) for (_, needs), rank in best.items())

    def _ranks_of(self, name: str, bounds: Sequence[int]) -> set[int]:
        """The known ones, the best of the unknown ones between two bounds, and the yanked ones that are pinned."""
        project = self._graph.project(name)
        possible = self._possible((name, ""))
        known = self._graph.known((name, "")) & possible & ~project.entries.yanked
        found = set(ranks(known))
        start = 0
        for end in (*bounds, project.entries.size):
            between = possible & ~known & ~project.entries.yanked & ((1 << end) - (1 << start))
            best = self._graph.best(name, between)
            if best is not None:
                found.add(best)
            start = end
        for pin in self._pinners.specifiers(name):
            pinned = ranks(project.entries.admitted(pin) & project.entries.yanked & possible)
            found.update(rank for rank in pinned if self._graph.entry(name, rank) is not None)
        return found

    def _specs_at(self, node: Node, rank: int, specs: Mapping[int, tuple[str, ...]]) -> _Specs:
        if not self._possible(node) >> rank & 1:
            return None
        package = None if node[1] else self._package_of_conda(node[0], rank)
        return specs.get(rank, ()) if package is None else (package,)

    def _package_of_conda(self, name: str, rank: int) -> str | None:
        """The spec of the package that the entry is, if it is one of conda's."""
        entry = self._graph.entry(name, rank)
        return f"{entry.name}[version='=={entry.version}']" if isinstance(entry, CondaPackage) else None

    def _records_of(self, rank: int, needs: Mapping[Node, _Specs]) -> Iterator[MadeUpRecord]:
        for node, specs in needs.items():
            if specs is None:
                continue
            name, extra = node
            if extra:
                yield MadeUpRecord(name=_package(node), rank=rank, depends=(_exactly((name, ""), rank), *specs))
            else:
                yield from self._records_of_entry(name, rank, specs)

    def _records_of_entry(self, name: str, rank: int, specs: tuple[str, ...]) -> Iterator[MadeUpRecord]:
        project = self._graph.project(name)
        is_condas = self._package_of_conda(name, rank) is not None
        excluded = () if is_condas else tuple(f"{package}{_NOTHING}" for package in project.providers)
        if project.entries.yanked >> rank & 1:
            specs = (*specs, Pinners.need(name, rank))
            yield from self._pinners.records(name, rank, lambda pin: bool(project.entries.admitted(pin) >> rank & 1))
        yield MadeUpRecord(name=_package((name, "")), rank=rank, depends=specs, constrains=excluded)

    def _possible(self, node: Node) -> int:
        return self._graph.possible.ranks[node]


def _package(node: Node) -> str:
    name, extra = node
    return f"pypi-{name}{_EXTRA}{extra}" if extra else f"pypi-{name}"


def _exactly(node: Node, rank: int) -> str:
    return f"{_package(node)}[version='=={rank}']"


def _intervals(admitted: int, possible: int) -> Iterator[tuple[int, int]]:
    """The runs of the admitted ranks, lowest first: from the first rank of a pair to before the second. A run goes on
    over ranks that are not possible, so that there are few."""
    refused = possible & ~admitted
    while admitted:
        start = _lowest(admitted)
        end = start + _lowest(refused >> start) if refused >> start else admitted.bit_length()
        yield start, end
        admitted = admitted >> end << end


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
