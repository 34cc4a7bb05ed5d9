"""Streaming an artifact to disk, checked, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from resolver.errors import IntegrityError, ResolverError
from resolver.model import Artifact

__all__ = ["CheckedFile", "checked_file"]


class CheckedFile:
    """A file being written whose bytes are counted and hashed; ``progress`` hears of each piece's size in
    bytes, and of a negative number when the start is made anew."""

    def __init__(self, stream: BinaryIO, artifact: Artifact, progress: Callable[[int], None] | None) -> None:
        self._stream = stream
        self._artifact = artifact
        self._progress = progress
        self._hash = hashlib.sha256()
        self._size = 0

    def restart(self) -> None:
        """Forget what was written: a retry sends everything again."""
        self._report(-self._size)
        self._hash = hashlib.sha256()
        self._size = 0
        self._stream.seek(0)
        self._stream.truncate()

    def write(self, piece: bytes) -> None:
        self._size += len(piece)
        expected = self._artifact.size
        if expected is not None and self._size > expected:
            raise IntegrityError(f"{self._artifact.url}: longer than the {expected} bytes that were promised")
        self._hash.update(piece)
        self._stream.write(piece)
        self._report(len(piece))

    def check(self) -> None:
        """Raise ``IntegrityError`` unless size and sha256 are what was promised."""
        expected, found = self._artifact.sha256, self._hash.hexdigest()
        if self._artifact.size is not None and self._size != self._artifact.size:
            raise IntegrityError(f"{self._artifact.url}: {self._size} bytes, but {self._artifact.size} were promised")
        if found != expected:
            raise IntegrityError(
                f"{self._artifact.url}: its sha256 is {found}, but {expected} was promised",
                hint="the file was replaced or damaged; nothing of it was kept",
            )

    def _report(self, count: int) -> None:
        if self._progress is not None and count:
            self._progress(count)


@contextmanager
def checked_file(
    artifact: Artifact, destination: Path, progress: Callable[[int], None] | None
) -> Iterator[CheckedFile]:
    """A temporary file beside ``destination`` that takes its place if it passes the check, and else
    vanishes."""
    temporary = destination.with_name(f".{destination.name}.{os.urandom(8).hex()}.tmp")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("xb")
    except OSError as error:
        raise _cannot_write(destination, error) from error
    try:
        with stream:
            checked = CheckedFile(stream, artifact, progress)
            yield checked
            checked.check()
        temporary.replace(destination)
    except OSError as error:
        raise _cannot_write(destination, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _cannot_write(destination: Path, error: OSError) -> ResolverError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = f"free some space below {destination.parent} and run it again; nothing was left there" if full else None
    return ResolverError(f"{destination}: cannot write: {error.strerror}", hint=hint)
