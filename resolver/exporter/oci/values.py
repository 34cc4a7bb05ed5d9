"""What an OCI image consists of (image-spec 1.1): blobs, layers, and the image that names them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from resolver.errors import BuildError
from resolver.values import dataclass

__all__ = [
    "CONFIG",
    "INDEX",
    "LAYER",
    "MANIFEST",
    "Blob",
    "Compression",
    "Image",
    "Layer",
    "is_digest",
    "layer_media_type",
]

Compression = Literal["gzip", "zstd"]

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def is_digest(text: object) -> bool:
    """Whether this is ``sha256:<64 hex digits>``, the one algorithm that we write and read."""
    return isinstance(text, str) and _DIGEST.match(text) is not None


def layer_media_type(compression: Compression) -> str:
    return f"{LAYER}+{compression}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes by their digest: in memory (``content``) or in a file (``source``). ``size`` is in bytes."""

    media_type: str
    digest: str
    size: int
    content: bytes | None = None
    source: Path | None = None

    def __post_init__(self) -> None:
        if not is_digest(self.digest):
            raise BuildError(f"not a digest of a blob: {self.digest!r}")
        if (self.content is None) == (self.source is None):
            raise BuildError(f"{self.digest}: a blob is either in memory or in a file")

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Blob:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return cls(media_type=media_type, digest=digest, size=len(content), content=content)

    @property
    def path(self) -> str:
        """Where an image layout has it."""
        return f"blobs/{self.digest.replace(':', '/')}"

    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: its blob, the digest of its uncompressed tar, and the line that ``docker history`` shows."""

    blob: Blob
    diff_id: str
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform. ``blobs`` are all but the manifest; ``platform`` is a conda subdir, ``warnings``
    is what could not be done without running anything."""

    platform: str
    architecture: str
    variant: str
    manifest: Blob
    config: Blob
    layers: tuple[Layer, ...]
    annotations: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return _unique((self.config, *(layer.blob for layer in self.layers)))


def _unique(blobs: Iterable[Blob]) -> tuple[Blob, ...]:
    return tuple({blob.digest: blob for blob in blobs}.values())
