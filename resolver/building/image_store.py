"""Where an image lies, and what refers to it: in a registry, or in an OCI layout on this machine."""

from __future__ import annotations

import hashlib
from typing import Protocol

import msgspec

from resolver.errors import BuildError, IntegrityError
from resolver.exporter.oci import REFERRER_ANNOTATION, LayoutFiles
from resolver.registry import Descriptor, Document, Reference, Registry, parse_document

__all__ = ["ImageStore", "LayoutStore", "RegistryStore"]

_LARGEST = 64 * 1024 * 1024
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class ImageStore(Protocol):
    """One name, and what is reached from it; ``str()`` is for messages.

    All raise ``IntegrityError`` where bytes are not what their digest says, and ``RegistryUnavailable`` or
    ``BuildError`` where something is not there or not what it should be.
    """

    def root(self) -> Document:
        """What the name stands for: a manifest, or an index."""

    def document(self, digest: str, media_type: str) -> Document:
        """A manifest or index that another one names."""

    def read(self, entry: Descriptor) -> bytes:
        """A small blob."""

    def referrers(self, subject: str, artifact_type: str) -> tuple[Descriptor, ...]:
        """What refers to the manifest or index of that digest."""


class RegistryStore:
    """An image in a registry (an ``ImageStore``)."""

    def __init__(self, registry: Registry, reference: Reference) -> None:
        self._registry = registry
        self._reference = reference

    def root(self) -> Document:
        return self._registry.document(self._reference)

    def document(self, digest: str, media_type: str) -> Document:
        return self._registry.document(self._reference.at(digest))

    def read(self, entry: Descriptor) -> bytes:
        return self._registry.read_blob(self._reference, entry)

    def referrers(self, subject: str, artifact_type: str) -> tuple[Descriptor, ...]:
        return self._registry.referrers(self._reference.at(subject), artifact_type)

    def __str__(self) -> str:
        return str(self._reference)


class _Entry(msgspec.Struct, rename="camel"):
    media_type: str
    digest: str


class _Index(msgspec.Struct):
    manifests: list[_Entry]
    annotations: dict[str, str] = {}


class LayoutStore:
    """The image, or the index of images, in an OCI layout as ``samebox export oci`` writes it (an ``ImageStore``)."""

    def __init__(self, files: LayoutFiles, name: str) -> None:
        self._files = files
        self._name = name
        try:
            self._index = msgspec.json.decode(files.read("index.json"), type=_Index)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BuildError(f"{name}: its index.json is not what it should be: {error}") from error

    def root(self) -> Document:
        if len(self._index.manifests) != 1:
            raise BuildError(f"{self._name} holds {len(self._index.manifests)} images", hint="name one that holds one")
        (entry,) = self._index.manifests
        return self.document(entry.digest, entry.media_type)

    def document(self, digest: str, media_type: str) -> Document:
        return parse_document(self._blob(digest), media_type=media_type, source=f"{self._name}: {digest}")

    def read(self, entry: Descriptor) -> bytes:
        return self._blob(entry.digest)

    def referrers(self, subject: str, artifact_type: str) -> tuple[Descriptor, ...]:
        """There is a place for one alone, and whoever asks looks at what it is about."""
        digest = self._index.annotations.get(REFERRER_ANNOTATION)
        if digest is None:
            return ()
        return (Descriptor(media_type=_MANIFEST, digest=digest, size=len(self._blob(digest))),)

    def _blob(self, digest: str) -> bytes:
        algorithm, _, hexdigits = digest.partition(":")
        content = self._files.read(f"blobs/{algorithm}/{hexdigits}", limit=_LARGEST)
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            raise IntegrityError(
                f"{self._name}: the blob {digest[:80]} is {found}", hint="it is damaged; do not use it"
            )
        return content

    def __str__(self) -> str:
        return self._name
