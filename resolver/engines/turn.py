"""Builds of the same image take turns where no daemon keeps them apart.

Two processes of podman or buildah that commit one image at once find its entry in their common store half made
("image not known", buildah 1.28), or write a temporary name into its history.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from resolver.model import Digest

__all__ = ["turn"]

_PAUSE = 0.1
"""Seconds between two looks whether the other build has ended."""


@contextlib.contextmanager
def turn(folder: Path, key: Digest, *, cancelled: Callable[[], bool], on_wait: Callable[[], object]) -> Iterator[int]:
    """Wait until no other build of the image with this key runs, or until ``cancelled``; then hold the turn.

    Gives a descriptor: the turn lasts as long as it is open in any process. ``on_wait`` is called if there is
    something to wait for. Raises ``OSError``.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    # by two digits of the key: the files stay few, and two images that share them only wait in vain
    descriptor = os.open(folder / f"{key.hex[:2]}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while not cancelled():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    on_wait()
                told = True
                time.sleep(_PAUSE)
        yield descriptor
    finally:
        os.close(descriptor)
