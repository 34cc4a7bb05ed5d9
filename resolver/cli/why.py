"""``samebox why``: the chains that lead from a request to a package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from resolver.cli.graphs import asked_for, graphs_of, root_as_data, said, with_name
from resolver.cli.lock_sources import add_lock_environment_argument
from resolver.cli.options import add_json_argument, add_lock_argument
from resolver.locks.graph import LockGraph, Node
from resolver.locks.walks import Chain, all_chains, shortest_chains

__all__ = ["add_arguments", "run"]

_MOST_SHORTEST = 5
_MOST_CHAINS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lock_argument(parser)
    add_lock_environment_argument(parser)
    parser.add_argument("name", metavar="NAME", help="a locked package, by its conda or its PyPI name")
    parser.add_argument("-p", "--platform", action="append", metavar="PLATFORM", help="default: all that are locked")
    parser.add_argument(
        "--all", action="store_true", help=f"every chain (at most {_MOST_CHAINS}), not a shortest for each request"
    )
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    graphs = graphs_of(options)
    found = with_name(graphs, options.name)
    if options.json:
        body = {graph.platform: [_as_data(graph, node, options.all) for node in nodes] for graph, nodes in found}
        print(json.dumps({"name": options.name, "platforms": body}, indent=2, sort_keys=True))
        return 0
    told: dict[str, list[str]] = {}
    for graph, nodes in found:
        for node in nodes:
            told.setdefault("\n".join(_lines(graph, node, options.all)), []).append(graph.platform)
    for text, platforms in told.items():
        head, _, rest = text.partition("\n")
        print(f"{head}, locked for {', '.join(platforms)}\n{rest}")
    without = [graph.platform for graph in graphs if graph.platform not in {g.platform for g, _ in found}]
    if without:
        print(f"it is not locked for {', '.join(without)}", file=sys.stderr)
    return 0


def _chains(graph: LockGraph, node: Node, every: bool) -> tuple[list[Chain], bool]:
    return all_chains(graph, node, most=_MOST_CHAINS) if every else (shortest_chains(graph, node), True)


def _lines(graph: LockGraph, node: Node, every: bool) -> Iterator[str]:
    yield said(graph, node)
    chains, complete = _chains(graph, node, every)
    shown = chains if every else chains[:_MOST_SHORTEST]
    for chain in shown:
        if chain.root is not None:
            yield f"  {chain.root.origin or 'a request'} asks for {asked_for(chain.root)}"
        for (one, constraint), (other, _) in zip(chain.steps, chain.steps[1:], strict=False):
            yield f"    {said(graph, one)} needs {other[1]}{_constraint(other, constraint)}"
    if not graph.requests:
        yield "  the lock does not keep what was asked for: a chain begins where nothing else needs a package"
    if len(shown) < len(chains):
        yield f"  … and {len(chains) - len(shown)} more requests lead to it (--all shows every chain)"
    if not complete:
        yield f"  … and more chains than the {len(chains)} above"


def _constraint(node: Node, constraint: str) -> str:
    if not constraint:
        return ""
    return f" {constraint}" if node[0] == "conda" else constraint


def _as_data(graph: LockGraph, node: Node, every: bool) -> dict[str, Any]:
    chains, complete = _chains(graph, node, every)
    return {
        "kind": node[0],
        "name": node[1],
        "version": graph.packages[node].version,
        "complete": complete,
        "chains": [
            {
                "request": root_as_data(chain.root) if chain.root is not None else None,
                "steps": [
                    {"kind": kind, "name": name, "version": graph.packages[kind, name].version, "needs": constraint}
                    for (kind, name), constraint in chain.steps
                ],
            }
            for chain in chains
        ],
    }
