"""``samebox check``: offline, and it writes nothing but its answer to the user's cache (see ``answers``)."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resolver.cli.dependence import Dependence
from resolver.cli.environments import add_all_environments_argument, environments_of, places_looked_at
from resolver.cli.options import add_environment_arguments, add_json_argument
from resolver.locks.conflict_markers import ConflictMarkers
from resolver.locks.files import read_lock
from resolver.locks.sidecar import sidecar_path
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.environment import Environment

__all__ = ["add_arguments", "run"]

_STATES = ("fresh", "unknown", "stale")
"""From good to bad."""

_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
_LATE = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    name: str | None
    lockfile: str
    status: str
    reasons: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_environment_arguments(parser)
    add_all_environments_argument(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    with Dependence(options.given) as dependence:
        for place in places_looked_at(options):
            dependence.look(place)
        environments = environments_of(options)
        checked = tuple(_checked(name, environment, dependence) for name, environment in environments)
    status = max((c.status for c in checked), key=_STATES.index)
    code = 0 if status == "fresh" else 1
    stdout, stderr = _as_json(options, checked, status) if options.json else _as_text(options, checked, status)
    print(stdout, end="")
    print(stderr, end="", file=sys.stderr)
    moves = any(_cut_off_moves(environment) for _, environment in environments)
    if moves and code != 0:
        dependence.nothing_is_kept()  # a cut-off that moves on may make it fresh
    dependence.keep(code=code, stdout=stdout, stderr=stderr, grows_with_time=moves)
    return code


def _checked(name: str | None, environment: Environment, dependence: Dependence) -> _Checked:
    path = environment.lockfile
    for place in (path, sidecar_path(path)):
        dependence.look(place)
    if _has_folders(environment):
        dependence.nothing_is_kept()
    if not path.exists():
        return _Checked(name=name, lockfile=str(path), status="stale", reasons=(f"{path} does not exist",))
    from resolver.locking import check

    try:
        lock = read_lock(
            path,
            platforms=environment.platforms,
            python=environment.settings.python,
            some_platforms=True,
        )
    except ConflictMarkers as error:
        return _Checked(name=name, lockfile=str(path), status="stale", reasons=(error.message,))
    verdict = check(lock, environment)
    reasons = tuple(str(shortfall) for shortfall in verdict.shortfalls)
    return _Checked(name=name, lockfile=str(path), status=verdict.status, reasons=reasons)


def _has_folders(environment: Environment) -> bool:
    """Whether a local folder is asked for: what is in it is known by looking through it, and no sooner."""
    from resolver.source_trees import is_folder_url

    return any(r.url is not None and is_folder_url(r.url) for r in environment.spec.pip)


def _cut_off_moves(environment: Environment) -> bool:
    """Whether the cut-off is a span before now."""
    from resolver.settings import parse_cut_off

    text = environment.settings.exclude_newer
    return bool(text) and parse_cut_off(str(text), _EARLY) != parse_cut_off(str(text), _LATE)


def _as_text(options: argparse.Namespace, checked: Sequence[_Checked], status: str) -> tuple[str, str]:
    said: list[str] = []
    talk: list[str] = []
    for one in checked:
        said.append(f"{one.lockfile}: {one.status}" if options.all_environments else one.status)
        talk += one.reasons
    if status != "fresh":
        talk.append(f"hint: `{_mending(options.given)}` mends it")
    return "".join(f"{line}\n" for line in said), "".join(f"{line}\n" for line in talk)


def _as_json(options: argparse.Namespace, checked: Sequence[_Checked], status: str) -> tuple[str, str]:
    body: object = {"status": status, "reasons": checked[0].reasons}
    if options.all_environments:
        rows = [
            {"environment": c.name, "lockfile": c.lockfile, "status": c.status, "reasons": c.reasons} for c in checked
        ]
        body = {"status": status, "environments": rows}
    return json.dumps(body, indent=2, sort_keys=True) + "\n", ""


def _mending(given: Sequence[str]) -> str:
    """The command that locks what was checked."""
    options = (argument for argument in given[1:] if argument not in ("--check", "--json"))
    return shlex.join(["samebox", "lock", *options])
