"""``samebox export``: a lock in another format, a Docker build context, or an OCI image."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.cli.base_images import add_base_arguments, pinned_docker
from resolver.cli.export_oci import add_oci_arguments, export_oci
from resolver.cli.image_lock import lock_for_image
from resolver.cli.lock_sources import add_from_image_argument
from resolver.cli.options import add_lock_argument, settings_beside
from resolver.cli.progress import Progress
from resolver.errors import SettingsError
from resolver.locks.formats import NAMES

if TYPE_CHECKING:
    from resolver.build_context import BuildContext

__all__ = ["add_arguments", "run"]

_DOCKER = "docker"
_OCI = "oci"
_READ_ONLY = ("uv", "poetry", "pdm")
_WRITTEN = tuple(name for name in NAMES if name not in _READ_ONLY)
"""Known without importing the formats."""

_OF_LOCKS = (
    ("from_image", "--from-image"),
    ("allow_loss", "--allow-loss"),
    ("evidence", "--no-evidence"),
    ("check", "--check"),
    ("exit_non_zero_on_write", "--exit-non-zero-on-write"),
)
_OF_BOTH = (("offline", "--offline"), ("refresh_base", "--refresh-base"), ("floating_base", "--floating-base"))
_OF_DOCKER = (("strategy", "--strategy"), ("installer", "--installer"))
_OF_OCI = (
    ("base", "--base"),
    ("compression", "--compression"),
    ("name", "--name"),
    ("push", "--push"),
    ("compile", "--compile"),
)
_NOT_OF = {_DOCKER: (*_OF_LOCKS, *_OF_OCI), _OCI: (*_OF_LOCKS, *_OF_DOCKER)}
_NOT_OF_LOCKS = (*_OF_BOTH, *_OF_DOCKER, *_OF_OCI)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    names = ", ".join(_WRITTEN)
    add(
        "format",
        choices=[_DOCKER, _OCI, *_WRITTEN],
        metavar="FORMAT",
        help=f"docker: a build context; oci: an image, made without a builder; or a format of locks: {names}",
    )
    add_lock_argument(parser)
    add_from_image_argument(parser)
    add(
        "-o",
        "--output",
        metavar="PLACE",
        help="docker: a folder, or - for a tar on stdout; oci: a tar, which docker load reads; else a file, or - for "
        "stdout; with {platform} in its name there is one file for each platform",
    )
    add("-p", "--platform", action="append", metavar="PLATFORM", help="default: all (docker: all linux platforms)")
    add(
        "-g",
        "--group",
        action="append",
        metavar="GROUP",
        help="docker, oci: a group besides main; else a group to take (default: all, but main alone where the format "
        "has no groups)",
    )
    add(
        "-e",
        "--environment",
        metavar="NAME",
        help="docker, oci: the [environments.NAME] of the settings; else which environment of a lock that holds "
        "several",
    )
    add("--allow-loss", action="store_true", default=None, help="write what the format can carry, and list the rest")
    add(
        "--no-evidence",
        dest="evidence",
        action="store_false",
        default=None,
        help="write no file beside it for what the format has no place for",
    )
    add("--check", action="store_true", default=None, help="write nothing; exit 1 if the output is not up to date")
    add("--exit-non-zero-on-write", action="store_true", default=None, help="exit 1 if a file was written, for hooks")
    add(
        "--strategy",
        choices=["thin", "vendored"],
        help="thin (default): the build downloads; vendored: the context holds every artifact, and the build needs no "
        "network",
    )
    add("--installer", choices=["samebox", "micromamba"], help="what the image is installed by (default: samebox)")
    add("--offline", action="store_true", default=None, help="docker, oci: use the caches only")
    add_base_arguments(parser)
    add_oci_arguments(parser)


def run(options: argparse.Namespace) -> int:
    others = _NOT_OF.get(options.format, _NOT_OF_LOCKS)
    given = next((option for name, option in others if getattr(options, name) is not None), None)
    if given is not None:
        raise SettingsError(f"{given} says nothing about {options.format}", hint="leave it out")
    if options.output is None and options.push is None:
        raise SettingsError(
            "samebox export: the following arguments are required: -o/--output",
            hint="`samebox export --help` lists what it takes",
        )
    if options.format == _DOCKER:
        return _docker(options)
    if options.format == _OCI:
        from resolver.exporter import source_date_epoch

        return export_oci(options, epoch=source_date_epoch(os.environ))
    from resolver.cli.export_files import export_files

    return export_files(options)


def _docker(options: argparse.Namespace) -> int:
    from resolver.exporter import choose_base, source_date_epoch
    from resolver.exporter.application import image_groups
    from resolver.outputs import docker_context
    from resolver.session import Session

    path = Path(options.lock)
    settings = settings_beside(path).for_environment(options.environment)
    lock = lock_for_image(path, settings, options.platform)
    with Session.for_settings(settings, offline=bool(options.offline)) as session, Progress() as progress:
        groups, platforms = image_groups(settings.docker, ("main", *(options.group or ()))), options.platform
        progress("looking for the base images")
        docker = pinned_docker(settings.docker, options, lock=lock, groups=groups, platforms=platforms, session=session)
        progress("making the build context")
        context = docker_context(
            lock,
            docker=docker,
            groups=groups,
            platforms=platforms,
            strategy=options.strategy or "thin",
            installer=options.installer or "samebox",
            session=session,
            index_urls=(*settings.extra_index_urls, *([settings.index_url] if settings.index_url else [])),
        )
        _write(context, options.output, source_date_epoch(os.environ))
    print(f"base: {choose_base(lock, docker, groups=groups, platforms=context.platforms)}", file=sys.stderr)
    return 0


def _write(context: BuildContext, output: str, epoch: int) -> None:
    from resolver.exporter import context_entries, write_directory, write_tar

    if output == "-":
        write_tar(context_entries(context), sys.stdout.buffer, epoch=epoch)
        return
    write_directory(context, Path(output), epoch=epoch)
    print(f"{output}: {len(context.files)} files for {', '.join(context.platforms)}", file=sys.stderr)
