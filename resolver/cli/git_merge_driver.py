"""``samebox git-merge-driver``: what git runs where both sides of a merge have changed a lock.

It takes a side as it stands, where only that one has changed what is locked. It never combines two locks: a combination
was never solved. Then both sides stay in the file with conflict markers, and ``samebox lock`` solves them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resolver.errors import LockFormatError
from resolver.files import read_text, write_atomic
from resolver.locks.conflict_markers import Sides, conflict_text
from resolver.locks.files import format_of
from resolver.locks.merge import MergedText, merged_text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="%O", help="the file of the common ancestor")
    parser.add_argument("ours", metavar="%A", help="the file of our side; the result is written to it")
    parser.add_argument("theirs", metavar="%B", help="the file of their side")
    parser.add_argument("path", metavar="%P", help="what the lock is called in the repository")


def run(options: argparse.Namespace) -> int:
    """Exit 0: merged; 1: a conflict, which git tells too."""
    base, ours, theirs = (read_text(Path(name)) for name in (options.base, options.ours, options.theirs))
    sides = Sides(ours=ours, theirs=theirs, base=base or None)
    merged = _merged(sides, options.path)
    if merged.text != ours:
        write_atomic(Path(options.ours), merged.text.encode())
    print(f"{options.path}: {merged.reason}", file=sys.stderr)
    if merged.is_conflict:
        print(
            f"hint: merge the manifest, then `samebox lock` and `git add {options.path}`: it solves again, and keeps "
            "what both sides agree on",
            file=sys.stderr,
        )
    return 1 if merged.is_conflict else 0


def _merged(sides: Sides, path: str) -> MergedText:
    try:
        lock_format = format_of(path)
    except LockFormatError as error:
        return MergedText(text=conflict_text(sides), is_conflict=True, reason=error.message)
    return merged_text(sides, lock_format, path)
