"""The values of the OCI image specification that a registry holds: descriptors, manifests, indexes, configurations."""

from __future__ import annotations

from resolver.errors import ResolverError
from resolver.registry.image_platform import ImagePlatform
from resolver.registry.reference import checked_digest
from resolver.values import dataclass

__all__ = ["Descriptor", "Document", "ImageConfig", "Index", "Manifest", "Pairs"]

Pairs = tuple[tuple[str, str], ...]
"""Labels or annotations, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a content is and how it is found: ``digest`` is ``sha256:<hex>`` over its ``size`` bytes."""

    media_type: str
    digest: str
    size: int
    artifact_type: str | None = None
    annotations: Pairs = ()
    platform: ImagePlatform | None = None

    def __post_init__(self) -> None:
        checked_digest(self.digest)
        if self.size < 0:
            raise ResolverError(f"{self.digest}: a size of {self.size} bytes")

    @property
    def hex(self) -> str:
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One image, or one artifact that a ``subject`` is about."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Several images under one name, as a rule one for each platform."""

    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """How a container of the image runs. ``environment`` keeps the order of the image; ``diff_ids`` are the digests of
    the uncompressed layers, the lowest first."""

    platform: ImagePlatform
    labels: Pairs = ()
    environment: Pairs = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_directory: str = ""
    ports: tuple[str, ...] = ()
    diff_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A manifest or an index as its registry holds it: ``content`` has the digest of ``descriptor``."""

    descriptor: Descriptor
    content: bytes
    parsed: Manifest | Index
