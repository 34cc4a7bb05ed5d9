"""A base image: its config, and its layers as they are.

``base_layouts`` reads one of this machine, ``registry_images`` one of a registry; or there is none at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from resolver.errors import BuildError
from resolver.exporter.oci.values import LAYER, Blob, Layer, is_digest
from resolver.values import dataclass

__all__ = ["SCRATCH", "BaseImage", "BaseSource", "base_image", "decode", "layer_type"]

_LAYER_TYPES = {
    LAYER: LAYER,
    f"{LAYER}+gzip": f"{LAYER}+gzip",
    f"{LAYER}+zstd": f"{LAYER}+zstd",
    "application/vnd.docker.image.rootfs.diff.tar": LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": f"{LAYER}+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": f"{LAYER}+zstd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """``name`` is for messages; ``reference`` the name without a digest under which a registry has it, ``""`` for a
    file of this machine, of which the image says nothing; ``digest`` that of the manifest for this platform, or of the
    config where there is none; ``config`` the whole config document; ``variant`` e.g. ``v8``, mostly ``""``."""

    name: str
    digest: str
    architecture: str
    variant: str = ""
    reference: str = ""
    config: Mapping[str, object]
    layers: tuple[Layer, ...] = ()


class BaseSource(Protocol):
    """Gives the base image of that name for an architecture (Go's GOARCH). Layers are files in ``folder``, or in a
    cache, and have been checked against their digests; ``base_image`` puts the parts together."""

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage: ...


SCRATCH = "scratch"
"""The name that stands for no base at all."""


def layer_type(media_type: object, *, name: str) -> str:
    """OCI's media type of a layer, Docker's included. Raises ``BuildError`` for layers that lie elsewhere."""
    known = _LAYER_TYPES.get(media_type) if isinstance(media_type, str) else None
    if known is None:
        raise BuildError(f"{name}: a layer of the type {media_type!r} cannot be carried along")
    return known


def base_image(
    name: str, *, digest: str, config: bytes, blobs: tuple[Blob, ...], architecture: str, reference: str = ""
) -> BaseImage:
    """A base image of its config and the blobs of its layers, lowest first.

    Raises ``BuildError`` where they do not belong together, or are for another machine than ``architecture``.
    """
    document = decode(config, _Config, f"{name}: its config")
    diff_ids = document.rootfs.diff_ids
    if len(diff_ids) != len(blobs) or not all(map(is_digest, diff_ids)):
        raise BuildError(f"{name}: {len(blobs)} layers, and diff_ids of {len(diff_ids)}")
    if (document.os, document.architecture) != ("linux", architecture):
        raise BuildError(
            f"{name} is for {document.os}/{document.architecture}, and linux/{architecture} is needed",
            hint="name a base image for that platform with --base",
        )
    lines = [entry.created_by for entry in document.history or () if not entry.empty_layer]
    if len(lines) != len(blobs):
        lines = ["the base image"] * len(blobs)
    layers = (Layer(blob=b, diff_id=d, created_by=c) for b, d, c in zip(blobs, diff_ids, lines, strict=True))
    return BaseImage(
        name=name,
        digest=digest,
        architecture=architecture,
        variant=document.variant,
        reference=reference,
        config=msgspec.json.decode(config, type=dict[str, object]),
        layers=tuple(layers),
    )


class _Rootfs(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...]


class _History(msgspec.Struct, frozen=True):
    created_by: str = ""
    empty_layer: bool = False


class _Config(msgspec.Struct, frozen=True):
    architecture: str
    os: str
    rootfs: _Rootfs
    variant: str = ""
    history: tuple[_History, ...] | None = None


_Document = TypeVar("_Document")


def decode(content: bytes, shape: type[_Document], what: str) -> _Document:
    """A JSON document of that shape; ``what`` names it. Raises ``BuildError``."""
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BuildError(f"{what} is not what it should be: {error}") from error
