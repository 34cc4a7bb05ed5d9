"""An image layout (image-spec 1.1, image-layout.md) in one tar, which ``docker load`` reads as well.

Docker before 25 reads ``manifest.json`` and not ``index.json``; both name the same blobs. Several platforms lie in an
image index of their own, so that whoever reads the tar can choose among them by a name that has one meaning.

What refers to the image lies beside it, found by ``REFERRER_ANNOTATION`` of ``index.json``: as a manifest of its own
there it would be a second image for skopeo and others, which take a layout with one image without asking which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from resolver.canonicalizer import canonical_json
from resolver.errors import ResolverError, SettingsError
from resolver.exporter.archive import DEFAULT_EPOCH, ArchiveEntry, ByteSink, write_tar
from resolver.exporter.oci.values import INDEX, Blob, Image
from resolver.registry import Reference

__all__ = ["REFERRER_ANNOTATION", "image_index", "layout_entries", "top_of", "write_layout"]

REFERRER_ANNOTATION = "io.samebox.referrer"
"""The digest of the manifest of what refers to the image."""


def write_layout(
    images: Sequence[Image], out: ByteSink, *, name: str, epoch: int = DEFAULT_EPOCH, referrer: Sequence[Blob] = ()
) -> None:
    """Write the tar of ``images`` (one a platform), named ``NAME:TAG``; blobs are streamed. ``referrer`` is the
    manifest of what refers to ``top_of(images)``, and then its parts."""
    write_tar(layout_entries(images, name=name, referrer=referrer), out, epoch=epoch)


def layout_entries(images: Sequence[Image], *, name: str, referrer: Sequence[Blob] = ()) -> tuple[ArchiveEntry, ...]:
    """The files of the layout. Raises ``SettingsError`` where ``name`` is not ``NAME:TAG``."""
    reference = _reference(name)
    blobs = [blob for image in images for blob in (image.manifest, *image.blobs)]
    if len(images) > 1:
        blobs.append(image_index(images))
    index: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": list(_named(images, reference)),
    }
    if referrer:
        index["annotations"] = {REFERRER_ANNOTATION: referrer[0].digest}
        blobs += referrer
    files = {"oci-layout": canonical_json({"imageLayoutVersion": "1.0.0"}), "index.json": canonical_json(index)}
    if len(images) == 1:
        files["manifest.json"] = canonical_json([_docker_manifest(images[0], name)])
    return (
        *(ArchiveEntry(path=path, content=content) for path, content in files.items()),
        *_blob_entries(blobs),
    )


def _reference(name: str) -> Reference:
    try:
        reference = Reference.parse(name)
    except ResolverError as error:
        raise SettingsError(f"not the name of an image: {name!r}", hint=error.message) from None
    if reference.tag is None or reference.digest is not None:
        raise SettingsError(f"not the name of an image: {name!r}", hint="write NAME:TAG")
    return reference


def top_of(images: Sequence[Image]) -> Blob:
    """The manifest of one image, or the index of several."""
    return images[0].manifest if len(images) == 1 else image_index(images)


def image_index(images: Iterable[Image]) -> Blob:
    """The index over the images of several platforms: what all of them say of themselves it says too, and what they
    say each for itself stands beside its platform."""
    ordered = sorted(images, key=lambda image: image.platform)
    said = [set(image.annotations) for image in ordered]
    common = set.intersection(*said) if said else set()
    manifests = [
        {**image.manifest.descriptor(), "platform": _platform(image), "annotations": dict(sorted(own - common))}
        for image, own in zip(ordered, said, strict=True)
    ]
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, "annotations": dict(sorted(common))}
    return Blob.of(INDEX, canonical_json(document))


def _named(images: Sequence[Image], reference: Reference) -> Iterator[dict[str, object]]:
    """What the names lead to: ``ref.name`` is the tag (umoci, skopeo), containerd and Docker want the whole name."""
    annotations = {
        "org.opencontainers.image.ref.name": reference.tag,
        "io.containerd.image.name": str(reference),
    }
    if len(images) == 1:
        (image,) = images
        yield {**image.manifest.descriptor(), "platform": _platform(image), "annotations": annotations}
    else:
        yield {**image_index(images).descriptor(), "annotations": annotations}


_VARIANTS = {"arm64": "v8"}
"""image-spec, image-index.md: what an architecture is called in full where the base does not say it."""


def _platform(image: Image) -> dict[str, str]:
    platform = {"architecture": image.architecture, "os": "linux"}
    variant = image.variant or _VARIANTS.get(image.architecture, "")
    return {**platform, "variant": variant} if variant else platform


def _docker_manifest(image: Image, name: str) -> dict[str, object]:
    return {
        "Config": image.config.path,
        "RepoTags": [name],
        "Layers": [layer.blob.path for layer in image.layers],
    }


def _blob_entries(blobs: Iterable[Blob]) -> Iterator[ArchiveEntry]:
    for blob in {blob.digest: blob for blob in blobs}.values():
        yield ArchiveEntry(path=blob.path, content=blob.content, source=blob.source, size=blob.size)
