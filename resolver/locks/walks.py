"""Walks through the graph of a lock: the chains that lead to a package, and the tree below (or above) one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from resolver.locks.graph import LockGraph, Node
from resolver.model import Root
from resolver.values import dataclass

__all__ = ["Chain", "TreeRow", "all_chains", "shortest_chains", "tree_rows"]

_MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The way from a request (``None``: the lock does not tell it) to a package. ``steps`` are the packages on it with
    the constraint that each puts on the next (the last: ``""``)."""

    root: Root | None
    steps: tuple[tuple[Node, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """One line of a tree in the order from top to bottom. ``last`` says for each level down to this one whether the
    row is the last there (a top has none); ``constraint`` is what the parent asks for; what is below a ``repeated``
    row has been shown, and what is below a ``cut`` one was not asked for."""

    node: Node
    last: tuple[bool, ...] = ()
    constraint: str = ""
    repeated: bool = False
    cut: bool = False


def shortest_chains(graph: LockGraph, target: Node) -> list[Chain]:
    """A shortest chain for each request that leads to ``target``, the shortest first."""
    by_group: dict[str | None, dict[Node, tuple[Node | None, str]]] = {}
    chains = []
    for start, root in _starts(graph):
        group = _kept_group(graph, start, root)
        if group not in by_group:
            by_group[group] = _onward(graph, target, group)
        if start in by_group[group]:
            steps = []
            node: Node | None = start
            while node is not None:
                node_after, constraint = by_group[group][node]
                steps.append((node, constraint))
                node = node_after
            chains.append(Chain(root=root, steps=tuple(steps)))
    return sorted(chains, key=_length)


def all_chains(graph: LockGraph, target: Node, *, most: int) -> tuple[list[Chain], bool]:
    """All chains without a circle, the shortest first, at most so many, and whether that is really all."""
    starts: dict[Node, list[Root | None]] = {}
    for start, root in _starts(graph):
        starts.setdefault(start, []).append(root)
    chains: list[Chain] = []
    waiting: deque[tuple[tuple[Node, str], ...]] = deque([((target, ""),)])
    for _ in range(_MOST_STEPS):
        if not waiting:
            return sorted(chains, key=_length), True
        path = waiting.popleft()
        for root in starts.get(path[0][0], ()):
            group = _kept_group(graph, path[0][0], root)
            if not all(_is_in(graph, node, group) for node, _ in path):
                continue
            if len(chains) == most:
                return sorted(chains, key=_length), False
            chains.append(Chain(root=root, steps=path))
        on_path = {node for node, _ in path}
        waiting.extend(((node, c), *path) for node, c in graph.needed_by[path[0][0]] if node not in on_path)
    return sorted(chains, key=_length), False


def _starts(graph: LockGraph) -> Iterator[tuple[Node, Root | None]]:
    if not graph.requests:
        yield from ((node, None) for node in graph.tops)
    for node, roots in graph.requests.items():
        yield from ((node, root) for root in roots)


def _kept_group(graph: LockGraph, start: Node, root: Root | None) -> str | None:
    """The group that no chain from a request leaves. What a package needs is kept for all of its extras together, and
    another group may have asked for the extra: so what one step needs is not always what the request brought in.

    ``None`` where the lock does not keep the groups of its requests.
    """
    return root.group if root is not None and root.group in graph.packages[start].groups else None


def _is_in(graph: LockGraph, node: Node, group: str | None) -> bool:
    return group is None or group in graph.packages[node].groups


def _onward(graph: LockGraph, target: Node, group: str | None) -> dict[Node, tuple[Node | None, str]]:
    """For each package from which ``target`` can be reached within a group, the next on a shortest way with the
    constraint on it."""
    if not _is_in(graph, target, group):
        return {}
    found: dict[Node, tuple[Node | None, str]] = {target: (None, "")}
    waiting = deque([target])
    while waiting:
        node = waiting.popleft()
        for other, constraint in graph.needed_by[node]:
            if other not in found and _is_in(graph, other, group):
                found[other] = (node, constraint)
                waiting.append(other)
    return found


def _length(chain: Chain) -> tuple[object, ...]:
    root = chain.root
    return len(chain.steps), (root.origin, root.requirement, root.group) if root is not None else (), chain.steps


def tree_rows(
    graph: LockGraph, tops: Sequence[Node], *, inverted: bool = False, depth: int | None = None
) -> Iterator[TreeRow]:
    """The tree below each of ``tops``, or (``inverted``) what needs them; ``depth`` levels below the tops."""
    edges = graph.needed_by if inverted else graph.needs
    shown: set[Node] = set()
    stack = [TreeRow(node=node) for node in reversed(tops)]
    while stack:
        row = stack.pop()
        below = edges[row.node]
        repeated = bool(below) and row.node in shown
        cut = bool(below) and not repeated and depth is not None and len(row.last) >= depth
        yield TreeRow(node=row.node, last=row.last, constraint=row.constraint, repeated=repeated, cut=cut)
        if repeated or cut:
            continue
        shown.add(row.node)
        children = [
            TreeRow(node=node, last=(*row.last, number == len(below) - 1), constraint=constraint)
            for number, (node, constraint) in enumerate(below)
        ]
        stack.extend(reversed(children))
