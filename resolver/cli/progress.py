"""What is being done, said on stderr once it has taken a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

__all__ = ["Progress"]

_DELAY = 1.0


class Progress:
    """A context manager that is called with a stage's name. On a terminal the stage turns into a spinner (rich,
    imported only then); elsewhere it is one line. What is done within a second says nothing."""

    def __init__(self) -> None:
        self._stage = ""
        self._said = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="samebox-progress", daemon=True)

    def __call__(self, stage: str) -> None:
        self._stage = stage

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        if self._ended.wait(_DELAY):
            return
        if sys.stderr.isatty():
            self._spin()
            return
        while True:
            if self._stage != self._said:
                self._said = self._stage
                print(f"{self._stage} …", file=sys.stderr, flush=True)
            if self._ended.wait(_DELAY):
                return

    def _spin(self) -> None:
        from rich.console import Console

        console = Console(stderr=True)
        with console.status(self._stage) as status:
            while not self._ended.wait(0.1):
                status.update(self._stage)
