"""Locks as the command line names them: a file, ``REVISION:PATH`` of git, or the image that was made of one; and one of
several environments in it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.cli.options import DEFAULT_LOCK, settings_beside
from resolver.errors import ResolverError, SettingsError
from resolver.files import read_text
from resolver.locks.files import format_of, parse_lock
from resolver.locks.sidecar import read_beside, with_sidecar
from resolver.model import Lock
from resolver.platforms import Platform
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.building import LockFile

__all__ = [
    "LockSource",
    "add_from_image_argument",
    "add_lock_environment_argument",
    "lock_asked",
    "lock_for_platforms",
    "platforms_of",
    "source_asked",
]

_FOR_ANY_MACHINE = frozenset({"pylock", "requirements", "uv", "poetry", "pdm"})
"""The formats whose files may name neither platforms nor a Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSource:
    """``place`` is as it was written. ``path`` is the file, ``None`` where it is taken from git's history, or from an
    image: that has given ``file``."""

    place: str
    text: str
    path: Path | None
    file: LockFile | None = None

    @classmethod
    def read(cls, place: str) -> LockSource:
        """Raises ``ResolverError`` where there is no such file or revision."""
        revision, colon, inside = place.rpartition(":")
        if not colon or Path(place).exists():
            path = Path(place)
            if not path.is_file():
                raise ResolverError(f"{place}: there is no such lock", hint="make it with `samebox lock`")
            return cls(place=place, text=read_text(path), path=path)
        from resolver.source_trees.revisions import file_at_revision

        content = file_at_revision(revision, inside, Path.cwd(), os.environ)
        try:
            return cls(place=place, text=content.decode("utf-8-sig"), path=None)
        except UnicodeDecodeError as error:
            raise ResolverError(f"{place}: not UTF-8 (byte {error.start})") from error

    @classmethod
    def of_image(cls, image: str) -> LockSource:
        """The lock that an image was made from, by the settings in this folder. Raises what ``lock_of_image`` does."""
        from resolver.building import lock_file_of_image
        from resolver.session import Session

        settings = settings_beside(Path(DEFAULT_LOCK))
        with Session.for_settings(settings) as session:
            file = lock_file_of_image(image, docker=settings.docker, session=session)
        return cls(place=image, text=file.text, path=None, file=file)

    @property
    def file_name(self) -> str:
        if self.file is not None:
            return self.file.name
        return self.place.rpartition(":")[2] if self.path is None else self.path.name

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of the environments of a format that can hold several, else none."""
        return format_of(self.file_name).environments(self.text, self.place)

    @property
    def beside(self) -> Path:
        """The file in whose folder the settings are."""
        return self.path or Path(self.file_name)

    def lock(
        self, *, environment: str | None = None, platforms: Sequence[Platform] = (), python: str | None = None
    ) -> Lock:
        """One environment of it, for these platforms and this Python where it names none itself (default: the Python of
        the settings in its folder). Raises ``LockFormatError``, and
        ``SettingsError`` for the name of an environment where there is one environment without a name."""
        lock_format = format_of(self.file_name)
        if environment is not None and not self.environments:
            raise SettingsError(
                f"--environment {environment}: {self.place} holds one environment, which has no name there",
                hint="leave the option out",
            )
        if python is None and lock_format.name in _FOR_ANY_MACHINE:
            python = settings_beside(self.beside).python
        found = parse_lock(
            self.text,
            format=lock_format.name,
            source=self.place,
            environment=environment,
            platforms=platforms,
            python=python,
        )
        if self.file is not None and self.file.evidence is not None:
            return with_sidecar(found, self.file.evidence, f"{self.place}: {self.file.evidence_name}")
        return found if self.path is None else read_beside(self.path, found)


def add_from_image_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from-image",
        metavar="IMAGE",
        help="in place of LOCK, the one that this image of a registry was made from: it is attached to what "
        "`samebox build --push` and `samebox export oci --push` push",
    )


def source_asked(options: argparse.Namespace) -> LockSource:
    """The lock that ``LOCK`` or ``--from-image`` names. Raises ``SettingsError`` where both do."""
    if options.from_image is None:
        return LockSource.read(options.lock)
    if options.lock != DEFAULT_LOCK:
        raise SettingsError(f"both {options.lock} and --from-image name a lock", hint="leave one of them out")
    return LockSource.of_image(options.from_image)


def add_lock_environment_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-e", "--environment", metavar="NAME", help="which environment of a lock that holds several (pixi.lock)"
    )


def lock_asked(options: argparse.Namespace, subdirs: Sequence[str], source: LockSource | None = None) -> Lock:
    """The lock that a command is about, for these platforms where it names none; ``source`` is where it lies, if not at
    the place that ``LOCK`` names."""
    return _lock_of(source or LockSource.read(options.lock), subdirs, options.environment)


def lock_for_platforms(path: Path, subdirs: Sequence[str]) -> Lock:
    """The lock in a file, for these platforms where it names none."""
    return _lock_of(LockSource.read(str(path)), subdirs, None)


def _lock_of(source: LockSource, subdirs: Sequence[str], environment: str | None) -> Lock:
    if format_of(source.file_name).name not in _FOR_ANY_MACHINE:
        subdirs = ()
    return source.lock(environment=environment, platforms=platforms_of(subdirs, source.beside))


def platforms_of(subdirs: Sequence[str], beside: Path) -> tuple[Platform, ...]:
    """Platforms as the settings in the lock's folder have them."""
    virtual = dict(settings_beside(beside).virtual_packages) if subdirs else {}
    return tuple(Platform.of(subdir, dict(virtual.get(subdir, ()))) for subdir in subdirs)
