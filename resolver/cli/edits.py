"""What ``samebox add`` and ``samebox remove`` share: a manifest is edited, the edited environment is solved, and only
then are the manifest and the lock written."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Callable
from pathlib import Path

from resolver.cli.lock import done, guard
from resolver.cli.options import (
    add_environment_arguments,
    add_json_argument,
    add_network_arguments,
    environment_of,
)
from resolver.cli.previous_lock import is_written_otherwise
from resolver.cli.progress import Progress
from resolver.environment import Environment
from resolver.errors import ManifestError, NoSolution
from resolver.files import FileLock, write_atomic
from resolver.locks.files import format_of, lock_texts, read_lock, write_texts
from resolver.manifests.editing import EDITORS, ManifestEditor
from resolver.session import Session
from resolver.values import dataclass

__all__ = ["Manifest", "add_edit_arguments", "carry_out", "manifests_of", "tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A file that can be edited: its ``source`` is the path in the environment's folder."""

    source: str
    path: Path
    mark: bytes
    text: str
    editor: ManifestEditor


def add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    add_environment_arguments(parser)
    add_network_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--no-lock", action="store_true", help="edit the manifest only; solve nothing")
    parser.set_defaults(dry_run=False)


def manifests_of(options: argparse.Namespace) -> tuple[Environment, list[Manifest]]:
    """The environment, and its manifests that may be edited: the one that ``-f`` names, else all.

    ``-f`` only chooses a file where the environment has it among its own; another file is an environment by itself.
    """
    if len(options.file) > 1:
        raise ManifestError("more than one file to edit", hint="give one with -f")
    if not options.file:
        environment = environment_of(options)
        return environment, [_manifest(environment, source) for source in environment.spec.sources]
    named = Path(options.file[0]).absolute()
    environment = _environment_with(options, named)
    return environment, [_manifest(environment, _source(environment, named))]


def _environment_with(options: argparse.Namespace, named: Path) -> Environment:
    options.directory = options.directory or str(Path(options.file[0]).parent)
    options.file, alone = [], options.file
    try:
        environment = environment_of(options)
    except ManifestError:
        environment = None  # what is there by default cannot be read, or is not there: the named file stands alone
    if environment is None or _source(environment, named) not in environment.spec.sources:
        options.file = alone
        environment = environment_of(options)
    return environment


def _source(environment: Environment, path: Path) -> str:
    return Path(os.path.relpath(path, environment.directory.absolute())).as_posix()


def _manifest(environment: Environment, source: str) -> Manifest:
    path = environment.directory / source
    content = path.read_bytes()
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode()
    except UnicodeDecodeError as error:
        raise ManifestError(f"{source}: not UTF-8, and nothing else is edited", hint="save it as UTF-8") from error
    editor = next(editor for editor in EDITORS if editor.matches(path.name))
    return Manifest(source=source, path=path, mark=mark, text=text, editor=editor)


def carry_out(options: argparse.Namespace, edited: dict[str, tuple[Manifest, str]], said: Callable[[], None]) -> int:
    """Solve with the edited texts (by source) and write them and the lock, or leave all as it was.

    ``said`` tells what was edited, once it is written.
    """
    changed = {source: text for source, (manifest, text) in edited.items() if text != manifest.text}
    environment = environment_of(options, changed)
    manifests = [(edited[source][0], text) for source, text in changed.items()]
    if options.no_lock:
        _write(manifests)
        said()
        return 0
    format_of(str(environment.lockfile))
    with (
        environment.session(offline=options.offline, refresh=options.refresh) as session,
        FileLock(guard(session.cache, environment.lockfile)),
    ):
        return _lock(options, environment, session, manifests, said)


def _lock(
    options: argparse.Namespace,
    environment: Environment,
    session: Session,
    manifests: list[tuple[Manifest, str]],
    said: Callable[[], None],
) -> int:
    from resolver.locking import lock

    path = environment.lockfile
    old = None
    if path.exists():
        old = read_lock(path, platforms=environment.platforms, python=environment.settings.python, some_platforms=True)
    warnings: list[str] = []
    try:
        with Progress() as progress:
            new = lock(environment, session=session, previous=old, progress=progress, warn=warnings.append)
    except NoSolution as error:
        raise _untouched(error, manifests) from error
    texts = lock_texts(new, format_of(str(path)))
    changed = is_written_otherwise(old, texts)
    _write(manifests)
    try:
        if changed:
            write_texts(texts, path)
    except BaseException:
        _write([(manifest, manifest.text) for manifest, _ in manifests])
        raise
    said()
    return done(new, path, options, changed=changed, warnings=warnings)


def _untouched(error: NoSolution, manifests: list[tuple[Manifest, str]]) -> NoSolution:
    """The error with a word on the manifests: it tells lines as they would have been."""
    names = ", ".join(manifest.source for manifest, _ in manifests)
    said = f"\n{names}: left as before the edit, whose lines are told above" if names else ""
    return NoSolution(error.message + said, conflict=error.conflict, hint=error.hint)


def _write(manifests: list[tuple[Manifest, str]]) -> None:
    for manifest, text in manifests:
        write_atomic(manifest.path, manifest.mark + text.encode())


def tell(source: str, what: str) -> None:
    print(f"{source}: {what}", file=sys.stderr)
