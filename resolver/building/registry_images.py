"""Images by their keys in the registry to which they are pushed."""

from __future__ import annotations

from typing import Protocol

from resolver.registry import ImagePlatform, Reference, Registry

__all__ = ["ImageRegistry", "RegistryImages"]


class ImageRegistry(Protocol):
    """What is asked of a registry. Both raise ``RegistryUnavailable``."""

    def find(self, name: str, *, platform: str, label: str, value: str) -> str | None:
        """The digest of what ``REPOSITORY:TAG`` stands for, if its image for ``platform`` (``os/architecture``) has
        that label."""

    def tag(self, name: str, digest: str) -> None:
        """Let ``REPOSITORY:TAG`` be what is in the same repository by that digest."""


class RegistryImages:
    """The registries that names say (an ``ImageRegistry``)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find(self, name: str, *, platform: str, label: str, value: str) -> str | None:
        reference = Reference.parse(name)
        if self._registry.find(reference) is None:
            return None
        image = self._registry.image(reference, ImagePlatform.parse(platform))
        # a tag is only a name, which anyone who may push can move: the image itself has to say that it is the one
        return image.root.digest if dict(image.config.labels).get(label) == value else None

    def tag(self, name: str, digest: str) -> None:
        reference = Reference.parse(name)
        document = self._registry.document(reference.at(digest))
        self._registry.push_manifest(reference, document.content, document.descriptor.media_type)
