"""Images on their way into a registry: the tag comes last, and nothing is half there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from resolver.errors import RegistryUnavailable
from resolver.exporter.oci import push_images
from resolver.registry import Descriptor, Reference, Registry
from tests.exporter.oci_world import Maker, digest, small
from tests.prefix.world import conda

NAME = Reference.parse("registry.example.org/team/world:1")


class Taking:
    """A registry that takes blobs, but for those that ``refuse`` names, and notes them."""

    def __init__(self, refuse: frozenset[str] = frozenset()) -> None:
        self.refuse = refuse
        self.blobs: dict[str, bytes] = {}
        self.manifests: list[bytes] = []
        self.lock = threading.Lock()

    def push_blob(
        self,
        reference: Reference,
        content: bytes | Path,
        descriptor: Descriptor,
        *,
        progress: Callable[[int], None] | None,
    ) -> None:
        if descriptor.digest in self.refuse:
            raise RegistryUnavailable(f"{reference}: answered 507")
        with self.lock:
            self.blobs[descriptor.digest] = content if isinstance(content, bytes) else content.read_bytes()

    def push_manifest(self, reference: Reference, content: bytes, media_type: str) -> Descriptor:
        self.manifests.append(content)
        return Descriptor(media_type=media_type, digest=digest(content), size=len(content))


def test_every_blob_is_there_before_the_manifest(tmp_path: Path) -> None:
    image = Maker(tmp_path).image([conda(small(f"part-{number}")) for number in range(20)])
    registry = Taking()
    pushed = push_images([image], cast(Registry, registry), NAME)
    assert pushed == image.manifest.digest
    assert registry.blobs.keys() == {image.config.digest, *(layer.blob.digest for layer in image.layers)}
    assert all(digest(content) == name for name, content in registry.blobs.items())
    assert registry.manifests == [image.manifest.content]


def test_a_blob_that_is_refused_leaves_the_tag_alone(tmp_path: Path) -> None:
    image = Maker(tmp_path).image([conda(small(f"part-{number}")) for number in range(20)])
    registry = Taking(refuse=frozenset({image.layers[7].blob.digest}))
    with pytest.raises(RegistryUnavailable, match="answered 507"):
        push_images([image], cast(Registry, registry), NAME)
    assert registry.manifests == []
