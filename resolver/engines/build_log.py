"""What a build says, line by line: kept in a file, and read again from its beginning by whoever asks."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from resolver.engines.redaction import redacted
from resolver.errors import BuildError

__all__ = ["BuildLog", "last_log", "log_folder"]

_KEPT = 50
"""Logs in a folder; the oldest go first."""


class BuildLog:
    """One log, written by one thread and read by any. ``path`` is the file; ``on_line`` is called with each line."""

    def __init__(self, folder: Path, image: str, on_line: Callable[[str], None] | None = None) -> None:
        """Make a log in ``folder`` for what is called ``image``. Raises ``BuildError`` where nothing can be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_oldest(folder)
            descriptor, path = tempfile.mkstemp(dir=folder, prefix=f"{_word(image)}-", suffix=".log")
        except OSError as error:
            raise BuildError(f"{folder}: cannot keep a log there: {error.strerror}") from error
        self.path = Path(path)
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        self._on_line = on_line
        self._news = threading.Condition()
        self._closed = False

    def write(self, line: str) -> str:
        """Add a line, without what is secret in it, and give it back as it was written. Raises ``BuildError``."""
        line = redacted(line)
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except OSError as error:
            raise BuildError(f"{self.path}: cannot keep the log there: {error.strerror}") from error
        with self._news:
            self._news.notify_all()
        if self._on_line is not None:
            self._on_line(line)
        return line

    def lines(self) -> Iterator[str]:
        """Every line from the first, as it comes, until the log is closed."""
        with self.path.open(encoding="utf-8") as stream:
            held = ""
            while True:
                closed = self._closed  # before reading: what was written before it is then read too
                held += stream.readline()
                if held.endswith("\n"):
                    yield held[:-1]
                    held = ""
                elif closed:
                    return
                else:
                    with self._news:
                        self._news.wait(0.1)

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
        with contextlib.suppress(OSError):  # a full disk: `write` has told
            self._stream.close()


def log_folder(cache: Path) -> Path:
    """Where the logs are in the user's cache."""
    return cache / "logs"


def last_log(folder: Path, image: str | None = None) -> Path | None:
    """The newest log, of all or of what is called ``image``; it may be one that is still written."""
    logs = _newest_first(folder, f"{glob.escape(_word(image))}-????????.log" if image is not None else "*.log")
    return logs[0] if logs else None


def _word(image: str) -> str:
    """A name as a part of a file's name."""
    return re.sub(r"[^a-z0-9.]+", "-", image.lower())[-60:].strip("-.")


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    times = {}
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another run removes them too
            times[path] = path.stat().st_mtime_ns
    return sorted(times, key=lambda path: (times[path], path.name), reverse=True)


def _remove_oldest(folder: Path) -> None:
    for path in _newest_first(folder, "*.log")[_KEPT - 1 :]:
        path.unlink(missing_ok=True)
