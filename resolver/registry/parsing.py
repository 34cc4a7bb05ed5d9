"""Bytes → manifests, indexes and configurations. Unknown fields are allowed, as the specification demands; known ones
must have their type. Raises ``RegistryUnavailable`` that names the source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from resolver.errors import RegistryUnavailable, ResolverError
from resolver.registry.documents import Descriptor, Document, ImageConfig, Index, Manifest, Pairs
from resolver.registry.image_platform import ImagePlatform
from resolver.registry.media_types import INDEXES, MANIFESTS

__all__ = ["parse_config", "parse_document"]

T = TypeVar("T")


class _Platform(msgspec.Struct):
    architecture: str = ""
    os: str = ""
    variant: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    media_type: str
    digest: str
    size: int
    artifact_type: str | None = None
    annotations: dict[str, str] | None = None
    platform: _Platform | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    schema_version: int
    config: _Descriptor
    layers: list[_Descriptor]
    media_type: str | None = None
    artifact_type: str | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str] | None = None


class _Index(msgspec.Struct, rename="camel"):
    schema_version: int
    manifests: list[_Descriptor]
    media_type: str | None = None
    artifact_type: str | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str] | None = None


class _Run(msgspec.Struct, rename="pascal"):
    labels: dict[str, str] | None = None
    env: list[str] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    user: str | None = None
    working_dir: str | None = None
    exposed_ports: dict[str, object] | None = None


class _RootFs(msgspec.Struct):
    diff_ids: list[str] | None = None


class _Config(msgspec.Struct):
    architecture: str
    os: str
    variant: str = ""
    config: _Run | None = None
    rootfs: _RootFs | None = None


def parse_document(content: bytes, *, media_type: str, source: str) -> Document:
    """The manifest or index in ``content``, which a registry gives as ``media_type``.

    The body may say its type too, and then it must be the same: the same bytes must not be read in two ways.
    """
    if media_type in INDEXES:
        raw: _Index | _Manifest = _decode(content, _Index, source)
    elif media_type in MANIFESTS:
        raw = _decode(content, _Manifest, source)
    else:
        raise RegistryUnavailable(
            f"{source}: answered with {media_type[:100]!r}, which is neither an image nor an index of images",
            hint="images in docker's schema 1, and artifacts of other kinds, cannot be used; push the image anew",
        )
    if raw.schema_version != 2 or raw.media_type not in (None, "", media_type):
        raise RegistryUnavailable(
            f"{source}: given as {media_type}, and says of itself that it is {str(raw.media_type)[:100]!r}, "
            f"schema version {raw.schema_version}"
        )
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Document(
        descriptor=Descriptor(media_type=media_type, digest=digest, size=len(content)),
        content=content,
        parsed=_index(raw, source) if isinstance(raw, _Index) else _manifest(raw, source),
    )


def parse_config(content: bytes, *, source: str) -> ImageConfig:
    """The configuration of an image (OCI's, and docker's, which has the same fields)."""
    raw = _decode(content, _Config, source)
    run = raw.config or _Run()
    try:
        platform = ImagePlatform(os=raw.os, architecture=raw.architecture, variant=raw.variant)
    except ResolverError as error:
        raise RegistryUnavailable(f"{source}: {error.message}") from None
    return ImageConfig(
        platform=platform,
        labels=_pairs(run.labels),
        environment=tuple((name, value) for name, _, value in (entry.partition("=") for entry in run.env or ())),
        entrypoint=tuple(run.entrypoint or ()),
        command=tuple(run.cmd or ()),
        user=run.user or "",
        working_directory=run.working_dir or "",
        ports=tuple(sorted(run.exposed_ports or ())),
        diff_ids=tuple((raw.rootfs or _RootFs()).diff_ids or ()),
    )


def _index(raw: _Index, source: str) -> Index:
    return Index(
        manifests=tuple(_descriptor(entry, source) for entry in raw.manifests),
        subject=_descriptor(raw.subject, source) if raw.subject is not None else None,
        artifact_type=raw.artifact_type,
        annotations=_pairs(raw.annotations),
    )


def _manifest(raw: _Manifest, source: str) -> Manifest:
    return Manifest(
        config=_descriptor(raw.config, source),
        layers=tuple(_descriptor(entry, source) for entry in raw.layers),
        subject=_descriptor(raw.subject, source) if raw.subject is not None else None,
        artifact_type=raw.artifact_type,
        annotations=_pairs(raw.annotations),
    )


def _descriptor(raw: _Descriptor, source: str) -> Descriptor:
    named = raw.platform if raw.platform is not None and raw.platform.os and raw.platform.architecture else None
    try:
        return Descriptor(
            media_type=raw.media_type,
            digest=raw.digest,
            size=raw.size,
            artifact_type=raw.artifact_type,
            annotations=_pairs(raw.annotations),
            platform=None
            if named is None
            else ImagePlatform(os=named.os, architecture=named.architecture, variant=named.variant),
        )
    except ResolverError as error:
        raise RegistryUnavailable(f"{source}: names what cannot be: {error.message}") from None


def _decode(content: bytes, kind: type[T], source: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        begin = content[:40].decode("utf-8", "replace")
        raise RegistryUnavailable(
            f"{source}: not the JSON that it is said to be: {str(error)[:200]} (it begins {begin!r})",
            hint="a proxy or a login page may have answered in the place of the registry",
        ) from None


def _pairs(mapping: Mapping[str, str] | None) -> Pairs:
    return tuple(sorted((mapping or {}).items()))
