"""What an answer depends on: the files that were opened on the way to it, and the code that was loaded.

The interpreter itself tells which files are opened (PEP 578), so that no reader can forget to. What was only looked for
and was not there it does not tell: that is to be told by whoever looks.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from resolver.cli.answers import Answer, code_state, file_digest, keep

__all__ = ["Dependence"]

_CODE = (".py", ".pyc", ".so")
_MORE_THAN_FILES = frozenset(
    {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.scandir", "socket.connect", "socket.getaddrinfo"}
)


class Dependence:
    """A context manager; what happens within it is what the answer depends on.

    ``nothing_is_kept()`` is said where that is more than files can tell, ``look(path)`` where a file is looked for.
    """

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments
        self._files: dict[str, str] = {}
        self._only_files = True
        self._begun = time.time_ns()

    def look(self, path: str | os.PathLike[str]) -> None:
        """The answer depends on this file, or on its not being there. What is there and is no file, or cannot be read,
        has no bytes to know it by."""
        place = str(Path(path).absolute())
        if place in self._files:
            return
        try:
            self._files[place] = file_digest(place)
        except OSError:
            self._only_files = False
        else:
            self._only_files &= Path(place).is_file() or not os.path.lexists(place)

    def nothing_is_kept(self) -> None:
        self._only_files = False

    def keep(self, *, code: int, stdout: str, stderr: str, grows_with_time: bool = False) -> None:
        """Keep the answer, unless something has changed meanwhile. ``grows_with_time``: it is right from now on, and
        was not necessarily before."""
        try:
            if not self._only_files or any(file_digest(path) != digest for path, digest in self._files.items()):
                return
            answer = Answer(
                code=code,
                stdout=stdout,
                stderr=stderr,
                files=tuple(sorted(self._files.items())),
                code_files=_loaded_code(),
                not_before=self._begun if grows_with_time else None,
            )
        except OSError:
            return  # a file that cannot be read any more
        keep(self._arguments, answer)

    def __enter__(self) -> Dependence:
        _listen_to(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _listen_to(None)

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path = arguments[0]
            if isinstance(path, str | bytes | os.PathLike):
                name = os.fsdecode(path)
                if not name.endswith(_CODE):
                    self.look(name)
        elif event in _MORE_THAN_FILES:
            self._only_files = False


_listening: Dependence | None = None
_hook_is_set = False


def _listen_to(dependence: Dependence | None) -> None:
    global _listening, _hook_is_set
    _listening = dependence
    if not _hook_is_set:
        _hook_is_set = True
        sys.addaudithook(_hook)  # it cannot be taken away again


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    global _listening
    if _listening is None or (event != "open" and event not in _MORE_THAN_FILES):
        return
    listening, _listening = _listening, None  # to look into a file is to open it
    try:
        listening._heard(event, arguments)
    finally:
        _listening = listening


def _loaded_code() -> tuple[tuple[str, str], ...]:
    """The file of each module that is loaded, but for the interpreter's own. Raises ``OSError``."""
    files = set()
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.has_location and name.partition(".")[0] not in sys.stdlib_module_names:
            files.add(spec.origin)
    return tuple((path, code_state(path)) for path in sorted(files))
