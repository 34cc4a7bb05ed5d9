"""Our own tar writer: the same entries always give the same bytes.

POSIX ustar (IEEE Std 1003.1, pax interchange format), with a pax header only where ustar has no room. Entries are
sorted by path as bytes, so a directory stands before what it contains; directories that nothing declares are added.
Modes are 0644 or 0755 (symbolic links 0777), uid and gid 0 without names, every mtime the epoch that was given; two
zero blocks end the archive and nothing follows them. ``tarfile`` is not used: its bytes differ between versions.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Protocol

from resolver.build_context import BuildContext
from resolver.errors import BuildError, SettingsError
from resolver.model import Digest
from resolver.values import dataclass

__all__ = [
    "DEFAULT_EPOCH",
    "ArchiveEntry",
    "ByteSink",
    "context_entries",
    "source_date_epoch",
    "tar_bytes",
    "tar_digest",
    "write_tar",
]

DEFAULT_EPOCH = 315532800
"""1980-01-01T00:00:00Z in seconds, the oldest time that a zip can hold as well."""

_BLOCK = 512
_CHUNK = 1 << 20
_NAME_ROOM = 100
_PREFIX_ROOM = 155
_LARGEST_SIZE = 0o77777777777
_LARGEST_ID = 0o7777777
_TYPE_FLAGS = {"file": b"0", "symlink": b"2", "directory": b"5"}


def source_date_epoch(environ: Mapping[str, str]) -> int:
    """``SOURCE_DATE_EPOCH`` (reproducible-builds.org), else ``DEFAULT_EPOCH``. Raises ``SettingsError``."""
    text = environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return DEFAULT_EPOCH
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"SOURCE_DATE_EPOCH is {text!r}", hint="it is a number of seconds since 1970")
    return int(text)


class ByteSink(Protocol):
    """Anything that bytes can be written to: a file, a hash, a socket."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEntry:
    """One entry of an archive.

    ``path`` is relative and ``/``-separated. A file has either ``content`` or a ``source`` on disk (then ``size`` in
    bytes may be given, and is checked); a symbolic link has a ``target``; a directory has neither. ``owner`` is the
    uid and gid: root's but for what a container's user must write to.
    """

    path: str
    kind: Literal["file", "directory", "symlink"] = "file"
    mode: int = 0o644
    content: bytes | None = None
    source: Path | None = None
    size: int | None = None
    target: str = ""
    owner: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if "\0" in self.path or any(part in ("", ".", "..") for part in self.path.split("/")):
            raise BuildError(f"not a path inside an archive: {self.path!r}")
        if self.kind == "file" and (self.content is None) == (self.source is None):
            raise BuildError(f"{self.path}: a file has either bytes or a source")
        if self.kind != "file" and (self.content is not None or self.source is not None):
            raise BuildError(f"{self.path}: only files have content")
        if (self.kind == "symlink") != bool(self.target) or "\0" in self.target:
            raise BuildError(f"{self.path}: a symbolic link, and nothing else, has a target")
        if not all(0 <= number <= _LARGEST_ID for number in self.owner):
            raise BuildError(f"{self.path}: a tar cannot hold the owner {self.owner[0]}:{self.owner[1]}")
        allowed = {"file": (0o644, 0o755), "directory": (0o755,), "symlink": (0o777,)}[self.kind]
        if self.mode not in allowed:
            raise BuildError(f"{self.path}: mode {self.mode:o} is not {' or '.join(f'{m:o}' for m in allowed)}")


def context_entries(context: BuildContext) -> tuple[ArchiveEntry, ...]:
    """The files of a build context as archive entries."""
    return tuple(
        ArchiveEntry(
            path=file.path,
            mode=file.mode,
            content=file.content,
            source=None if file.source is None else Path(file.source),
        )
        for file in context.files
    )


def tar_bytes(entries: Iterable[ArchiveEntry], *, epoch: int = DEFAULT_EPOCH) -> bytes:
    """The whole archive in memory; for one of any size use ``write_tar``."""
    out = io.BytesIO()
    write_tar(entries, out, epoch=epoch)
    return out.getvalue()


def tar_digest(entries: Iterable[ArchiveEntry], *, epoch: int = DEFAULT_EPOCH) -> Digest:
    """The sha256 of the uncompressed archive, which is never held in memory."""
    sink = _HashSink()
    write_tar(entries, sink, epoch=epoch)
    return Digest(domain="samebox/context/1", hex=sink.hash.hexdigest())


class _HashSink:
    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, data: bytes, /) -> None:
        self.hash.update(data)


def write_tar(entries: Iterable[ArchiveEntry], out: ByteSink, *, epoch: int = DEFAULT_EPOCH) -> None:
    """Write the archive to ``out``; files are streamed, so memory holds the list of entries and one chunk.

    ``epoch`` is every entry's mtime, in seconds since 1970 (UTC). Raises ``BuildError`` for two entries of one path,
    a file where a directory must be, a source that cannot be read, or an epoch that ustar cannot hold.
    """
    if not 0 <= epoch <= _LARGEST_SIZE:
        raise BuildError(f"a tar cannot hold the time {epoch}", hint="give seconds since 1970, not negative")
    for entry in _complete(entries):
        if entry.source is not None:
            _write_source(entry, entry.source, out, epoch)
        else:
            content = entry.content or b""
            out.write(_headers(entry, len(content), epoch))
            out.write(content + _padding(len(content)))
    out.write(bytes(2 * _BLOCK))


