"""A folder that stands in for a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from resolver.errors import IndexUnavailable
from resolver.transport.response import Response

__all__ = ["open_file", "read_file"]

_PAGES = ("index.json", "index.html")
_CONTENT_TYPES = {"index.json": "application/vnd.pypi.simple.v1+json", "index.html": "text/html"}


def read_file(
    path: Path, url: str, *, etag: str | None, tail: int | None, byte_range: tuple[int, int] | None
) -> Response:
    """The file at ``path`` (of a folder: its page), or the part of it that is asked for, as a server would
    answer.

    ``etag`` is what the caller has already; ``byte_range`` is first and last byte, both included. Raises
    ``IndexUnavailable`` for a file that is there and cannot be read.
    """
    stream = open_file(path)
    if stream is None:
        return Response(status=404, headers={}, body=b"", url=url)
    with stream:
        name = Path(stream.name).name
        status = os.fstat(stream.fileno())
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"'
        headers = {"content-type": _CONTENT_TYPES.get(name, "application/octet-stream"), "etag": tag}
        if etag == tag:
            return Response(status=304, headers=headers, body=b"", url=url)
        if tail is None and byte_range is None:
            return Response(status=200, headers=headers, body=stream.read(), url=url)
        first, last = byte_range or (max(0, status.st_size - (tail or 0)), status.st_size - 1)
        last = min(last, status.st_size - 1)
        stream.seek(first)
        body = stream.read(max(0, last - first + 1))
        headers["content-range"] = f"bytes {first}-{last}/{status.st_size}"
        return Response(status=206, headers=headers, body=body, url=url)


def open_file(path: Path) -> BinaryIO | None:
    """A file for reading (of a folder: its page), or ``None`` where there is none."""
    try:
        if path.is_dir():
            pages = [path / name for name in _PAGES if (path / name).is_file()]
            return pages[0].open("rb") if pages else None
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise IndexUnavailable(f"{path}: cannot be read: {error.strerror}") from error
