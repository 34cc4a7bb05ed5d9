"""``samebox export docker``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from resolver.cli.options import add_lock_argument, settings_beside
from resolver.cli.progress import Progress
from resolver.errors import SettingsError
from resolver.locks.files import read_lock
from resolver.model import BuildContext
from resolver.outputs import docker_context
from resolver.session import Session

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("format", choices=["docker"], metavar="FORMAT", help="docker: a build context")
    add_lock_argument(parser)
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="a folder, or - for a tar on stdout")
    parser.add_argument("-p", "--platform", action="append", metavar="PLATFORM", help="default: all linux platforms")
    parser.add_argument("-g", "--group", action="append", default=[], metavar="GROUP", help="a group besides main")
    parser.add_argument(
        "--strategy",
        choices=["thin", "vendored"],
        default="thin",
        help="thin: the build downloads; vendored: the context holds every artifact, and the build needs no network",
    )
    parser.add_argument("--installer", choices=["samebox", "micromamba"], default="samebox")
    parser.add_argument("-e", "--environment", metavar="NAME", help="the [environments.NAME] of the settings")
    parser.add_argument("--offline", action="store_true", help="use the caches only")


def run(options: argparse.Namespace) -> int:
    path = Path(options.lock)
    settings = settings_beside(path).for_environment(options.environment)
    lock = read_lock(path)
    with Session.for_settings(settings, offline=options.offline) as session, Progress() as progress:
        progress("making the build context")
        context = docker_context(
            lock,
            docker=settings.docker,
            groups=("main", *options.group),
            platforms=options.platform,
            strategy=options.strategy,
            installer=options.installer,
            session=session,
            index_urls=(*settings.extra_index_urls, *([settings.index_url] if settings.index_url else [])),
        )
        _write(context, options.output, _epoch())
    return 0


def _epoch() -> int:
    """``SOURCE_DATE_EPOCH``, else that of the canonical tar."""
    from resolver.exporter.archive import DEFAULT_EPOCH

    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return DEFAULT_EPOCH
    if not text.isdigit():
        raise SettingsError(f"SOURCE_DATE_EPOCH is {text!r}", hint="it is a number of seconds since 1970")
    return int(text)


def _write(context: BuildContext, output: str, epoch: int) -> None:
    from resolver.exporter import context_entries, write_directory, write_tar

    if output == "-":
        write_tar(context_entries(context), sys.stdout.buffer, epoch=epoch)
        return
    write_directory(context, Path(output), epoch=epoch)
    print(f"{output}: {len(context.files)} files for {', '.join(context.platforms)}", file=sys.stderr)
