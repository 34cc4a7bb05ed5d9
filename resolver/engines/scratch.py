"""The folder of one build: gone when the build has ended, or else, after a kill, when the next one begins."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from resolver.errors import BuildError
from resolver.values import dataclass

__all__ = ["Scratch"]

_PREFIX = "samebox-build-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """``path`` is the folder. ``descriptor`` locks it as long as it is open in any process: the builder gets it too, so
    that nothing is taken from under one that lives on when we were killed."""

    path: Path
    descriptor: int

    @classmethod
    def make(cls) -> Scratch:
        """Raises ``BuildError`` where no folder can be made. Those of builds that are no more are removed before."""
        parent = Path(tempfile.gettempdir())
        try:
            _sweep(parent)
            while True:
                path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                descriptor = _hold(path)
                if descriptor is not None:
                    return cls(path=path, descriptor=descriptor)
        except OSError as error:
            raise BuildError(
                f"{error.filename or parent}: cannot make a folder for the build: {error.strerror}",
                hint="TMPDIR names another place",
            ) from error

    def remove(self) -> None:
        try:
            shutil.rmtree(self.path)
        finally:
            os.close(self.descriptor)


def _hold(path: Path) -> int | None:
    """Lock a new folder; ``None`` where a run that sweeps was faster."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if _lock(descriptor) and path.exists():
        return descriptor
    os.close(descriptor)
    return None


def _sweep(parent: Path) -> None:
    """Another run may remove the same, and other users have folders there too."""
    for path in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
            if path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(path, os.O_RDONLY)
            try:
                if _lock(descriptor):
                    shutil.rmtree(path)
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether nobody else holds it. The lock goes with the last process that has the folder open."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
