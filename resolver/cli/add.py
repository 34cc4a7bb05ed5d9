"""``samebox add``: one more request in the manifest, and the lock with it."""

from __future__ import annotations

import argparse

from resolver.cli.edits import add_edit_arguments, carry_out, manifests_of, tell
from resolver.manifests.editing import Addition

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", nargs="+", metavar="SPEC", help="a conda spec, or with --pip a Python requirement")
    parser.add_argument("--pip", action="store_true", help="the specs are Python requirements (PEP 508)")
    parser.add_argument("-g", "--group", metavar="GROUP", help="the group to add to (pyproject.toml)")
    add_edit_arguments(parser)


def run(options: argparse.Namespace) -> int:
    additions = [Addition(text=spec, is_pip=options.pip, group=options.group) for spec in options.spec]
    _, (manifest, *_others) = manifests_of(options)
    text = manifest.text
    for addition in additions:
        text = manifest.editor.add(text, manifest.source, addition)

    def said() -> None:
        told = ", ".join(addition.text for addition in additions)
        tell(manifest.source, f"{told} {'added' if text != manifest.text else 'is there already'}")

    return carry_out(options, {manifest.source: (manifest, text)}, said)
