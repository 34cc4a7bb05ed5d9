"""The METADATA of a wheel by range requests: the zip's directory stands at the end, and so does METADATA in
most wheels (the wheel specification recommends it), so one request of the tail is the rule and two are
rare."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from packaging.utils import canonicalize_name

from resolver.errors import IndexUnavailable
from resolver.indexes.protocol import DistributionFile, InvalidMetadata
from resolver.transport import Response, Transport

__all__ = ["TAIL", "RemoteFile", "extent", "read_wheel_metadata"]

TAIL = 48 * 1024
"""Bytes of the first request; what was missing is read with as much again before it."""

_LARGEST_METADATA = 16 * 1024 * 1024
_SLACK = 1024
_ENCRYPTED = 0x1
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_METADATA = re.compile(r"([^/]+)\.dist-info/METADATA")
_NOT_A_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


def read_wheel_metadata(file: DistributionFile, transport: Transport) -> bytes:
    """The METADATA of the wheel ``file``, its CRC checked; the wheel is never read whole unless it is smaller
    than one request. Raises ``InvalidMetadata`` where it is no sane wheel, ``IndexUnavailable`` where it
    cannot be had.
    """
    remote = RemoteFile(file, transport)
    try:
        with zipfile.ZipFile(remote) as archive:
            entry = _metadata_entry(archive, file)
            remote.need(entry.header_offset, entry.header_offset + entry.compress_size + _SLACK)
            with archive.open(entry) as stream:
                content = stream.read(_LARGEST_METADATA + 1)
    except _NOT_A_ZIP as error:
        raise InvalidMetadata(f"{file.url}: not a sane wheel: {error}") from error
    if len(content) > _LARGEST_METADATA:
        raise InvalidMetadata(f"{file.url}: its METADATA is larger than {_LARGEST_METADATA >> 20} MiB")
    return content


def _metadata_entry(archive: zipfile.ZipFile, file: DistributionFile) -> zipfile.ZipInfo:
    project = canonicalize_name(file.filename.partition("-")[0])
    found = []
    for entry in archive.infolist():
        match = _METADATA.fullmatch(entry.filename)
        if match and canonicalize_name(match[1].partition("-")[0]) == project:
            found.append(entry)
    if any(entry.flag_bits & _ENCRYPTED for entry in found):
        raise InvalidMetadata(f"{file.url}: its METADATA is encrypted")
    if len(found) != 1:
        raise InvalidMetadata(f"{file.url}: {len(found)} METADATA files of {project} in the wheel; one is needed")
    return found[0]


class RemoteFile(io.RawIOBase):
    """The file behind a URL, of which only the end is here at first; what else is read is fetched, once."""

    def __init__(self, file: DistributionFile, transport: Transport) -> None:
        super().__init__()
        self._file = file
        self._transport = transport
        self._position = 0
        response = self._first_request()
        start, self._size = extent(response, file)
        self._parts: list[tuple[int, bytes]] = [(start, response.body)]

    def need(self, first: int, end: int) -> None:
        """Have the bytes from ``first`` up to ``end`` (not included) here; one request fills one gap."""
        end = min(end, self._size)
        while first < end:
            part = self._part_with(first)
            if part is not None:
                first = part[0] + len(part[1])
                continue
            until = min([end, *(start for start, _ in self._parts if start > first)])
            self._fetch(first, until)
            first = until

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise OSError("an offset before the beginning of the file")
        self._position = origin + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._position + size)
        pieces = []
        while self._position < end:
            piece = self._piece(self._position, end)
            pieces.append(piece)
            self._position += len(piece)
        return b"".join(pieces)

    def _piece(self, first: int, end: int) -> bytes:
        """Some bytes from ``first`` on. What is missing is fetched with ``TAIL`` more before it, because METADATA
        often stands right before the directory, and up to what is here."""
        part = self._part_with(first)
        if part is None:
            self.need(max(0, first - TAIL), end)
            part = self._part_with(first)
        if part is None:
            raise IndexUnavailable(f"{self._file.url}: a part of it is missing in the answer")
        start, content = part
        return content[first - start : end - start]

    def _part_with(self, position: int) -> tuple[int, bytes] | None:
        return next(((start, part) for start, part in self._parts if start <= position < start + len(part)), None)

    def _fetch(self, first: int, end: int) -> None:
        response = self._transport.get(self._file.url, byte_range=(first, end - 1))
        start, size = extent(response, self._file)
        if size != self._size or start > first or start + len(response.body) < end:
            raise IndexUnavailable(f"{self._file.url}: the file changed between two range requests")
        self._parts.append((start, response.body))

    def _first_request(self) -> Response:
        size = self._file.size
        if size is None or size <= 0:
            return self._transport.get(self._file.url, tail=TAIL)
        # More servers know "from here to there" than "the last so many".
        return self._transport.get(self._file.url, byte_range=(max(0, size - TAIL), size - 1))


def extent(response: Response, file: DistributionFile) -> tuple[int, int]:
    """Where the body begins in the file, and how long the file is."""
    if not response.found:
        raise IndexUnavailable(f"{file.url}: answered {response.status}, though the index lists it")
    if response.status == 200:
        return 0, len(response.body)
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if match is None:
        raise IndexUnavailable(f"{file.url}: a part of a file of unknown length")
    return int(match[1]), int(match[2])
