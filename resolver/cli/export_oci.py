"""``samebox export oci``: an image in a tar, made without a builder."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from resolver.cli.base_images import docker_asked
from resolver.cli.image_lock import lock_for_image
from resolver.cli.options import settings_beside
from resolver.cli.progress import Progress
from resolver.errors import BuildError, SettingsError

if TYPE_CHECKING:
    from resolver.exporter.oci import BaseImage, BaseSource, Image, OciOptions
    from resolver.model import Lock
    from resolver.session import Session
    from resolver.settings import Settings

__all__ = ["add_oci_arguments", "export_oci"]


def add_oci_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--base",
        metavar="BASE",
        help="oci: a base image: a name in a registry, the path of an archive or layout, or scratch for none "
        "(default: docker.base-image)",
    )
    add("--compression", choices=["gzip", "zstd"], help="oci: of the layers (default: gzip, which everything reads)")
    add(
        "--compile",
        action="store_true",
        default=None,
        help="oci: add bytecode (hash-based, unchecked), made by a Python of this machine of the same minor version",
    )
    add("--push", metavar="NAME:TAG", help="oci: push the image to the registry that its name says")
    add("--name", metavar="NAME:TAG", help="oci: what the image is called (default: the lock's name, and latest)")


def export_oci(options: argparse.Namespace, *, epoch: int) -> int:
    """Make the image of each platform, and write one tar of them; ``epoch`` is every file's time in seconds."""
    from resolver.building import LockFile, attach_lock, lock_blobs, open_registry
    from resolver.exporter.oci import RegistryBase, push_images, write_layout
    from resolver.outputs import oci_images
    from resolver.registry import Reference
    from resolver.session import Session

    path = Path(options.lock)
    settings = settings_beside(path).for_environment(options.environment)
    lock, file = lock_for_image(path, settings, options.platform), LockFile.read(path)
    target = Reference.parse(options.push) if options.push else None
    with (
        Session.for_settings(settings, offline=bool(options.offline)) as session,
        open_registry(session, settings.docker) as registry,
        Progress() as progress,
    ):
        platforms = _platforms(lock, options.platform)
        progress("looking for the base image")
        making = oci_images(
            lock,
            platforms=platforms,
            options=_chosen(options, settings, lock, epoch, _base(options, settings, lock, platforms, session)),
            base_source=_BaseImages(RegistryBase(registry, session.cache / "oci-bases")),
            session=session,
            compression=options.compression or "gzip",
            progress=lambda stage, done, total: progress(f"{stage} {done}/{total}" if total else stage),
        )
        with making as images:
            if options.output is not None:
                progress("writing the image")
                with _output(options.output) as out:
                    write_layout(
                        images,
                        out,
                        name=_name(lock, options.name),
                        epoch=epoch,
                        referrer=lock_blobs(images, file),
                    )
            if target is not None:
                progress("pushing the image")
                digest = push_images(images, registry, target)
                progress("attaching the lock")
                attach_lock(registry, target.at(digest), file)
    _report(images)
    if target is not None:
        print(f"{target.name}@{digest}")
    return 0


def _base(
    options: argparse.Namespace, settings: Settings, lock: Lock, platforms: Sequence[str], session: Session
) -> str:
    """The base image's name, by its digest where a registry has it."""
    from resolver.building import pin_images
    from resolver.exporter import choose_base

    docker = docker_asked(settings.docker, options)
    choice = choose_base(lock, docker, groups=_groups(options), platforms=platforms)
    if options.base is None:
        print(f"base: {choice}", file=sys.stderr)
    if options.base is None and choice.field == "base_dockerfile":
        raise SettingsError(
            f"{choice.setting} needs a builder, and none is there",
            hint="name an image with --base, or use `samebox build`",
        )
    name: str = options.base or choice.image
    if _is_local(name) or not docker.resolve_base:
        return name
    where = "--base" if options.base else choice.setting
    pinned = pin_images(
        {where: name},
        docker=docker,
        platforms=platforms,
        lock=Path(options.lock),
        refresh=bool(options.refresh_base),
        session=session,
    )
    return pinned[where]


def _chosen(options: argparse.Namespace, settings: Settings, lock: Lock, epoch: int, base: str) -> OciOptions:
    from resolver.exporter.oci import OciOptions

    return OciOptions(
        docker=settings.docker,
        groups=_groups(options),
        base=base,
        variables=lock.evidence.variables if lock.evidence else (),
        epoch=epoch,
        compile=bool(options.compile),
    )


def _groups(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("main", *(options.group or ()))))


class _BaseImages:
    """Where base images come from: a path on this machine, else a registry (``exporter.oci.BaseSource``)."""

    def __init__(self, registry: BaseSource) -> None:
        self._registry = registry

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage:
        from resolver.exporter.oci import read_base

        if _is_local(name):
            return read_base(Path(name), name=name, architecture=architecture, folder=folder)
        return self._registry(name, architecture=architecture, folder=folder)


def _is_local(name: str) -> bool:
    return name.startswith(("/", "./", "../")) or Path(name).exists()


def _platforms(lock: Lock, asked: Sequence[str] | None) -> tuple[str, ...]:
    """Those that were asked for, else the one linux platform of the lock: ``docker load`` takes one at a time."""
    if asked:
        return tuple(asked)
    linux = [locked.platform for locked in lock.platforms if locked.platform.startswith("linux-")]
    if len(linux) != 1:
        raise SettingsError(
            f"the lock has {len(linux) or 'no'} linux platforms{': ' if linux else ''}{', '.join(linux)}",
            hint="say which to make an image of with --platform; it may be repeated",
        )
    return tuple(linux)


def _name(lock: Lock, asked: str | None) -> str:
    if asked:
        return asked if ":" in asked.rpartition("/")[2] else f"{asked}:latest"
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in (lock.name or "").lower()).strip("-")
    return f"{words or 'samebox'}:latest"


@contextmanager
def _output(output: str) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all; ``-`` is stdout."""
    if output == "-":
        yield sys.stdout.buffer
        return
    place = Path(output).absolute()
    try:
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        hint = "the old file is untouched" if place.exists() else "nothing was written"
        raise BuildError(f"{output}: cannot write: {error.strerror}", hint=hint) from error


def _report(images: Sequence[Image]) -> None:
    for image in images:
        for warning in image.warnings:
            print(f"warning: {image.platform}: {warning}", file=sys.stderr)
        size = sum(layer.blob.size for layer in image.layers)
        print(
            f"{image.platform}: {len(image.layers)} layers, {size / 1e6:.1f} MB, "
            f"config {image.config.digest}, manifest {image.manifest.digest}",
            file=sys.stderr,
        )
