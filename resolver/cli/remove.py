"""``samebox remove``: requests taken out of the manifests, and what only they needed out of the lock."""

from __future__ import annotations

import argparse
import difflib

from resolver.cli.edits import Manifest, add_edit_arguments, carry_out, manifests_of, tell
from resolver.errors import ManifestError
from resolver.manifests.editing import Removal

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="+", metavar="NAME", help="what no longer to ask for, from conda and from PyPI")
    parser.add_argument("-g", "--group", metavar="GROUP", help="only from this group")
    add_edit_arguments(parser)


def run(options: argparse.Namespace) -> int:
    _, manifests = manifests_of(options)
    texts = {manifest.source: manifest.text for manifest in manifests}
    removed: list[tuple[str, str]] = []
    for name in options.name:
        removal = Removal(name=name, group=options.group)
        found = False
        for manifest in manifests:
            text = manifest.editor.remove(texts[manifest.source], manifest.source, removal)
            if text != texts[manifest.source]:
                texts[manifest.source] = text
                removed.append((manifest.source, name))
                found = True
        if not found:
            raise _unknown(name, manifests, options.group)

    def said() -> None:
        for source, name in removed:
            tell(source, f"{name} removed")

    return carry_out(options, {m.source: (m, texts[m.source]) for m in manifests}, said)


def _unknown(name: str, manifests: list[Manifest], group: str | None) -> ManifestError:
    there = sorted({other for m in manifests for other in m.editor.names(m.text, m.source)})
    near = difflib.get_close_matches(name.lower(), there, n=1, cutoff=0.6)
    files = ", ".join(manifest.source for manifest in manifests)
    within = f" in group {group}" if group else ""
    return ManifestError(
        f"{name} is not asked for in {files}{within}",
        hint=f"did you mean {near[0]}?" if near and near[0] != name else f"`samebox why {name}` tells who needs it",
    )
