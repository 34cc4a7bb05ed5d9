"""The PKG-INFO of an sdist: a tar.gz has no directory, so it is read from its start until PKG-INFO has come by.

setuptools writes PKG-INFO near the start, where one request of 64 KiB is enough; others write it last.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib

from resolver.errors import IndexUnavailable
from resolver.indexes.protocol import DistributionFile, InvalidMetadata
from resolver.indexes.wheel_metadata import RemoteFile, extent
from resolver.transport import Transport

__all__ = ["read_sdist_metadata"]

_FIRST = 64 * 1024
_LARGEST_REQUEST = 4 * 1024 * 1024
_LARGEST_ARCHIVE = 64 * 1024 * 1024
_LARGEST_CONTENT = 1024 * 1024 * 1024
_LARGEST_METADATA = 16 * 1024 * 1024
_PKG_INFO = re.compile(r"(?:\./)?[^/]+/PKG-INFO")
_NOT_AN_ARCHIVE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


def read_sdist_metadata(file: DistributionFile, transport: Transport) -> bytes:
    """The PKG-INFO of the sdist ``file`` (``.tar.gz`` or ``.zip``). At most 64 MiB are read.

    Raises ``InvalidMetadata`` where it is no sane sdist, ``IndexUnavailable`` where it cannot be had.
    """
    try:
        return _of_zip(file, transport) if file.filename.endswith(".zip") else _of_tar(file, transport)
    except _NOT_AN_ARCHIVE as error:
        raise InvalidMetadata(f"{file.url}: not a sane source distribution: {error}") from error


def _of_zip(file: DistributionFile, transport: Transport) -> bytes:
    with zipfile.ZipFile(RemoteFile(file, transport)) as archive:
        found = [entry for entry in archive.infolist() if _PKG_INFO.fullmatch(entry.filename)]
        if len(found) != 1 or found[0].file_size > _LARGEST_METADATA:
            raise _without(file)
        content: bytes = archive.read(found[0])
        return content


def _of_tar(file: DistributionFile, transport: Transport) -> bytes:
    size = 0
    with tarfile.open(fileobj=_FromItsStart(file, transport), mode="r|gz") as archive:
        for member in archive:
            size += member.size
            if size > _LARGEST_CONTENT:
                raise InvalidMetadata(f"{file.url}: holds more than {_LARGEST_CONTENT >> 20} MiB before its PKG-INFO")
            if member.isfile() and _PKG_INFO.fullmatch(member.name) and member.size <= _LARGEST_METADATA:
                stream = archive.extractfile(member)
                if stream is not None:
                    return stream.read()
    raise _without(file)


def _without(file: DistributionFile) -> InvalidMetadata:
    return InvalidMetadata(f"{file.url}: has no PKG-INFO in its one folder")


class _FromItsStart(io.RawIOBase):
    """The bytes of a file in order, fetched in ever larger pieces as they are read."""

    def __init__(self, file: DistributionFile, transport: Transport) -> None:
        super().__init__()
        self._file = file
        self._transport = transport
        self._waiting = b""
        self._fetched = 0
        self._size: int | None = None
        self._next = _FIRST

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._waiting) < size and not self._is_whole:
            self._waiting += self._more()
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    @property
    def _is_whole(self) -> bool:
        return self._size is not None and self._fetched >= self._size

    def _more(self) -> bytes:
        if self._fetched >= _LARGEST_ARCHIVE:
            raise InvalidMetadata(f"{self._file.url}: no PKG-INFO in its first {_LARGEST_ARCHIVE >> 20} MiB")
        response = self._transport.get(self._file.url, byte_range=(self._fetched, self._fetched + self._next - 1))
        start, size = extent(response, self._file)
        if (self._size is not None and size != self._size) or start > self._fetched or not response.body:
            raise IndexUnavailable(f"{self._file.url}: the file changed between two range requests")
        piece = response.body[self._fetched - start :]
        self._size, self._fetched = size, self._fetched + len(piece)
        self._next = min(self._next * 2, _LARGEST_REQUEST)
        return piece
