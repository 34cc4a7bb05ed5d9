"""``samebox digest``."""

from __future__ import annotations

import argparse
import json
import sys

from resolver.canonicalizer import canonical_bytes, digest
from resolver.cli.lock_sources import (
    add_from_image_argument,
    add_lock_environment_argument,
    lock_asked,
    source_asked,
)
from resolver.cli.options import add_json_argument, add_lock_argument
from resolver.errors import SettingsError

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lock_argument(parser)
    add_from_image_argument(parser)
    add_lock_environment_argument(parser)
    parser.add_argument("-p", "--platform", metavar="PLATFORM", help="the digest of what this platform installs")
    parser.add_argument("-g", "--group", action="append", metavar="GROUP", help="with -p: these groups besides main")
    parser.add_argument("--canonical", action="store_true", help="print the canonical form itself (JSON)")
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    if options.group and not options.platform:
        raise SettingsError("--group selects part of one platform", hint="give the platform too: -p linux-64")
    lock = lock_asked(options, [options.platform] if options.platform else [], source_asked(options))
    if options.canonical:
        sys.stdout.buffer.write(canonical_bytes(lock))
        return 0
    groups = ("main", *(options.group or ()))
    if options.json:
        platforms = [options.platform] if options.platform else [p.platform for p in lock.platforms]
        body = {
            "lock": str(digest(lock)),
            "platforms": {p: str(digest(lock, platform=p, groups=groups)) for p in platforms},
        }
        print(json.dumps(body, indent=2, sort_keys=True))
        return 0
    print(digest(lock, platform=options.platform, groups=groups) if options.platform else digest(lock))
    return 0
