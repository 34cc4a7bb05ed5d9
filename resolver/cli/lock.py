"""``samebox lock``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from resolver.canonicalizer import digest
from resolver.cli.environments import add_all_environments_argument, environments_of
from resolver.cli.options import add_environment_arguments, add_json_argument, add_network_arguments
from resolver.cli.previous_lock import Previous, is_written_otherwise, pins_from, read_previous
from resolver.cli.progress import Progress
from resolver.errors import SettingsError
from resolver.files import FileLock
from resolver.hashes import sha256
from resolver.light_typing import TYPE_CHECKING
from resolver.locks.files import format_of, lock_texts, write_texts
from resolver.values import dataclass, replace

if TYPE_CHECKING:
    import argparse

    from resolver.environment import Environment
    from resolver.locks.differences import Difference
    from resolver.model import Lock
    from resolver.session import Session

__all__ = ["add_arguments", "done", "guard", "run"]

_MOST_DIFFERENCES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_environment_arguments(parser)
    add_all_environments_argument(parser)
    add_network_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--complete",
        metavar="LOCK",
        help="solve nothing: look up what another tool's lock lacks for an identity, and write it",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="with --complete: the lock to write (default: LOCK)")
    parser.add_argument(
        "--from", dest="from_lock", metavar="LOCK", help="keep what this lock (uv.lock, poetry.lock, …) has pinned"
    )
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
    if options.complete is not None:
        from resolver.cli.completion import complete

        return complete(options)
    _refuse_contradictions(options)
    if options.check:
        from resolver.cli import check as check_command

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


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.output is not None:
        raise SettingsError("-o is where --complete writes", hint="name the lock file with --lockfile")
    for option, given in (
        ("--check", options.check),
        ("--upgrade", options.upgrade),
        ("--all-environments", options.all_environments),
    ):
        if options.from_lock is not None and given:
            raise SettingsError(f"--from and {option} do not go together", hint="leave one of them out")


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
        with FileLock(guard(session.cache, environment.lockfile)):
            return _lock(environment, session, options)


def guard(cache: Path, lockfile: Path) -> Path:
    """A lock of the operating system for this project, outside of it: two runs on one lock file wait in turn."""
    name = sha256(str(lockfile.resolve()).encode()).hexdigest()
    return cache / "projects" / f"{name[:32]}.lock"


def _lock(environment: Environment, session: Session, options: argparse.Namespace) -> _Locked:
    from resolver.locking import check, lock

    path = environment.lockfile
    previous = read_previous(path, environment)
    old = previous.lock
    fresh = old is not None and check(old, environment).status == "fresh"
    asks_for_change = options.upgrade or options.upgrade_package or options.from_lock is not None
    if old is not None and fresh and not asks_for_change:
        return _Locked(lock=old, path=path, changed=False)
    warnings = list(previous.warnings)
    with Progress() as progress:
        new = lock(
            environment,
            session=session,
            progress=progress,
            warn=warnings.append,
            previous=None if options.upgrade else _pins(environment, previous, options),
            upgrade=options.upgrade_package,
        )
    if old is not None and fresh and _same_packages(old, new, path):
        new = old  # evidence alone is no reason to write a lock that satisfies
    texts = lock_texts(new, format_of(str(path)))
    changed = is_written_otherwise(old, texts)
    if changed and not options.dry_run:
        write_texts(texts, path)
    return _Locked(lock=new, path=path, changed=changed, warnings=warnings)


def _pins(environment: Environment, previous: Previous, options: argparse.Namespace) -> Lock | None:
    """Those of another lock where one is named. What is noted in the old one stays noted."""
    if options.from_lock is None:
        return previous.pins
    pins = pins_from(options.from_lock, environment, options.environment)
    return replace(pins, metadata=previous.pins.metadata if previous.pins is not None else ())


def _same_packages(old: Lock, new: Lock, path: Path) -> bool:
    """Whether the two hold the same, but for how they came about."""
    one, other = (replace(lock, evidence=None, content_hash=(), sources=(), metadata=()) for lock in (old, new))
    return not is_written_otherwise(one, lock_texts(other, format_of(str(path))))


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
    _tell_differences(_differences(lock))
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
        "differences": [{"kind": d.kind, "name": d.name, "versions": dict(d.versions)} for d in _differences(lock)],
        "warnings": list(locked.warnings),
    }


def _differences(lock: Lock) -> tuple[Difference, ...]:
    if len(lock.platforms) < 2:
        return ()
    from resolver.locks.differences import differences

    return differences(lock)


def _tell_differences(found: tuple[Difference, ...]) -> None:
    for difference in found[:_MOST_DIFFERENCES]:
        print(f"differs: {difference}", file=sys.stderr)
    if len(found) > _MOST_DIFFERENCES:
        print(f"differs: {len(found)} packages in all", file=sys.stderr)
