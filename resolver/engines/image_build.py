"""A build that runs: what it will be called, what it says, and how to wait for it."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TextIO

from resolver.engines.build_log import BuildLog
from resolver.engines.engine import Engine
from resolver.engines.failures import failed_step, remedy
from resolver.engines.process_group import ProcessGroup
from resolver.engines.scratch import Scratch
from resolver.engines.turn import turn
from resolver.engines.values import Command
from resolver.errors import BuildError
from resolver.model import Digest

__all__ = ["ImageBuild"]

_TAIL = 2000
"""Lines of a command among which the failed step is looked for."""
_WIDTH = 120
"""Characters of a step's name in an error: a step may be a page of shell."""
_PATIENCE = 30.0
"""Seconds for what is left to be done after a build was ended."""


class ImageBuild:
    """The handle of one build, which runs in a thread of its own from the moment it is made.

    ``image`` is its name; ``base`` says what it is built on, and why; ``key`` is its key, or ``None``, and then
    ``reason`` says why it has none and ``hint`` what would give it one; ``reused`` says where the image was found
    (``docker``, ``registry`` …), ``""`` if it had to be built. ``obstacle`` says why the engine would not write the
    same bytes in another build, ``""`` if it would, or if nothing was built. As a context manager it ends what still
    runs when the block fails.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        commands: Iterable[Command],
        log: BuildLog,
        image: str,
        key: Digest | None,
        base: str = "",
        reason: str,
        hint: str = "",
        reused: str,
        image_id: Callable[[], str],
        obstacle: str = "",
        scratch: Scratch | None = None,
    ) -> None:
        """Run ``commands``, each asked for when the one before has ended. ``image_id`` is asked for the image's id
        after them; ``scratch`` is a folder that is removed at the end."""
        self.engine = engine
        self.image = image
        self.key = key
        self.base = base
        self.reason = reason
        self.hint = hint
        self.reused = reused
        self.obstacle = obstacle
        self._log = log
        self._image_id = image_id
        self._scratch = scratch
        self._group = ProcessGroup()
        executor = ThreadPoolExecutor(1, "samebox-build")
        self._result = executor.submit(self._run, commands)
        executor.shutdown(wait=False)

    @property
    def log_path(self) -> Path:
        """Where all that was said is kept."""
        return self._log.path

    @property
    def done(self) -> bool:
        return self._result.done()

    def lines(self) -> Iterator[str]:
        """What was said, from the first line on, and what is still said until the build has ended."""
        return self._log.lines()

    def wait(self, *, show_output: bool = False, out: TextIO | None = None) -> str:
        """Wait for the end, and give the image's id (``""`` where it is in a registry alone).

        ``show_output`` writes the log from its first line to ``out`` (default: stderr). Raises ``BuildError`` with the
        last lines of the step that failed. Whatever ends the waiting (Ctrl-C) ends the build as well.
        """
        try:
            if show_output:
                stream = out if out is not None else sys.stderr
                for line in self.lines():
                    stream.write(f"{line}\n")
                    stream.flush()
            return self._result.result()
        except BaseException:
            self._end()
            raise

    def cancel(self) -> None:
        """End the build and all that it has started, if it still runs."""
        self._group.cancel()

    def _end(self) -> None:
        """Cancel, and wait until its folder is gone too: the process may end right after this."""
        self.cancel()
        wait((self._result,), timeout=_PATIENCE)

    def __enter__(self) -> ImageBuild:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._end()

    def _run(self, commands: Iterable[Command]) -> str:
        try:
            with self._turn() as held:
                for command in commands:
                    self._call(command, held)
                image_id = self._asked_id()
            self._log.write(f"samebox: {self.image} is ready{f', {image_id}' if image_id else ''}")
            return image_id
        except OSError as error:
            raise BuildError(f"{error.filename or self.log_path}: {error.strerror or error}") from error
        finally:
            self._log.close()
            if self._scratch is not None:
                self._scratch.remove()

    def _turn(self) -> AbstractContextManager[int | None]:
        """What is held while the image is built: nothing where a daemon sees to it, or where nothing is built."""
        if self.key is None or self._scratch is None or not self.engine.dialect.daemonless:
            return contextlib.nullcontext()
        return turn(
            self.log_path.parent,
            self.key,
            cancelled=lambda: self._group.cancelled,
            on_wait=lambda: self._log.write("samebox: another build of the same image runs; this one waits for it"),
        )

    def _call(self, command: Command, held_turn: int | None) -> None:
        self._log.write(f"samebox: {' '.join((self.engine.name, *command.words[1:]))}")
        said: deque[str] = deque(maxlen=_TAIL)
        scratch = self._scratch.descriptor if self._scratch is not None else None
        held = tuple(descriptor for descriptor in (scratch, held_turn) if descriptor is not None)
        code = self._group.run(
            command.words, self.engine.environ, lambda line: said.append(self._log.write(line)), held=held
        )
        if self._group.cancelled:
            self._log.write("samebox: cancelled")
            raise BuildError("the build was cancelled", hint=self._hint())
        if code:
            raise self._failure(f"{self.engine.name} {command.what} ended with {code}", tuple(said))

    def _failure(self, ended: str, said: tuple[str, ...]) -> BuildError:
        self._log.write(f"samebox: {ended}")
        step, last = failed_step(said)
        at = f" at {step[:_WIDTH]}{'…' if len(step) > _WIDTH else ''}" if step else ""
        silence = self.engine.silence()
        if silence:
            self._log.write(f"samebox: {silence}")
            at, help_ = f": {silence}", self.engine.dialect.start
        else:
            help_ = remedy(said)
        hint = f"{help_}; {self._hint()}" if help_ else self._hint()
        return BuildError("\n".join((f"{ended}{at}", *(f"  {line}" for line in last))), hint=hint)

    def _asked_id(self) -> str:
        try:
            return self._image_id()
        except BuildError as error:
            raise BuildError(error.message, hint=self._hint()) from error

    def _hint(self) -> str:
        return f"all that was said is in {self.log_path}"
