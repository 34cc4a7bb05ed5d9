"""A base image on this machine: a docker archive (``docker save``), or an OCI layout in a tar or in a folder."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from resolver.errors import BuildError, IntegrityError
from resolver.exporter.oci.base import BaseImage, base_image, decode, layer_type
from resolver.exporter.oci.values import LAYER, Blob, is_digest

__all__ = ["LayoutFiles", "open_layout", "read_base"]

_CHUNK = 1 << 20
_LARGEST_JSON = 4 << 20  # what the distribution specification asks registries to take


def read_base(place: Path, *, name: str, architecture: str, folder: Path) -> BaseImage:
    """The image in a docker archive or an OCI layout; layers that lie in a tar are copied to ``folder``.

    Raises ``BuildError`` for what is neither, ``IntegrityError`` for a blob that is not what its digest says.
    """
    try:
        with open_layout(place, name) as files:
            if files.has("index.json"):
                return _oci_image(files, name, architecture, folder)
            if files.has("manifest.json"):
                return _docker_image(files, name, architecture, folder)
    except (tarfile.TarError, OSError) as error:
        raise BuildError(f"{name}: cannot be read: {error}") from error
    raise BuildError(
        f"{name} is neither a docker archive nor an OCI layout",
        hint="make one with `docker save -o base.tar IMAGE` or `skopeo copy docker://IMAGE oci-archive:base.tar`",
    )


# ------------------------------------------------------------------------------------------- documents


class _Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str
    digest: str
    size: int
    platform: dict[str, object] | None = None


class _Index(msgspec.Struct, frozen=True):
    manifests: tuple[_Descriptor, ...]


class _Manifest(msgspec.Struct, frozen=True):
    config: _Descriptor
    layers: tuple[_Descriptor, ...]


class _Archived(msgspec.Struct, frozen=True, rename="pascal"):
    """One entry of a docker archive's ``manifest.json``."""

    config: str
    layers: tuple[str, ...]


# ----------------------------------------------------------------------------------------- two layouts


def _oci_image(files: LayoutFiles, name: str, architecture: str, folder: Path) -> BaseImage:
    index = decode(files.read("index.json"), _Index, f"{name}: index.json")
    descriptor = _choose(index.manifests, architecture, name)
    if "index" in descriptor.media_type or "manifest.list" in descriptor.media_type:
        inner = decode(_blob(files, descriptor, name), _Index, f"{name}: {descriptor.digest}")
        descriptor = _choose(inner.manifests, architecture, name)
    manifest = decode(_blob(files, descriptor, name), _Manifest, f"{name}: {descriptor.digest}")
    blobs = []
    for layer in manifest.layers:
        _check_digest(layer.digest, name)
        source = files.file(_place(layer.digest), folder)
        if (have := _sha256(source)) != layer.digest:
            raise IntegrityError(f"{name}: the layer {layer.digest} is {have}")
        media_type = layer_type(layer.media_type, name=name)
        blobs.append(Blob(media_type=media_type, digest=layer.digest, size=source.stat().st_size, source=source))
    return base_image(
        name,
        digest=descriptor.digest,
        config=_blob(files, manifest.config, name),
        blobs=tuple(blobs),
        architecture=architecture,
    )


def _choose(descriptors: tuple[_Descriptor, ...], architecture: str, name: str) -> _Descriptor:
    """The one for this architecture; a single one that names none is judged by its config."""
    fitting = [d for d in descriptors if d.platform and d.platform.get("architecture") == architecture]
    silent = [d for d in descriptors if d.platform is None]
    if not fitting and len(silent) == 1:
        fitting = silent
    if len(fitting) != 1:
        raise BuildError(
            f"{name}: it holds {len(fitting) or 'no'} images for linux/{architecture}",
            hint="name a file that holds one base image for that platform",
        )
    return fitting[0]


def _blob(files: LayoutFiles, descriptor: _Descriptor, name: str) -> bytes:
    _check_digest(descriptor.digest, name)
    content = files.read(_place(descriptor.digest))
    have = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if have != descriptor.digest:
        raise IntegrityError(f"{name}: the blob {descriptor.digest} is {have}")
    return content


