"""``samebox install``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from resolver.cli.lock_sources import add_lock_environment_argument, lock_asked
from resolver.cli.options import add_json_argument, add_lock_argument, settings_beside
from resolver.cli.progress import Progress
from resolver.outputs import host_platform, install
from resolver.session import Session

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lock_argument(parser)
    add_lock_environment_argument(parser)
    parser.add_argument("--prefix", required=True, metavar="DIR", help="the folder to install into: new, or ours")
    parser.add_argument("-p", "--platform", metavar="PLATFORM", help="default: this machine's")
    parser.add_argument("-g", "--group", action="append", default=[], metavar="GROUP", help="a group besides main")
    parser.add_argument("--target-prefix", metavar="DIR", help="where the prefix will be used, if elsewhere")
    parser.add_argument("--python", metavar="PATH", help="the interpreter, where the lock holds wheels only")
    parser.add_argument("--offline", action="store_true", help="use the artifacts in the cache only")
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    path = Path(options.lock)
    settings = settings_beside(path)
    platform = options.platform or host_platform()
    lock = lock_asked(options, [platform])
    with Session.for_settings(settings, offline=options.offline) as session, Progress() as progress:
        report = install(
            lock,
            options.prefix,
            platform=platform,
            groups=("main", *options.group),
            session=session,
            python=Path(options.python) if options.python else None,
            target_prefix=Path(options.target_prefix) if options.target_prefix else None,
            progress=lambda stage, done, total: progress(f"{stage} {done}/{total}" if total else stage),
        )
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.json:
        print(json.dumps({"conda": report.conda, "wheels": report.wheels, "warnings": report.warnings}, indent=2))
    else:
        print(f"{options.prefix}: {report.conda} conda packages, {report.wheels} wheels", file=sys.stderr)
    return 0
