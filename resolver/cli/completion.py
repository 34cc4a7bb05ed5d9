"""``samebox lock --complete LOCK``: what a foreign lock lacks is looked up, and nothing is solved."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.canonicalizer import digest
from resolver.cli.lock_sources import platforms_of
from resolver.cli.options import settings_beside, settings_layer
from resolver.cli.progress import Progress
from resolver.errors import SettingsError
from resolver.files import read_text
from resolver.locks.completion import lacking
from resolver.locks.files import format_of, read_lock, write_lock
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.model import Lock
    from resolver.settings import Settings

__all__ = ["complete"]

_OF_A_SOLVE = (
    ("file", "-f"),
    ("channel", "-c"),
    ("lockfile", "--lockfile"),
    ("upgrade", "--upgrade"),
    ("upgrade_package", "--upgrade-package"),
    ("from_lock", "--from"),
    ("check", "--check"),
    ("all_environments", "--all-environments"),
    ("exclude_newer", "--exclude-newer"),
)


def complete(options: argparse.Namespace) -> int:
    from resolver.completing import complete_lock
    from resolver.session import Session

    given = next((option for name, option in _OF_A_SOLVE if getattr(options, name)), None)
    if given is not None:
        raise SettingsError(f"--complete solves nothing, and {given} is about solving", hint=f"leave {given} out")
    path = Path(options.complete)
    output = _output(path, options)
    settings = settings_beside(path).merged_with_options(settings_layer(options))
    lock = _read(path, settings, options)
    with (
        Session.for_settings(settings, offline=options.offline, refresh=options.refresh) as session,
        Progress() as progress,
    ):
        new = complete_lock(
            lock, settings=settings, session=session, directory=path.absolute().parent, progress=progress
        )
    in_place = output.exists() and output.samefile(path)
    changed = new is not lock if in_place else True
    if changed and not options.dry_run:
        write_lock(new if in_place else _elsewhere(new), output)
    _tell(lock, new, output, changed, options)
    return 1 if changed and not options.dry_run and options.exit_non_zero_on_write else 0


def _output(path: Path, options: argparse.Namespace) -> Path:
    """Where the lock goes: its own place, where its format is written and what is there is one environment."""
    lock_format = format_of(str(path))
    if options.output is not None:
        output = Path(options.output)
        other = format_of(options.output)
        if other.write is None:
            raise SettingsError(f"{options.output}: {other.name} is read, and not written", hint="name another with -o")
        if not (output.exists() and path.exists() and output.samefile(path)):
            return output
    if lock_format.write is None:
        raise SettingsError(
            f"{path}: {lock_format.name} is read, and not written",
            hint="name the file to write with -o, as pylock.toml or conda-lock.yml",
        )
    if path.is_file() and len(lock_format.environments(read_text(path), str(path))) > 1:
        raise SettingsError(
            f"{path} holds several environments, and would hold one", hint="name another file to write with -o"
        )
    return path


def _read(path: Path, settings: Settings, options: argparse.Namespace) -> Lock:
    subdirs = tuple(dict.fromkeys(options.platform or ()))
    lock = read_lock(
        path,
        environment=options.environment,
        platforms=platforms_of(subdirs, path),
        python=settings.python,
    )
    locked = {platform.platform for platform in lock.platforms}
    if subdirs and locked != set(subdirs):
        raise SettingsError(
            f"{path} is for {', '.join(sorted(locked)) or 'no platform'}, and a lock is completed as a whole",
            hint="leave -p out; `samebox export` takes part of a lock",
        )
    return lock


def _elsewhere(lock: Lock) -> Lock:
    """What is said about the one file does not hold of the other."""
    return replace(lock, metadata=tuple((name, text) for name, text in lock.metadata if name == "custom_metadata"))


def _tell(lock: Lock, new: Lock, output: Path, changed: bool, options: argparse.Namespace) -> None:
    pairs = [(platform.platform, p.name) for platform in lock.platforms for p in platform.packages if lacking(p)]
    if options.json:
        body = {
            "lockfile": str(output),
            "changed": changed,
            "written": changed and not options.dry_run,
            "digest": str(digest(new)),
            "completed": {
                platform.platform: sorted({name for where, name in pairs if where == platform.platform})
                for platform in lock.platforms
            },
        }
        print(json.dumps(body, indent=2, sort_keys=True))
        return
    state = "lacks nothing" if not changed else "would be written (dry run)" if options.dry_run else "written"
    print(f"{output} {state}", file=sys.stderr)
    for platform in lock.platforms:
        count = sum(where == platform.platform for where, _ in pairs)
        print(f"  {platform.platform}: {len(platform.packages)} packages, {count} completed", file=sys.stderr)
    print(digest(new))
