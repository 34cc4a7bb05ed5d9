"""The best answer where nobody has to step back: each project in turn at the best entry that is still possible.

The roots are decided first, in their order, and after each decision what can no longer be is ruled out. Where that
comes to an end with every entry looked at, the answer is the best there is for the roots: each has the best version of
which it was not certain already that no answer has it beside those of the roots before it. Where it does not, what it
met is what a solver will look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from resolver.solver.joint.graph import Graph, Need
from resolver.solver.joint.possible import Node
from resolver.solver.versions import is_pin

__all__ = ["Descent", "descend"]


def descend(graph: Graph, constraints: Mapping[str, Sequence[str]]) -> Descent:
    """As far down as it goes by what the graph knows, once it knows of the files that it was asked for in vain."""
    while True:
        descent = Descent(graph, constraints)
        if not descent.unusable or graph.possible.failed:
            return descent


class Descent:
    """What was decided: ``chosen`` ranks by project. ``complete`` says that nothing is left to be decided and nothing
    contradicts it; of what was decided, some may not have been looked at. ``unusable`` says that it ended where no
    file of what was possible can be used, which the graph knows now."""

    def __init__(self, graph: Graph, constraints: Mapping[str, Sequence[str]]) -> None:
        self._graph = graph
        self._constraints = constraints
        self._left = graph.possible.copy()
        self._needed_by: dict[str, list[str]] = {}
        self.chosen: dict[str, int] = {}
        self._done: dict[Node, None] = {}
        self.unusable = False
        for need in graph.roots:
            self._needed_by.setdefault(need.name, []).append(need.specifier)
        self.complete = self._descend()

    def nodes(self) -> Iterator[tuple[Node, int]]:
        """What was decided, extras included, with the ranks."""
        return ((node, self.chosen[node[0]]) for node in self._done)

    def _descend(self) -> bool:
        roots: dict[str, int] = {}
        for place, need in enumerate(self._graph.roots):
            roots.setdefault(need.name, place)
        while not self._left.failed:
            waiting = [node for node in self._left.required if node not in self._done]
            if not waiting:
                return True
            node = min(waiting, key=lambda node: self._turn(node, roots.get(node[0])))
            if not self._decide(node):
                return False
        return False

    def _turn(self, node: Node, root: int | None) -> tuple[int, int, Node]:
        """Roots in their order, then what has the least choice."""
        if root is not None:
            return root, 0, node
        return len(self._graph.roots), self._left.ranks[node].bit_count(), node

    def _decide(self, node: Node) -> bool:
        name, _ = node
        if name not in self.chosen:
            rank = self._graph.best(name, self._left.ranks[name, ""])
            if rank is None:
                self.unusable = True
                return False
            if not self._may_be_chosen(name, rank):
                return False
            self.chosen[name] = rank
            self._left.limit((name, ""), 1 << rank)
        self._done[node] = None
        for need in self._graph.needs(node, self.chosen[name]):
            self._require(need)
        return True

    def _require(self, need: Need) -> None:
        self._needed_by.setdefault(need.name, []).append(need.specifier)
        for needed in need.nodes:
            self._left.require(needed, need.admitted)

    def _may_be_chosen(self, name: str, rank: int) -> bool:
        """A yanked entry has to be pinned by a root or by what was decided before."""
        entries = self._graph.project(name).entries
        if not entries.yanked >> rank & 1:
            return True
        pins = filter(is_pin, (*self._needed_by.get(name, ()), *self._constraints.get(name, ())))
        return any(entries.admitted(pin) >> rank & 1 for pin in pins)
