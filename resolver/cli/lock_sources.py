"""Locks as the command line names them: a file, or ``REVISION:PATH`` of git, and one of several environments in it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resolver.cli.options import settings_beside
from resolver.errors import ResolverError, SettingsError
from resolver.files import read_text
from resolver.locks.files import format_of, parse_lock
from resolver.locks.sidecar import read_beside
from resolver.model import Lock
from resolver.platforms import Platform

__all__ = ["LockSource", "add_lock_environment_argument", "lock_asked", "platforms_of"]

_FOR_ANY_MACHINE = frozenset({"pylock", "requirements", "uv", "poetry", "pdm"})
"""The formats whose files may name neither platforms nor a Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSource:
    """``place`` is as it was written. ``path`` is the file, ``None`` where it is taken from git's history."""

    place: str
    text: str
    path: Path | None

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

    @property
    def file_name(self) -> str:
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
        return found if self.path is None else read_beside(self.path, found)


def add_lock_environment_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-e", "--environment", metavar="NAME", help="which environment of a lock that holds several (pixi.lock)"
    )


def lock_asked(options: argparse.Namespace, subdirs: Sequence[str]) -> Lock:
    """The lock that a command is about, for these platforms where it names none."""
    source = LockSource.read(options.lock)
    if format_of(source.file_name).name not in _FOR_ANY_MACHINE:
        subdirs = ()
    return source.lock(environment=options.environment, platforms=platforms_of(subdirs, source.beside))


def platforms_of(subdirs: Sequence[str], beside: Path) -> tuple[Platform, ...]:
    """Platforms as the settings in the lock's folder have them."""
    virtual = dict(settings_beside(beside).virtual_packages) if subdirs else {}
    return tuple(Platform.of(subdir, dict(virtual.get(subdir, ()))) for subdir in subdirs)
