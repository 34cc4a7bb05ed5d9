"""``samebox diff``: what is other in one lock than in another, whatever their formats."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resolver.cli.diff_report import Compared, as_json, as_markdown, as_text
from resolver.cli.lock_sources import LockSource, platforms_of
from resolver.errors import SettingsError
from resolver.locks.comparison import compare_locks
from resolver.model import Lock
from resolver.platforms import Platform

__all__ = ["add_arguments", "run"]

_FORMATS = {"text": as_text, "md": as_markdown, "json": as_json}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("before", metavar="A", help="a lock file, or REVISION:PATH of git, as HEAD:conda-lock.yml")
    add("after", metavar="B", help="the one to compare with it; both may be of any format")
    add("-p", "--platform", action="append", metavar="PLATFORM", help="compare this platform; may be repeated")
    add(
        "-e",
        "--environment",
        action="append",
        default=[],
        metavar="NAME",
        help="which environment of a lock that holds several; given twice, the first is A's and the second B's",
    )
    add("--format", choices=tuple(_FORMATS), default="text", help="text (default), md for pull requests, or json")
    add("--exit-code", action="store_true", help="exit 1 if the two differ")


def run(options: argparse.Namespace) -> int:
    before, after = LockSource.read(options.before), LockSource.read(options.after)
    one, other = _locks(before, after, options)
    comparison = compare_locks(one, other, platforms=tuple(options.platform) if options.platform else None)
    compared = Compared(
        before=options.before, after=options.after, before_lock=one, after_lock=other, comparison=comparison
    )
    sys.stdout.write(_FORMATS[options.format](compared))
    return 1 if options.exit_code and not comparison.is_empty else 0


def _locks(before: LockSource, after: LockSource, options: argparse.Namespace) -> tuple[Lock, Lock]:
    """Both locks. A file that names no platforms is read for those of the other one."""
    one, other = _environments(before, after, options.environment)
    asked = platforms_of(tuple(dict.fromkeys(options.platform or ())), _beside(before, after))
    if asked:
        return before.lock(environment=one, platforms=asked), after.lock(environment=other, platforms=asked)
    first = before.lock(environment=one)
    second = after.lock(environment=other, platforms=_platforms(first, before, after))
    return before.lock(environment=one, platforms=_platforms(second, before, after)), second


def _environments(before: LockSource, after: LockSource, names: list[str]) -> tuple[str | None, str | None]:
    if len(names) > 2:
        raise SettingsError("--environment is given more than twice", hint="one name for both, or one for each")
    if len(names) == 2:
        return names[0], names[1]
    name = names[0] if names else None
    has = tuple(bool(source.environments) for source in (before, after))
    if name is not None and not any(has):
        before.lock(environment=name)  # tells why not
    return (name if has[0] else None), (name if has[1] else None)


def _platforms(lock: Lock, before: LockSource, after: LockSource) -> tuple[Platform, ...]:
    return platforms_of([locked.platform for locked in lock.platforms], _beside(before, after))


def _beside(before: LockSource, after: LockSource) -> Path:
    return after.path or before.path or Path(after.file_name)
