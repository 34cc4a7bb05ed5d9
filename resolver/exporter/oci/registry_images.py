"""Images between here and a registry: a base image from one, and our own images to one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.errors import BuildError, SettingsError
from resolver.exporter.oci.base import BaseImage, base_image, layer_type
from resolver.exporter.oci.layout import image_index
from resolver.exporter.oci.values import Blob, Image

if TYPE_CHECKING:
    from resolver.registry import Descriptor, Reference, Registry

__all__ = ["RegistryBase", "push_images"]


_UPLOADS = 4


class RegistryBase:
    """Base images by their names in ``registry`` (a ``BaseSource``); their layers are kept in ``cache``, by digest."""

    def __init__(self, registry: Registry, cache: Path) -> None:
        self._registry = registry
        self._cache = cache

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage:
        """Raises ``RegistryUnavailable``, ``IntegrityError``, and ``BuildError`` for layers that lie elsewhere."""
        from resolver.registry import ImagePlatform, Reference

        reference = Reference.parse(name)
        found = self._registry.image(reference, ImagePlatform(os="linux", architecture=architecture))
        types = [layer_type(layer.media_type, name=name) for layer in found.manifest.layers]
        layers = zip(found.manifest.layers, types, strict=True)
        return base_image(
            name,
            digest=found.descriptor.digest,
            config=self._registry.read_blob(reference, found.manifest.config),
            blobs=tuple(self._layer(reference, layer, media_type) for layer, media_type in layers),
            architecture=architecture,
            reference=name.partition("@")[0],
        )

    def _layer(self, reference: Reference, layer: Descriptor, media_type: str) -> Blob:
        place = self._cache / layer.hex
        if not (place.is_file() and _sha256(place) == layer.digest):
            try:
                self._cache.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
            except OSError as error:
                raise BuildError(f"{place}: {error.strerror}", hint="the cache cannot be written") from error
            self._registry.pull_blob(reference, layer, place)
        os.utime(place)  # it was used: see eviction
        return Blob(media_type=media_type, digest=layer.digest, size=layer.size, source=place)


def push_images(
    images: Sequence[Image],
    registry: Registry,
    reference: Reference,
    *,
    progress: Callable[[int], None] | None = None,
) -> str:
    """Push the images (one a platform) under the tag of ``reference``, and give the digest that it then has.

    What the registry has already is not sent. The tag is written last: an error leaves what it was. ``progress`` hears
    of the bytes that are sent, from several threads. Raises ``RegistryUnavailable``, ``IntegrityError``, and
    ``SettingsError`` where ``reference`` has a digest.
    """
    if reference.digest is not None:
        raise SettingsError(f"{reference}: an image is pushed under a tag", hint="write NAME:TAG")
    _push_blobs({blob.digest: blob for image in images for blob in image.blobs}.values(), registry, reference, progress)
    top = images[0].manifest
    if len(images) > 1:
        for image in images:
            registry.push_manifest(
                reference.at(image.manifest.digest), _bytes(image.manifest), image.manifest.media_type
            )
        top = image_index(images)
    return registry.push_manifest(reference.tagged(reference.target), _bytes(top), top.media_type).digest


def _push_blobs(
    blobs: Iterable[Blob], registry: Registry, reference: Reference, progress: Callable[[int], None] | None
) -> None:
    """Several at once; after the first that fails no other is begun."""
    with ThreadPoolExecutor(_UPLOADS, thread_name_prefix="samebox-push") as pool:
        begun = [
            pool.submit(registry.push_blob, reference, _content(blob), _descriptor(blob), progress=progress)
            for blob in blobs
        ]
        try:
            for future in as_completed(begun):
                future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _descriptor(blob: Blob) -> Descriptor:
    from resolver.registry import Descriptor

    return Descriptor(media_type=blob.media_type, digest=blob.digest, size=blob.size)


def _content(blob: Blob) -> bytes | Path:
    return blob.source if blob.source is not None else _bytes(blob)


def _bytes(blob: Blob) -> bytes:
    assert blob.content is not None  # configs, manifests and indexes are made in memory
    return blob.content


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
