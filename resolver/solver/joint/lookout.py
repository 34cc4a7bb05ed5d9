"""Which metadata are learned next: a function of what was chosen, and so of the requests alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from resolver.indexes import DistributionFile
from resolver.solver.joint.graph import Graph
from resolver.solver.joint.possible import Node
from resolver.solver.knowledge import Knowledge
from resolver.solver.versions import descending

__all__ = ["Lookout"]

_NEIGHBOURS = (1, 4, 16, 64, 128, 256)
"""How many less preferred entries are learned beside a chosen one of which nothing was known: at the first time that
this happens to a project, at the second, and so on. A search that still walks back has far to go, and most never do."""


class Lookout:
    """Has a graph look at what was chosen, and counts how often a project surprises."""

    def __init__(self, graph: Graph, knowledge: Knowledge) -> None:
        self._graph = graph
        self._knowledge = knowledge
        self._surprises: Counter[str] = Counter()

    def learn(self, chosen: Iterable[tuple[Node, int]]) -> bool:
        """Look at those of the chosen ranks that have not been looked at, and at the next possible ones that are
        preferred less: what the search will most likely turn to. Returns whether there were any."""
        found: dict[tuple[str, int], None] = {}
        files: list[tuple[str, DistributionFile]] = []
        surprising: set[str] = set()
        for node, rank in sorted(chosen):
            if self._graph.known(node) >> rank & 1:
                continue
            name, _ = node
            found[name, rank] = None
            for other, file in self._run(node, rank):
                found[name, other] = None
                if self._knowledge.known(file) is None:
                    files.append((name, file))
                    surprising.add(name)
        self._surprises.update(surprising)
        self._knowledge.learn(files)
        self._graph.look_at(list(found))
        return bool(found)

    def _run(self, node: Node, rank: int) -> Iterator[tuple[int, DistributionFile]]:
        """The rank, and those after it that are known from elsewhere (an earlier solve) or are to be learned with
        it. Metadata of an sdist may need a build, and nothing is built that may not be chosen."""
        first = self._graph.to_learn(node, rank)
        if first is None:
            return
        yield rank, first
        more = 0 if self._knowledge.known(first) is not None else self._neighbours(node[0])
        possible = self._graph.possible.ranks[node] & ~self._graph.project(node[0]).entries.yanked
        for other in descending(possible & ~self._graph.known(node) & ((1 << rank) - 1)):
            file = self._graph.to_learn(node, other)
            if file is None or self._knowledge.known(file) is None:
                if file is None or not file.filename.endswith(".whl"):
                    continue
                if not more:
                    return
                more -= 1
            yield other, file

    def _neighbours(self, project: str) -> int:
        return _NEIGHBOURS[min(self._surprises[project], len(_NEIGHBOURS) - 1)]
