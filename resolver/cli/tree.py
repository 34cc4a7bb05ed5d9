"""``samebox tree``: what needs what, from the requests down, or from a package up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from resolver.cli.graphs import asked_for, graphs_of, root_as_data, said, with_name
from resolver.cli.lock_sources import add_lock_environment_argument
from resolver.cli.options import add_json_argument, add_lock_argument
from resolver.locks.graph import LockGraph, Node
from resolver.locks.walks import TreeRow, tree_rows
from resolver.model import Root

__all__ = ["add_arguments", "run"]

_UNICODE = ("│   ", "    ", "├── ", "└── ")
_ASCII = ("|   ", "    ", "|-- ", "`-- ")
_REPEATED = "(*) what is below has been shown above"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lock_argument(parser)
    add_lock_environment_argument(parser)
    parser.add_argument("-p", "--platform", action="append", metavar="PLATFORM", help="default: all that are locked")
    parser.add_argument("--invert", metavar="NAME", help="what needs this package, by its conda or its PyPI name")
    parser.add_argument("--depth", type=_depth, metavar="N", help="so many levels below the first one")
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    graphs = graphs_of(options)
    if options.invert:
        tops: list[tuple[LockGraph, Sequence[Node]]] = list(with_name(graphs, options.invert))
    else:
        tops = [(graph, graph.tops) for graph in graphs]
    rows = [
        (graph, list(tree_rows(graph, nodes, inverted=bool(options.invert), depth=options.depth)))
        for graph, nodes in tops
    ]
    if options.json:
        body = {graph.platform: [_as_data(graph, row) for row in of_platform] for graph, of_platform in rows}
        print(json.dumps({"platforms": body}, indent=2, sort_keys=True))
        return 0
    style = _style(sys.stdout.encoding)
    told: dict[str, list[str]] = {}
    for graph, of_platform in rows:
        text = "\n".join(_lines(graph, of_platform, style, inverted=bool(options.invert)))
        told.setdefault(text, []).append(graph.platform)
    for text, platforms in told.items():
        print(f"{', '.join(platforms)}\n{text}")
    if any(row.repeated for _, of_platform in rows for row in of_platform):
        print(_REPEATED)
    return 0


def _depth(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"not a number of levels: {text!r}")
    return int(text)


def _style(encoding: str | None) -> tuple[str, str, str, str]:
    """Lines that the encoding of stdout has."""
    try:
        "".join(_UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE


def _lines(
    graph: LockGraph, rows: Sequence[TreeRow], style: tuple[str, str, str, str], *, inverted: bool
) -> Iterator[str]:
    bar, gap, branch, corner = style
    for row in rows:
        lead = "".join(gap if last else bar for last in row.last[:-1])
        lead += (corner if row.last[-1] else branch) if row.last else ""
        asked = _requests(graph, row.node) if inverted or not row.last else ""
        marks = f"{' (*)' if row.repeated else ''}{' …' if row.cut and style is _UNICODE else ''}"
        yield f"{lead}{said(graph, row.node)}{asked}{marks}"


def _requests(graph: LockGraph, node: Node) -> str:
    said_by = dict.fromkeys(_request(root, node[1]) for root in graph.requests.get(node, ()))
    return f"  [{'; '.join(said_by)}]" if said_by else ""


def _request(root: Root, name: str) -> str:
    """Where a request stands, and what it says beyond the name."""
    text = asked_for(root)
    said_here = [root.origin] if root.origin and text == name else [root.origin, text] if root.origin else [text]
    return ": ".join(said_here)


def _as_data(graph: LockGraph, row: TreeRow) -> dict[str, Any]:
    return {
        "depth": len(row.last),
        "kind": row.node[0],
        "name": row.node[1],
        "version": graph.packages[row.node].version,
        "constraint": row.constraint,
        "repeated": row.repeated,
        "cut": row.cut,
        "requests": [root_as_data(root) for root in graph.requests.get(row.node, ())],
    }
