"""Locks as the command line names them: a file, or ``REVISION:PATH`` of git, and one of several environments in it."""

from __future__ import annotations

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

__all__ = ["LockSource", "platforms_of"]


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

    def lock(self, *, environment: str | None = None, platforms: Sequence[Platform] = ()) -> Lock:
        """One environment of it, for these platforms where it names none itself. Raises ``LockFormatError``, and
        ``SettingsError`` for the name of an environment where there is one environment without a name."""
        lock_format = format_of(self.file_name)
        if environment is not None and not self.environments:
            raise SettingsError(
                f"--environment {environment}: {self.place} holds one environment, which has no name there",
                hint="leave the option out",
            )
        found = parse_lock(
            self.text, format=lock_format.name, source=self.place, environment=environment, platforms=platforms
        )
        return found if self.path is None else read_beside(self.path, found)


def platforms_of(subdirs: Sequence[str], beside: Path) -> tuple[Platform, ...]:
    """Platforms as the settings in the lock's folder have them."""
    virtual = dict(settings_beside(beside).virtual_packages) if subdirs else {}
    return tuple(Platform.of(subdir, dict(virtual.get(subdir, ()))) for subdir in subdirs)
