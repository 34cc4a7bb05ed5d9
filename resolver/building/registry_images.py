"""Images by their keys in the registry to which they are pushed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from resolver.building.lock_file import LockFile
from resolver.building.lock_referrers import attach_lock
from resolver.registry import ImagePlatform, Index, Reference, Registry, render_index
from resolver.values import replace

__all__ = ["ImageRegistry", "RegistryImages"]

_OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class ImageRegistry(Protocol):
    """What is asked of a registry. All raise ``RegistryUnavailable``. Platforms are ``os/architecture``."""

    def find(self, name: str, *, platforms: Sequence[str], label: str, value: str) -> str | None:
        """The digest of what ``REPOSITORY:TAG`` stands for, if it has an image for each of the platforms, and each has
        that label."""

    def tag(self, name: str, digest: str) -> None:
        """Let ``REPOSITORY:TAG`` be what is in the same repository by that digest."""

    def combine(self, images: Sequence[tuple[str, str]], *, names: Sequence[str]) -> str:
        """Make an index of images of one repository, each given by its platform and ``REPOSITORY:TAG``, and let
        ``names`` be that. Gives its digest."""

    def attach(self, name: str, file: LockFile) -> None:
        """Attach a lock's file to what ``REPOSITORY:TAG`` stands for; see ``attach_lock``."""


class RegistryImages:
    """The registries that names say (an ``ImageRegistry``). ``open_registry`` is called anew for each question, which
    may come from another thread, long after the one before."""

    def __init__(self, open_registry: Callable[[], Registry]) -> None:
        self._open = open_registry

    def find(self, name: str, *, platforms: Sequence[str], label: str, value: str) -> str | None:
        reference = Reference.parse(name)
        with self._open() as registry:
            root = registry.find(reference)
            if root is None:
                return None
            if len(platforms) > 1 and not _offers(registry, reference.at(root.digest), platforms):
                return None
            images = [registry.image(reference.at(root.digest), ImagePlatform.parse(p)) for p in platforms]
        # a tag is only a name, which anyone who may push can move: the image itself has to say that it is the one
        same = all(dict(image.config.labels).get(label) == value for image in images)
        return root.digest if same else None

    def tag(self, name: str, digest: str) -> None:
        reference = Reference.parse(name)
        with self._open() as registry:
            document = registry.document(reference.at(digest))
            registry.push_manifest(reference, document.content, document.descriptor.media_type)

    def combine(self, images: Sequence[tuple[str, str]], *, names: Sequence[str]) -> str:
        with self._open() as registry:
            entries = [
                replace(
                    registry.image(Reference.parse(name), ImagePlatform.parse(platform)).descriptor,
                    platform=ImagePlatform.parse(platform),
                )
                for platform, name in images
            ]
            content = render_index(Index(manifests=tuple(entries)))
            pushed = [registry.push_manifest(Reference.parse(n), content, _OCI_INDEX) for n in reversed(names)]
        return pushed[0].digest

    def attach(self, name: str, file: LockFile) -> None:
        with self._open() as registry:
            attach_lock(registry, Reference.parse(name), file)


def _offers(registry: Registry, reference: Reference, platforms: Sequence[str]) -> bool:
    parsed = registry.document(reference).parsed
    offered = parsed.manifests if isinstance(parsed, Index) else ()
    return {str(entry.platform) for entry in offered} >= set(platforms)
