"""From entries to a compressed layer on disk: one pass, one chunk in memory."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from resolver.exporter.archive import ArchiveEntry, write_tar
from resolver.exporter.oci.values import Blob, Compression, Layer, layer_media_type

__all__ = ["write_layer"]

_CHUNK = 1 << 20
_GZIP_LEVEL = 6
_GZIP_WINDOW = 31  # zlib: 32 KiB, with gzip's header, which then has no time and no name
_ZSTD_LEVEL = 3  # 19 would cost ten minutes a gigabyte


def write_layer(
    entries: Iterable[ArchiveEntry], place: Path, *, created_by: str, compression: Compression, epoch: int
) -> Layer:
    """Write the layer to ``place``, a new file. Raises ``BuildError`` for a source that cannot be read, and
    ``OSError`` where ``place`` cannot be written."""
    with place.open("xb") as file:
        sink = _Sink(file, compression)
        write_tar(entries, sink, epoch=epoch)
        sink.finish()
    blob = Blob(
        media_type=layer_media_type(compression),
        digest=f"sha256:{sink.compressed.hexdigest()}",
        size=sink.size,
        source=place,
    )
    return Layer(blob=blob, diff_id=f"sha256:{sink.plain.hexdigest()}", created_by=created_by)


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def _compressor(compression: Compression) -> _Compressor:
    if compression == "gzip":
        return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    import zstandard

    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()


class _Sink:
    """Hashes, compresses, hashes again and writes; small writes are gathered, since each step costs a call."""

    def __init__(self, file: BinaryIO, compression: Compression) -> None:
        self._file = file
        self._compressor = _compressor(compression)
        self._pending: list[bytes] = []
        self._length = 0
        self.plain = hashlib.sha256()
        self.compressed = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> None:
        self._pending.append(data)
        self._length += len(data)
        if self._length >= _CHUNK:
            self._drain()

    def finish(self) -> None:
        self._drain()
        self._put(self._compressor.flush())

    def _drain(self) -> None:
        data = b"".join(self._pending)
        self._pending, self._length = [], 0
        self.plain.update(data)
        self._put(self._compressor.compress(data))

    def _put(self, data: bytes) -> None:
        self.compressed.update(data)
        self.size += len(data)
        self._file.write(data)
