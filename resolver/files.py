"""Reading and writing files so that nothing is ever half written."""

from __future__ import annotations

import codecs
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from resolver.errors import ResolverError

__all__ = ["FileLock", "read_text", "write_atomic"]

_PAUSE = 0.05
"""Seconds between two looks at whether a lock is free."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (a byte order mark is dropped). Raises ``ResolverError`` naming the path."""
    try:
        return path.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise ResolverError(f"{path}: not UTF-8 (byte {error.start})", hint="save the file as UTF-8") from error
    except OSError as error:
        raise ResolverError(f"{path}: {error.strerror}") from error


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, or leave it exactly as it was.

    The bytes go to a temporary file beside it, which is synced and renamed: a full disk or a kill in the middle
    leaves the old file. The mode is that of the old file, or what the umask gives a new one. A symbolic link stays
    one, and the file that it leads to is replaced.
    """
    try:
        _replace(path.resolve(), content)
    except OSError as error:
        hint = "the old file is untouched" if path.exists() else None
        raise ResolverError(f"{path}: cannot write: {error.strerror}", hint=hint) from error


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_mode_for(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode_for(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0)  # the only way to read it is to set it
    os.umask(umask)
    return 0o666 & ~umask


class FileLock:
    """While it is entered, the advisory lock ``path`` is held, so that two processes do not write one project at once.

    Waits up to ``timeout`` seconds, then raises ``ResolverError``. No generator: ``contextlib`` takes a millisecond.
    """

    def __init__(self, path: Path, *, timeout: float = 600.0) -> None:
        self._path = path
        self._timeout = timeout

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._release = _hold(self._path, self._timeout)
        except TimeoutError as error:
            raise ResolverError(
                f"another process has held {self._path} for {self._timeout:.0f} seconds",
                hint="wait for it to end, or end it; the lock is released when its process is gone",
            ) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()


def _hold(path: Path, timeout: float) -> Callable[[], object]:
    """What releases it again. Raises ``TimeoutError``. Where the system has ``flock``, that is all there is to it: to
    import filelock takes as long as to solve a platform."""
    if sys.platform == "win32":
        import filelock

        lock = filelock.FileLock(path, timeout=timeout)
        lock.acquire()
        return lock.release
    import fcntl

    end = time.monotonic() + timeout
    stream = path.open("ab")
    try:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return stream.close
            except BlockingIOError as error:
                if time.monotonic() >= end:
                    raise TimeoutError from error
                time.sleep(_PAUSE)
    except BaseException:
        stream.close()
        raise
