"""A command with all that it starts: its lines as they come, and an end for every one of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from resolver.errors import BuildError

__all__ = ["ProcessGroup"]

_GRACE = 10.0
"""Seconds in which a builder may put away what it was making, before it is killed."""


class ProcessGroup:
    """Runs commands one after the other. ``cancel`` ends the one that runs, from any thread, and starts no more."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.cancelled = False

    def run(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        on_line: Callable[[str], None],
        *,
        held: Sequence[int] = (),
    ) -> int:
        """Run one command, give each line of stdout and stderr to ``on_line``, and return its exit code. ``held`` are
        descriptors that stay open in it."""
        process = self._start(words, environ, held)
        assert process.stdout is not None  # it is a pipe
        try:
            with process.stdout as said:
                for line in said:
                    on_line(line.rstrip("\n"))
            return process.wait()
        finally:
            # `on_line` may have failed (a full disk): nothing is left running that nobody reads
            _end(process)

    def _start(self, words: Sequence[str], environ: Mapping[str, str], held: Sequence[int]) -> subprocess.Popen[str]:
        with self._changing:
            if self.cancelled:
                raise BuildError("the build was cancelled")
            try:
                # a session of its own: Ctrl-C on the terminal reaches us alone, and we end the whole group
                self._process = subprocess.Popen(
                    list(words),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    env=dict(environ),
                    start_new_session=True,
                    pass_fds=held,
                )
            except OSError as error:
                raise BuildError(f"{words[0]}: cannot be run: {error.strerror}") from error
            return self._process

    def cancel(self) -> None:
        with self._changing:
            self.cancelled = True
            process = self._process
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End the group of a process that has not ended: politely, then not."""
    if process.poll() is not None:
        return
    for sent, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        break
    with contextlib.suppress(ProcessLookupError):  # what the leader has left behind
        os.killpg(process.pid, signal.SIGKILL)
