"""``samebox lock``."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.canonicalizer import digest
from resolver.cli import check as check_command
from resolver.cli.environments import add_all_environments_argument, environments_of
from resolver.cli.options import add_environment_arguments, add_json_argument, add_network_arguments
from resolver.cli.previous_lock import is_written_otherwise, read_previous
from resolver.cli.progress import Progress
from resolver.files import lock_file
from resolver.locks.differences import Difference, differences
from resolver.locks.files import format_of, write_lock

if TYPE_CHECKING:
    from resolver.environment import Environment
    from resolver.model import Lock
    from resolver.session import Session

__all__ = ["add_arguments", "done", "guard", "run"]

_MOST_DIFFERENCES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_environment_arguments(parser)
    add_all_environments_argument(parser)
    add_network_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--check", action="store_true", help="only say whether the lock is fresh, as `samebox check`")
    parser.add_argument("--dry-run", action="store_true", help="solve, say what would change, write nothing")
    parser.add_argument("--exit-non-zero-on-write", action="store_true", help="exit 1 if a lock was written, for hooks")
    parser.add_argument("-U", "--upgrade", action="store_true", help="keep no pins: take the newest of everything")
    parser.add_argument(
        "-P",
        "--upgrade-package",
        action="append",
        default=[],
        metavar="NAME[==VERSION]",
        help="let this package go to the newest, or to that version; may be repeated",
    )


def run(options: argparse.Namespace) -> int:
    if options.check:
        return check_command.run(options)
    environments = environments_of(options)
    for _, environment in environments:
        format_of(str(environment.lockfile))  # a name that is no lock's is refused before any work is done
    bodies, wrote = [], False
    for name, environment in environments:
        locked = _locked(environment, options)
        wrote |= locked.changed and not options.dry_run
        if options.json and options.all_environments:
            bodies.append({"environment": name, **_body(options, locked)})
        else:
            _tell(options, locked)
    if options.json and options.all_environments:
        print(json.dumps({"environments": bodies}, indent=2, sort_keys=True))
    return 1 if wrote and options.exit_non_zero_on_write else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locked:
    """What has become of one lock file."""

    lock: Lock
    path: Path
    changed: bool
    warnings: Sequence[str] = ()


def _locked(environment: Environment, options: argparse.Namespace) -> _Locked:
    with environment.session(offline=options.offline, refresh=options.refresh) as session:
        if options.dry_run:
            return _lock(environment, session, options)
        with lock_file(guard(session.cache, environment.lockfile)):
            return _lock(environment, session, options)


def guard(cache: Path, lockfile: Path) -> Path:
    """A lock of the operating system for this project, outside of it: two runs on one lock file wait in turn."""
    name = hashlib.sha256(str(lockfile.resolve()).encode()).hexdigest()
    return cache / "projects" / f"{name[:32]}.lock"


def _lock(environment: Environment, session: Session, options: argparse.Namespace) -> _Locked:
    from resolver.locking import check, lock

    path = environment.lockfile
    previous = read_previous(path)
    old = previous.lock
    fresh = old is not None and check(old, environment).status == "fresh"
    if old is not None and fresh and not options.upgrade and not options.upgrade_package:
        return _Locked(lock=old, path=path, changed=False)
    warnings = list(previous.warnings)
    with Progress() as progress:
        new = lock(
            environment,
            session=session,
            progress=progress,
            warn=warnings.append,
            previous=None if options.upgrade else previous.pins,
            upgrade=options.upgrade_package,
        )
    if old is not None and fresh and _same_packages(old, new, path):
        new = old  # evidence alone is no reason to write a lock that satisfies
    changed = is_written_otherwise(old, new, path)
    if changed and not options.dry_run:
        write_lock(new, path)
    return _Locked(lock=new, path=path, changed=changed, warnings=warnings)


def _same_packages(old: Lock, new: Lock, path: Path) -> bool:
    """Whether the two hold the same, but for how they came about."""
    one, other = (replace(lock, evidence=None, content_hash=(), sources=()) for lock in (old, new))
    return not is_written_otherwise(one, other, path)


def done(lock: Lock, path: Path, options: argparse.Namespace, *, changed: bool, warnings: Sequence[str] = ()) -> int:
    """Say what has become of the lock, and give the exit code."""
    return _tell(options, _Locked(lock=lock, path=path, changed=changed, warnings=warnings))


def _tell(options: argparse.Namespace, locked: _Locked) -> int:
    if options.json:
        print(json.dumps(_body(options, locked), indent=2, sort_keys=True))
        return 0
    lock, path = locked.lock, locked.path
    state = "is up to date" if not locked.changed else "would change (dry run)" if options.dry_run else "written"
    print(f"{path} {state}", file=sys.stderr)
    for platform in lock.platforms:
        print(f"  {platform.platform}: {len(platform.packages)} packages", file=sys.stderr)
    _tell_differences(differences(lock))
    for warning in locked.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(digest(lock))
    return 0


def _body(options: argparse.Namespace, locked: _Locked) -> dict[str, object]:
    lock = locked.lock
    return {
        "lockfile": str(locked.path),
        "changed": locked.changed,
        "written": locked.changed and not options.dry_run,
        "digest": str(digest(lock)),
        "platforms": {p.platform: len(p.packages) for p in lock.platforms},
        "differences": [{"kind": d.kind, "name": d.name, "versions": dict(d.versions)} for d in differences(lock)],
        "warnings": list(locked.warnings),
    }


def _tell_differences(found: tuple[Difference, ...]) -> None:
    for difference in found[:_MOST_DIFFERENCES]:
        print(f"differs: {difference}", file=sys.stderr)
    if len(found) > _MOST_DIFFERENCES:
        print(f"differs: {len(found)} packages in all", file=sys.stderr)
