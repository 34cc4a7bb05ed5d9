"""What the commands that walk through a lock share: reading its graphs, finding a name, and saying a package."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from resolver.cli.lock_sources import lock_asked
from resolver.cli.options import settings_beside
from resolver.errors import ResolverError
from resolver.locks.graph import LockGraph, Node, graph_of
from resolver.model import Root
from resolver.names import NamesMap

__all__ = ["asked_for", "graphs_of", "root_as_data", "said", "with_name"]


def graphs_of(options: argparse.Namespace) -> list[LockGraph]:
    """The graph of each platform of the lock, or of those that the options name."""
    path = Path(options.lock)
    lock = lock_asked(options, tuple(dict.fromkeys(options.platform or ())))
    names = NamesMap.load(settings_beside(path).names)
    platforms = options.platform or [locked.platform for locked in lock.platforms]
    return [graph_of(lock, platform, names) for platform in sorted(dict.fromkeys(platforms))]


def with_name(graphs: list[LockGraph], name: str) -> list[tuple[LockGraph, tuple[Node, ...]]]:
    """The graphs in which ``name``, of either world, is locked, with what is locked under it. Raises
    ``ResolverError`` with the nearest names where it is in none."""
    found = [(graph, nodes) for graph in graphs if (nodes := graph.nodes_of(name))]
    if found:
        return found
    known = sorted({other for graph in graphs for other in graph.names})
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    platforms = ", ".join(graph.platform for graph in graphs)
    raise ResolverError(
        f"{name} is not locked for {platforms}",
        hint=f"did you mean {' or '.join(near)}?" if near else "`samebox tree` shows all that is locked",
    )


def said(graph: LockGraph, node: Node) -> str:
    """A package with its version; what comes from PyPI is marked, conda's is not."""
    return f"{node[1]} {graph.packages[node].version}{'' if node[0] == 'conda' else ' (pypi)'}"


def asked_for(root: Root) -> str:
    """A request as people write it, with what implied it."""
    text = _plain(root.requirement) if root.kind == "conda" else root.requirement
    group = f" in group {root.group}" if root.group != "main" else ""
    return f"{text}{f', which {root.via} implies,' if root.via else ''}{group}"


def root_as_data(root: Root) -> dict[str, str | None]:
    return {
        "kind": root.kind,
        "requirement": root.requirement,
        "marker": root.marker,
        "group": root.group,
        "origin": root.origin,
        "via": root.via,
    }


def _plain(spec: str) -> str:
    """``numpy[version='>=2']`` as ``numpy >=2``; what has more to it stays in brackets, where it has one meaning."""
    name, bracket, rest = spec.partition("[version='")
    version = rest.removesuffix("']")
    return f"{name} {version}" if bracket and "'" not in version else spec