def _check_digest(digest: str, name: str) -> None:
    if not is_digest(digest):
        raise BuildError(f"{name}: not a digest that is known here: {digest!r}")


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _docker_image(files: LayoutFiles, name: str, architecture: str, folder: Path) -> BaseImage:
    images = decode(files.read("manifest.json"), tuple[_Archived, ...], f"{name}: manifest.json")
    if len(images) != 1:
        raise BuildError(f"{name}: it holds {len(images) or 'no'} images", hint="save one image alone")
    image = images[0]
    config = files.read(image.config)
    blobs = []
    for layer in image.layers:
        source = files.file(layer, folder)
        blobs.append(
            Blob(media_type=_sniffed(source), digest=_sha256(source), size=source.stat().st_size, source=source)
        )
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    return base_image(name, digest=digest, config=config, blobs=tuple(blobs), architecture=architecture)


def _sniffed(layer: Path) -> str:
    """A docker archive does not say how its layers are compressed."""
    with layer.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(b"\x1f\x8b"):
        return f"{LAYER}+gzip"
    return f"{LAYER}+zstd" if start == b"\x28\xb5\x2f\xfd" else LAYER


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


# --------------------------------------------------------------------------------- a folder or a tar


class LayoutFiles(Protocol):
    """Files by the names that the layout gives them, wherever they are."""

    def has(self, path: str) -> bool: ...

    def read(self, path: str, *, limit: int = _LARGEST_JSON) -> bytes:
        """A file of at most ``limit`` bytes. Raises ``BuildError``."""

    def file(self, path: str, folder: Path) -> Path: ...


@contextmanager
def open_layout(place: Path, name: str) -> Iterator[LayoutFiles]:
    """The files of a layout, or of a docker archive, in a folder or an uncompressed tar; ``name`` is for messages."""
    if place.is_dir():
        yield _Folder(place, name)
        return
    with tarfile.open(place, "r:") as archive:
        yield _Tar(archive, name)


class _Folder:
    def __init__(self, root: Path, name: str) -> None:
        self._root, self._name = root, name

    def has(self, path: str) -> bool:
        return (self._root / path).is_file()

    def read(self, path: str, *, limit: int = _LARGEST_JSON) -> bytes:
        file = self.file(path, self._root)
        if file.stat().st_size > limit:
            raise BuildError(f"{self._name}: {path} is larger than {limit} bytes")
        return file.read_bytes()

    def file(self, path: str, folder: Path) -> Path:
        place = self._root / path
        if ".." in path.split("/") or path.startswith("/") or not place.is_file():
            raise BuildError(f"{self._name}: it lacks {path}")
        return place


class _Tar:
    def __init__(self, archive: tarfile.TarFile, name: str) -> None:
        self._archive, self._name = archive, name
        self._members = {member.name.removeprefix("./"): member for member in archive}

    def has(self, path: str) -> bool:
        return path in self._members

    def read(self, path: str, *, limit: int = _LARGEST_JSON) -> bytes:
        member = self._member(path)
        if member.size > limit:
            raise BuildError(f"{self._name}: {path} is larger than {limit} bytes")
        return self._open(member).read()

    def file(self, path: str, folder: Path) -> Path:
        """Copied under a name of ours: those in the tar are not trusted."""
        place = folder / f"base-{hashlib.sha256(path.encode()).hexdigest()}"
        if not place.exists():
            with self._open(self._member(path)) as stream, place.open("xb") as out:
                while chunk := stream.read(_CHUNK):
                    out.write(chunk)
        return place

    def _member(self, path: str) -> tarfile.TarInfo:
        """Older docker archives name a layer that occurs twice by a link."""
        member = self._members.get(path)
        if member is not None and member.issym():
            parts: list[str] = []
            for part in (*path.split("/")[:-1], *member.linkname.split("/")):
                parts = parts[:-1] if part == ".." else [*parts, part]
            member = self._members.get("/".join(parts))
        if member is None or not member.isreg():
            raise BuildError(f"{self._name}: it lacks {path}")
        return member

    def _open(self, member: tarfile.TarInfo) -> BinaryIO:
        stream = self._archive.extractfile(member)
        if stream is None:
            raise BuildError(f"{self._name}: {member.name} is no file")
        return stream  # type: ignore[return-value]  # IO[bytes], in typeshed's words
