"""Manifests and indexes → bytes: JSON with sorted keys, so that the same image has the same digest everywhere."""

from __future__ import annotations

import hashlib

import msgspec

from resolver.registry.documents import Descriptor, Index, Manifest, Pairs
from resolver.registry.media_types import OCI_INDEX, OCI_MANIFEST

__all__ = ["descriptor_of", "render_index", "render_manifest"]

_ENCODER = msgspec.json.Encoder(order="sorted")


def render_manifest(manifest: Manifest) -> bytes:
    """The bytes of an OCI image manifest (``OCI_MANIFEST``)."""
    return _document(
        OCI_MANIFEST,
        manifest.subject,
        manifest.artifact_type,
        manifest.annotations,
        config=_plain(manifest.config),
        layers=[_plain(layer) for layer in manifest.layers],
    )


def render_index(index: Index) -> bytes:
    """The bytes of an OCI image index (``OCI_INDEX``). The order of its manifests is kept: it is a preference."""
    manifests = [_plain(entry) for entry in index.manifests]
    return _document(OCI_INDEX, index.subject, index.artifact_type, index.annotations, manifests=manifests)


def descriptor_of(content: bytes, media_type: str) -> Descriptor:
    """The descriptor of bytes at hand."""
    return Descriptor(media_type=media_type, digest=f"sha256:{hashlib.sha256(content).hexdigest()}", size=len(content))


def _document(
    media_type: str, subject: Descriptor | None, artifact_type: str | None, annotations: Pairs, **fields: object
) -> bytes:
    document: dict[str, object] = {"schemaVersion": 2, "mediaType": media_type, **fields}
    if artifact_type is not None:
        document["artifactType"] = artifact_type
    if subject is not None:
        document["subject"] = _plain(subject)
    if annotations:
        document["annotations"] = dict(annotations)
    return _ENCODER.encode(document)


def _plain(descriptor: Descriptor) -> dict[str, object]:
    plain: dict[str, object] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if descriptor.artifact_type is not None:
        plain["artifactType"] = descriptor.artifact_type
    if descriptor.annotations:
        plain["annotations"] = dict(descriptor.annotations)
    if descriptor.platform is not None:
        platform = descriptor.platform
        variant = {"variant": platform.variant} if platform.variant else {}
        plain["platform"] = {"os": platform.os, "architecture": platform.architecture, **variant}
    return plain