def _complete(entries: Iterable[ArchiveEntry]) -> Iterator[ArchiveEntry]:
    """All entries and their missing parents, in the archive's order."""
    by_path: dict[bytes, ArchiveEntry] = {}
    for entry in entries:
        if by_path.setdefault(_encode(entry.path), entry) is not entry:
            raise BuildError(f"two entries have the path {entry.path!r}")
    for entry in tuple(by_path.values()):
        parts = entry.path.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            directory = ArchiveEntry(path=parent, kind="directory", mode=0o755)
            if by_path.setdefault(_encode(parent), directory).kind != "directory":
                raise BuildError(f"{entry.path!r} lies in {parent!r}, which is no directory")
    for path in sorted(by_path):
        yield by_path[path]


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BuildError(f"not a path that UTF-8 can hold: {text!r}") from error


def _write_source(entry: ArchiveEntry, source: Path, out: ByteSink, epoch: int) -> None:
    try:
        with source.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            if entry.size not in (None, size):
                raise BuildError(f"{source}: {size} bytes, but {entry.path} must have {entry.size}")
            out.write(_headers(entry, size, epoch))
            left = size
            while left and (chunk := stream.read(min(_CHUNK, left))):
                left -= len(chunk)
                out.write(chunk)
    except OSError as error:
        raise BuildError(f"{source}: cannot read for {entry.path}: {error.strerror}") from error
    if left:
        raise BuildError(f"{source}: became shorter while it was read")
    out.write(_padding(size))


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _headers(entry: ArchiveEntry, size: int, epoch: int) -> bytes:
    """The entry's ustar header, after a pax header for whatever does not fit into it."""
    path = _encode(entry.path + "/" if entry.kind == "directory" else entry.path)
    target = _encode(entry.target)
    split = _split(path)
    records: list[tuple[str, bytes]] = []
    if not target.isascii() or len(target) > _NAME_ROOM:
        records.append(("linkpath", target))
    if split is None:
        records.append(("path", path))
    if size > _LARGEST_SIZE:
        records.append(("size", str(size).encode()))
    prefix, name = split or (b"", _stand_in(path))
    header = _ustar(
        prefix,
        name,
        mode=entry.mode,
        size=size if size <= _LARGEST_SIZE else 0,
        epoch=epoch,
        type_flag=_TYPE_FLAGS[entry.kind],
        link=_stand_in(target),
        owner=entry.owner,
    )
    return (_pax(records, epoch) if records else b"") + header


def _split(path: bytes) -> tuple[bytes, bytes] | None:
    """``path`` as ustar's prefix and name, or ``None`` where it does not fit."""
    if not path.isascii():
        return None
    if len(path) <= _NAME_ROOM:
        return b"", path
    # the slash at the end of a directory's own path is no place to split
    at = path.rfind(b"/", 0, min(_PREFIX_ROOM + 1, len(path) - 1))
    if at < 1 or len(path) - at - 1 > _NAME_ROOM:
        return None
    return path[:at], path[at + 1 :]


def _stand_in(text: bytes) -> bytes:
    """What an old reader that knows no pax sees: ASCII, cut to fit."""
    return bytes(byte if byte < 128 else ord("_") for byte in text[:_NAME_ROOM])


def _pax(records: list[tuple[str, bytes]], epoch: int) -> bytes:
    body = b"".join(_pax_record(key, value) for key, value in records)
    header = _ustar(b"", b"PaxHeader", mode=0o644, size=len(body), epoch=epoch, type_flag=b"x", link=b"")
    return header + body + _padding(len(body))


def _pax_record(key: str, value: bytes) -> bytes:
    """``LENGTH KEY=VALUE\\n``, where LENGTH counts the whole record, its own digits included."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _ustar(
    prefix: bytes,
    name: bytes,
    *,
    mode: int,
    size: int,
    epoch: int,
    type_flag: bytes,
    link: bytes,
    owner: tuple[int, int] = (0, 0),
) -> bytes:
    before = b"".join(
        (
            name.ljust(_NAME_ROOM, b"\0"),
            b"%07o\0" % mode,
            b"%07o\0" % owner[0],
            b"%07o\0" % owner[1],
            b"%011o\0" % size,
            b"%011o\0" % epoch,
        )
    )
    after = b"".join(
        (
            type_flag,
            link.ljust(_NAME_ROOM, b"\0"),
            b"ustar\x0000",
            bytes(64),  # no user name, no group name
            b"%07o\0" % 0,
            b"%07o\0" % 0,
            prefix.ljust(_PREFIX_ROOM, b"\0"),
            bytes(12),
        )
    )
    checksum = sum(before) + 8 * ord(" ") + sum(after)
    return before + b"%06o\0 " % checksum + after
