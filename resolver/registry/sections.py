"""Contents to send: bytes or a file, checked before, and a part at a time."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from resolver.errors import IntegrityError, ResolverError
from resolver.registry.documents import Descriptor

__all__ = ["Section", "check_content", "opened_section"]

_LARGEST_READ = 1024 * 1024


class Section:
    """``length`` bytes from ``offset`` on, as something to read; ``report`` hears of the bytes that were read."""

    def __init__(self, stream: BinaryIO, offset: int, length: int, report: Callable[[int], None]) -> None:
        self._stream = stream
        self._offset = offset
        self._length = length
        self._left = length
        self._report = report

    def rewound(self) -> Section:
        """From its start: a request is sent again after the registry has asked who we are."""
        self._report(self._left - self._length)
        self._left = self._length
        self._stream.seek(self._offset)
        return self

    def read(self, size: int = -1, /) -> bytes:
        wanted = min(self._left if size < 0 else min(size, self._left), _LARGEST_READ)
        piece = self._stream.read(wanted)
        if wanted and not piece:
            raise ResolverError("a file has become shorter while it was sent", hint="leave the files of a push alone")
        self._left -= len(piece)
        self._report(len(piece))
        return piece


@contextmanager
def opened_section(content: bytes | Path, offset: int, length: int, report: Callable[[int], None]) -> Iterator[Section]:
    """A section of ``content``, whose file is closed at the end of the block. Raises ``ResolverError``."""
    if isinstance(content, bytes):
        yield Section(io.BytesIO(content), offset, length, report)
        return
    with _opened(content) as stream:
        yield Section(stream, offset, length, report)


def check_content(content: bytes | Path, descriptor: Descriptor, source: str) -> None:
    """Raise ``IntegrityError`` unless ``content`` is what ``descriptor`` says, ``ResolverError`` where it cannot be
    read."""
    if isinstance(content, bytes):
        size, found = len(content), hashlib.sha256(content).hexdigest()
    else:
        with _opened(content) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    if (size, found) != (descriptor.size, descriptor.hex):
        named = f" ({content})" if isinstance(content, Path) else ""
        raise IntegrityError(
            f"{source}: what is to be pushed{named} has {size} bytes and the digest sha256:{found}, "
            f"and not {descriptor.size} bytes of that digest",
            hint="it was changed after it was described; nothing was sent",
        )


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise ResolverError(f"{path}: cannot be read: {error.strerror}") from error
    with stream:
        yield stream
