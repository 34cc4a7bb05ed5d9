"""``samebox check``: offline, and it never writes."""

from __future__ import annotations

import argparse
import json
import sys

from resolver.cli.options import add_environment_arguments, add_json_argument, environment_of
from resolver.locks.files import read_lock

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_environment_arguments(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    environment = environment_of(options)
    path = environment.lockfile
    if not path.exists():
        return _tell(options, "stale", [f"{path} does not exist"])
    from resolver.locking import check

    verdict = check(read_lock(path), environment)
    return _tell(options, verdict.status, [str(shortfall) for shortfall in verdict.shortfalls])


def _tell(options: argparse.Namespace, status: str, reasons: list[str]) -> int:
    if options.json:
        print(json.dumps({"status": status, "reasons": reasons}, indent=2, sort_keys=True))
    else:
        print(status)
        for reason in reasons:
            print(reason, file=sys.stderr)
        if status != "fresh":
            print("hint: `samebox lock` mends it", file=sys.stderr)
    return 0 if status == "fresh" else 1
