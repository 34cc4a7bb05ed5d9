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

from resolver.cli.options import settings_beside
from resolver.cli.progress import Progress
from resolver.errors import BuildError, SettingsError
from resolver.locks.files import read_lock

if TYPE_CHECKING:
    from resolver.exporter.oci import BaseImage, BaseSource, Image, OciOptions
    from resolver.model import Lock
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
    add("--push", metavar="NAME:TAG", help="oci: push the image to the registry that its name says")
    add("--name", metavar="NAME:TAG", help="oci: what the image is called (default: the lock's name, and latest)")


def export_oci(options: argparse.Namespace, *, epoch: int) -> int:
    """Make the image of each platform, and write one tar of them; ``epoch`` is every file's time in seconds."""
    from resolver.exporter.oci import RegistryBase, push_images, write_layout
    from resolver.outputs import oci_images
    from resolver.registry import Reference, Registry
    from resolver.session import Session

    path = Path(options.lock)
    settings = settings_beside(path).for_environment(options.environment)
    lock = read_lock(path)
    target = Reference.parse(options.push) if options.push else None
    with (
        Session.for_settings(settings, offline=bool(options.offline)) as session,
        Registry(environ=session.environ, offline=session.offline) as registry,
        Progress() as progress,
    ):
        making = oci_images(
            lock,
            platforms=_platforms(lock, options.platform),
            options=_chosen(options, settings, lock, epoch),
            base_source=_BaseImages(RegistryBase(registry, session.cache / "oci-bases")),
            session=session,
            compression=options.compression or "gzip",
            progress=lambda stage, done, total: progress(f"{stage} {done}/{total}" if total else stage),
        )
        with making as images:
            if options.output is not None:
                progress("writing the image")
                with _output(options.output) as out:
                    write_layout(images, out, name=_name(lock, options.name), epoch=epoch)
            if target is not None:
                progress("pushing the image")
                digest = push_images(images, registry, target)
    _report(images)
    if target is not None:
        print(f"{target.name}@{digest}")
    return 0


def _chosen(options: argparse.Namespace, settings: Settings, lock: Lock, epoch: int) -> OciOptions:
    from resolver.exporter.oci import OciOptions

    return OciOptions(
        docker=settings.docker,
        groups=tuple(dict.fromkeys(("main", *(options.group or ())))),
        base=options.base,
        variables=lock.evidence.variables if lock.evidence else (),
        epoch=epoch,
    )


class _BaseImages:
    """Where base images come from: a path on this machine, else a registry (``exporter.oci.BaseSource``)."""

    def __init__(self, registry: BaseSource) -> None:
        self._registry = registry

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage:
        from resolver.exporter.oci import read_base

        if name.startswith(("/", "./", "../")) or Path(name).exists():
            return read_base(Path(name), name=name, architecture=architecture, folder=folder)
        return self._registry(name, architecture=architecture, folder=folder)


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
