"""The lock of an image, as an artifact that refers to it in its registry (OCI distribution specification 1.1, "Listing
referrers"; ``sha256-<hex>`` tags where the registry has no API for that).

The artifact has the type ``LOCK_TYPE``, the lock's file as it was written as its first part, and, where there is one,
the file beside it as the second; each part has its file name as ``org.opencontainers.image.title``. Its annotations are
the labels by which the image names its lock. Equal files give equal bytes, so the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from resolver.building.image_store import ImageStore, RegistryStore
from resolver.building.lock_file import LockFile
from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, LockFormatError, RegistryUnavailable, ResolverError
from resolver.exporter.oci import Blob, Image, top_of
from resolver.registry import (
    Descriptor,
    Document,
    Index,
    Manifest,
    Reference,
    Registry,
    artifact_of,
    descriptor_of,
    parse_config,
    render_manifest,
)
from resolver.values import dataclass, replace

__all__ = ["LOCK_LABEL", "LOCK_TYPE", "attach_lock", "find_lock", "lock_blobs"]

LOCK_TYPE = "application/vnd.samebox.lock.v1"
LOCK_LABEL = "io.samebox.lock.digest"

_TITLE = "org.opencontainers.image.title"
_PLATFORM = "io.samebox.platform"
_PASSED_ON = ("io.samebox.", "org.opencontainers.image.base.")
_MEDIA_TYPES = {".yml": "application/yaml", ".yaml": "application/yaml", ".toml": "application/toml"}
_MEDIA_TYPES |= {".json": "application/json", ".txt": "text/plain"}
_PLAIN = "text/plain"
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"

Labels = Mapping[str, str]


def attach_lock(registry: Registry, reference: Reference, file: LockFile) -> tuple[Descriptor, ...]:
    """Attach the file to what the name stands for: to an index as well as to each image in it, since both are names by
    which an image is pulled.

    Raises ``IntegrityError`` where the images are of another lock, and what a registry raises.
    """
    images = _Images.read(RegistryStore(registry, reference))
    named, own = images.lock_digest(), str(digest(file.lock()))
    if named != own:
        raise IntegrityError(
            f"{images.shown} is of the lock {named}, and {file.name} is {own}",
            hint="it was made from another lock of the same environment, or another process has pushed to that name",
        )
    contents = tuple(_contents(file))
    by_digest = {images.root.descriptor.digest: _common(images.labels.values()), **images.labels}
    return tuple(
        registry.attach(
            reference.at(subject), artifact_type=LOCK_TYPE, contents=contents, annotations=_passed_on(labels)
        )
        for subject, labels in reversed(by_digest.items())
    )


def lock_blobs(images: tuple[Image, ...], file: LockFile) -> tuple[Blob, ...]:
    """The same artifact for an OCI layout (see ``exporter.oci.layout``): its manifest, and then its parts."""
    top = top_of(images)
    subject = Descriptor(media_type=top.media_type, digest=top.digest, size=top.size)
    labels = _passed_on(_common(dict(image.annotations) for image in images))
    manifest, contents = artifact_of(subject, LOCK_TYPE, tuple(_contents(file)), labels)
    parts = (Blob.of(descriptor.media_type, content) for content, descriptor in contents)
    return (Blob.of(_OCI_MANIFEST, render_manifest(manifest)), *parts)


def find_lock(store: ImageStore) -> LockFile:
    """The lock that an image, or an index of images, was made from: the one that is attached to it, and whose digest is
    what the image itself says.

    Raises ``IntegrityError`` where what is attached is not the lock of the image, ``ResolverError`` where nothing is.
    """
    images = _Images.read(store)
    named = images.lock_digest()
    others: list[str] = []
    absent: RegistryUnavailable | None = None
    for subject in dict.fromkeys((images.root.descriptor.digest, *images.labels)):
        for entry in store.referrers(subject, LOCK_TYPE):
            try:
                file = _read(store, subject, entry)
                found = str(digest(file.lock()))
            except RegistryUnavailable as error:
                absent = error  # one that is listed and was deleted does not hide another
                continue
            except (IntegrityError, LockFormatError) as error:
                others.append(f"{entry.digest}: {error.message}")
                continue
            if found == named:
                return file
            others.append(f"{entry.digest} is the lock {found}")
    if absent is not None:
        raise absent
    if not others:
        raise ResolverError(
            f"{images.shown}: no lock is attached to it",
            hint="`samebox build --push` and `samebox export oci` attach one; copies of an image often lose it",
        )
    raise IntegrityError(
        "\n  ".join((f"{images.shown} is of the lock {named}, and what is attached to it is not:", *others)),
        hint="the artifact was replaced or damaged; do not use it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    """What a name stands for: ``root``, and the images below it (or itself) by the digests of their manifests, each
    with its labels."""

    name: str
    root: Document
    labels: Mapping[str, Labels]

    @classmethod
    def read(cls, store: ImageStore) -> _Images:
        root = store.root()
        return cls(name=str(store), root=root, labels=dict(_labels_of(store, root)))

    @property
    def shown(self) -> str:
        own = self.root.descriptor.digest
        return self.name if self.name.endswith(own) else f"{self.name} ({own})"

    def lock_digest(self) -> str:
        """The digest that the images name. Raises ``IntegrityError`` where they name none, or several."""
        named = {labels.get(LOCK_LABEL) for labels in self.labels.values()}
        if len(named) == 1 and (found := named.pop()) is not None:
            return found
        said = "names no lock" if named <= {None} else "has images of several locks, or of none"
        raise IntegrityError(
            f"{self.shown} {said} (label {LOCK_LABEL})",
            hint="only images that samebox has made say which lock they are of",
        )


def _labels_of(store: ImageStore, root: Document) -> Iterator[tuple[str, Labels]]:
    if isinstance(root.parsed, Manifest):
        yield root.descriptor.digest, _labels(store, root.parsed)
        return
    for entry in root.parsed.manifests:
        if entry.platform is None or entry.platform.os == "unknown":
            continue  # BuildKit's attestations
        document = store.document(entry.digest, entry.media_type)
        if isinstance(document.parsed, Manifest):
            yield entry.digest, _labels(store, document.parsed)


def _labels(store: ImageStore, manifest: Manifest) -> Labels:
    content = store.read(manifest.config)
    return dict(parse_config(content, source=f"{store}: {manifest.config.digest}").labels)


def _common(of_images: Iterable[Labels]) -> Labels:
    """The labels that say the same of all images; the platforms together."""
    values: dict[str, set[str]] = {}
    for labels in of_images:
        for name, value in labels.items():
            values.setdefault(name, set()).add(value)
    common = {name: min(said) for name, said in values.items() if len(said) == 1}
    if _PLATFORM in values:
        common[_PLATFORM] = " ".join(sorted({word for value in values[_PLATFORM] for word in value.split()}))
    return common


def _passed_on(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name.startswith(_PASSED_ON)}


def _contents(file: LockFile) -> Iterator[tuple[bytes, Descriptor]]:
    parts = [(file.name, file.content)]
    if file.evidence is not None:
        parts.append((file.evidence_name, file.evidence))
    for name, content in parts:
        media_type = _MEDIA_TYPES.get(name[name.rfind(".") :], _PLAIN)
        yield content, replace(descriptor_of(content, media_type), annotations=((_TITLE, name),))


def _read(store: ImageStore, subject: str, entry: Descriptor) -> LockFile:
    manifest = store.document(entry.digest, entry.media_type).parsed
    if isinstance(manifest, Index) or manifest.artifact_type != LOCK_TYPE:
        raise IntegrityError(f"is not of the type {LOCK_TYPE}")
    if manifest.subject is None or manifest.subject.digest != subject:
        raise IntegrityError("is about another image")
    names = [dict(layer.annotations).get(_TITLE, "") for layer in manifest.layers]
    if not 1 <= len(names) <= 2:
        raise IntegrityError(f"has {len(names)} parts, and not the file of a lock")
    lock, *beside = (store.read(layer) for layer in manifest.layers)
    file = LockFile(name=names[0], content=lock, evidence=beside[0] if beside else None)
    if beside and names[1] != file.evidence_name:
        raise IntegrityError(f"has a part {names[1]!r}, which does not belong to {file.name}")
    return file
