"""What a base image holds, read from its layers and never unpacked: enough to stand upon it without running it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import posixpath
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import msgspec

from resolver.errors import BuildError, IntegrityError
from resolver.exporter.oci.values import Layer
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BaseTree", "read_tree"]

_TREE_FORMAT = 1
"""Raised when anything else is noted of a layer."""

_CHUNK = 1 << 20
_LARGEST_FILE = 64 << 20
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_READ = re.compile(r"etc/(passwd|group)\Z")
_GLIBC = re.compile(r"(usr/)?lib[^/]*/([^/]+-linux-gnu[^/]*/)?libc(\.so\.6|-2\.[0-9]+\.so)\Z")
_MUSL = re.compile(r"(usr/)?lib/ld-musl-[^/]+\.so\.1\Z")
_GLIBC_SAYS = re.compile(rb"GNU C Library [^\n]*?version ([0-9]+\.[0-9]+)")
_LINKS = 40  # Linux follows no more


@dataclass(slots=True)
class BaseTree:
    """Paths without a leading slash: ``kinds`` gives ``file``, ``directory`` or ``symlink``, ``targets`` the links'
    targets, ``texts`` the content of ``etc/passwd`` and ``etc/group``, ``libraries`` the versions of glibc by path."""

    kinds: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    @property
    def glibc(self) -> str | None:
        """The version of the C library, the oldest where there are several; ``None`` where there is no glibc."""
        versions = self.libraries.values()
        return min(versions, key=lambda version: tuple(map(int, version.split("."))), default=None)

    @property
    def has_musl(self) -> bool:
        return any(_MUSL.match(path) for path in self.kinds)

    def link_above(self, path: str) -> str | None:
        """The first symbolic link on the way to ``path`` (absolute), itself included."""
        parts = path.strip("/").split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        return next((place for place in above if self.kinds.get(place) == "symlink"), None)

    def has_below(self, path: str) -> bool:
        """Whether anything but folders lies at ``path`` (absolute) or below it."""
        place = path.strip("/")
        return any(
            kind != "directory" and (other == place or other.startswith(f"{place}/"))
            for other, kind in self.kinds.items()
        )

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` (absolute) is a folder, links followed."""
        return self.kind(path) == "directory"

    def kind(self, path: str) -> str | None:
        """What ``path`` leads to, links followed: ``file``, ``directory``, or ``None`` for nothing."""
        place = path.strip("/")
        for _ in range(_LINKS):
            link = self.link_above(place)
            if link is None:
                return self.kinds.get(place)
            target = posixpath.join("/", posixpath.dirname(link), self.targets[link])
            place = posixpath.normpath(f"/{target}/{place[len(link) :]}").strip("/")
        return None


def read_tree(layers: Sequence[Layer], *, name: str, kept: Path | None = None) -> BaseTree:
    """Read all layers, lowest first, and check each against its diff_id.

    What was read is kept in the folder ``kept``, by the digests of the layers: their blobs have been checked already,
    and what they hold depends on nothing else. Raises ``IntegrityError`` for a layer that is another, ``BuildError``
    for one that cannot be read; ``name`` is the image's, for messages.
    """
    place = kept / f"{_key(layers)}.json" if kept is not None else None
    if place is not None and (found := _kept_tree(place)) is not None:
        return found
    tree = _read_all(layers, name)
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".tree-", delete=False) as file:
            file.write(msgspec.json.encode(tree))
        Path(file.name).replace(place)
    return tree


def _key(layers: Iterable[Layer]) -> str:
    pairs = "".join(f"{layer.blob.digest} {layer.diff_id}\n" for layer in layers)
    return hashlib.sha256(f"samebox/base-tree/{_TREE_FORMAT}\n{pairs}".encode()).hexdigest()


def _kept_tree(place: Path) -> BaseTree | None:
    try:
        tree = msgspec.json.decode(place.read_bytes(), type=BaseTree)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    os.utime(place)  # it was used: see eviction
    return tree


def _read_all(layers: Iterable[Layer], name: str) -> BaseTree:
    tree = BaseTree()
    for layer in layers:
        try:
            have = _read_layer(layer, tree)
        except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
            raise BuildError(f"{name}: its layer {layer.blob.digest} cannot be read: {error}") from error
        if have != layer.diff_id:
            raise IntegrityError(
                f"{name}: a layer is {have}, and the image's config says {layer.diff_id}",
                hint="the image is damaged; fetch it again",
            )
    return tree


def _read_layer(layer: Layer, tree: BaseTree) -> str:
    """Lay the layer over ``tree``; gives its diff_id."""
    source = layer.blob.source
    with io.BytesIO(layer.blob.content or b"") if source is None else source.open("rb") as file:
        hashing = _Hashing(_decompressed(file, layer.blob.media_type))
        stream = io.BufferedReader(hashing, _CHUNK)
        below = frozenset(tree.kinds)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _lay(member, archive, tree, below)
        while stream.read(_CHUNK):
            pass
    return f"sha256:{hashing.hash.hexdigest()}"


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read of it."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        self.hash.update(data)
        view[: len(data)] = data
        return len(data)


def _decompressed(file: IO[bytes], media_type: str) -> _Readable:
    if media_type.endswith("gzip"):
        return gzip.GzipFile(fileobj=file)
    if media_type.endswith("zstd"):
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return file


def _lay(member: tarfile.TarInfo, archive: tarfile.TarFile, tree: BaseTree, below: frozenset[str]) -> None:
    path = posixpath.normpath(f"/{member.name}").strip("/")
    folder, _, name = path.rpartition("/")
    if name == _OPAQUE:
        _remove_below(tree, folder, below)
        return
    if name.startswith(_WHITEOUT):
        hidden = f"{folder}/{name.removeprefix(_WHITEOUT)}".strip("/")
        _remove_below(tree, hidden, below)
        _forget(tree, hidden)
        return
    if not path:
        return
    if not member.isdir() and tree.kinds.get(path) == "directory":
        _remove_below(tree, path, below)
    _forget(tree, path)
    tree.kinds[path] = "directory" if member.isdir() else "symlink" if member.issym() else "file"
    if member.issym():
        tree.targets[path] = member.linkname
    elif member.islnk():
        _copy(tree, posixpath.normpath(f"/{member.linkname}").strip("/"), path)
    elif member.isreg() and member.size <= _LARGEST_FILE:
        _note(tree, path, member, archive)


def _note(tree: BaseTree, path: str, member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
    is_glibc = _GLIBC.match(path)
    if not is_glibc and not _READ.match(path):
        return
    stream = archive.extractfile(member)
    content = stream.read() if stream is not None else b""
    if not is_glibc:
        tree.texts[path] = content
    elif says := _GLIBC_SAYS.search(content):
        tree.libraries[path] = says[1].decode("ascii")


def _copy(tree: BaseTree, source: str, path: str) -> None:
    """A hard link."""
    if source in tree.texts:
        tree.texts[path] = tree.texts[source]
    if source in tree.libraries:
        tree.libraries[path] = tree.libraries[source]


def _remove_below(tree: BaseTree, folder: str, below: frozenset[str]) -> None:
    """What a lower layer has below ``folder`` is hidden; what this one has put there is not."""
    start = f"{folder}/" if folder else ""
    for path in [path for path in tree.kinds if path.startswith(start) and path in below]:
        _forget(tree, path)


def _forget(tree: BaseTree, path: str) -> None:
    for table in (tree.kinds, tree.targets, tree.texts, tree.libraries):
        table.pop(path, None)
