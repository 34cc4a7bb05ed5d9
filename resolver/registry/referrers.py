"""What refers to an image: signatures, locks, lists of parts (distribution specification 1.1, "Listing referrers").

A registry without that API keeps them as an index under the tag ``sha256-<hex>`` of the image's digest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from resolver.errors import RegistryUnavailable
from resolver.registry.documents import Descriptor, Index, Manifest
from resolver.registry.http import Answer, Call, RegistryHttp
from resolver.registry.manifests import Manifests, pull_scope
from resolver.registry.media_types import EMPTY, OCI_INDEX, OCI_MANIFEST
from resolver.registry.parsing import parse_document
from resolver.registry.reference import Reference
from resolver.registry.rendering import descriptor_of, render_index, render_manifest
from resolver.registry.uploads import Uploads
from resolver.values import replace

__all__ = ["Contents", "Referrers", "artifact_of"]

Contents = tuple[tuple[bytes, Descriptor], ...]
"""Blobs, each with its descriptor."""

_LARGEST = 4 * 1024 * 1024
_MOST_PAGES = 100
_TRIES = 3
_EMPTY_CONTENT = b"{}"
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


def artifact_of(
    subject: Descriptor, artifact_type: str, contents: Contents, annotations: Mapping[str, str]
) -> tuple[Manifest, Contents]:
    """The manifest of an artifact that is about ``subject``, and the blobs that it names (image-spec 1.1, "Guidelines
    for Artifact Usage"): an artifact has an empty config, and an empty part if it has no other."""
    config = descriptor_of(_EMPTY_CONTENT, EMPTY)
    parts = contents or ((_EMPTY_CONTENT, config),)
    manifest = Manifest(
        config=config,
        layers=tuple(descriptor for _, descriptor in parts),
        subject=Descriptor(media_type=subject.media_type, digest=subject.digest, size=subject.size),
        artifact_type=artifact_type,
        annotations=tuple(sorted(annotations.items())),
    )
    return manifest, ((_EMPTY_CONTENT, config), *parts)


class Referrers:
    """Lists and attaches referrers."""

    def __init__(self, http: RegistryHttp, manifests: Manifests, uploads: Uploads) -> None:
        self._http = http
        self._manifests = manifests
        self._uploads = uploads

    def list(self, subject: Reference, artifact_type: str | None) -> tuple[Descriptor, ...]:
        """The descriptors of what refers to ``subject``, which has a digest; of one type, if that is given."""
        found = self._from_api(subject, artifact_type)
        if found is None:
            found = self._from_tag(subject)
        return tuple(entry for entry in found if artifact_type is None or entry.artifact_type == artifact_type)

    def attach(
        self,
        subject: Reference,
        described: Descriptor,
        *,
        artifact_type: str,
        contents: Contents,
        annotations: Mapping[str, str],
    ) -> Descriptor:
        """Push an artifact of ``contents`` whose subject is the manifest ``described``. The same again changes
        nothing."""
        manifest, blobs = artifact_of(described, artifact_type, contents, annotations)
        for content, descriptor in blobs:
            self._uploads.push(subject, content, descriptor)
        content = render_manifest(manifest)
        repository = replace(subject, tag=None, digest=None)
        written, is_listed = self._manifests.put(
            repository.at(descriptor_of(content, OCI_MANIFEST).digest), content, OCI_MANIFEST
        )
        listed = replace(written, artifact_type=artifact_type, annotations=manifest.annotations)
        if not is_listed:
            self._enter(subject.at(described.digest), listed)
        return listed

    def _from_api(self, subject: Reference, artifact_type: str | None) -> tuple[Descriptor, ...] | None:
        """``None`` where the registry does not have the API."""
        query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type is not None else ""
        path = f"/v2/{subject.repository}/referrers/{subject.digest}{query}"
        found: list[Descriptor] = []
        for _ in range(_MOST_PAGES):
            answer = self._http.ask(self._page(subject, path), limit=_LARGEST)
            if answer.status == 404:
                return None
            found += self._entries(answer, subject)
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return tuple(found)
            path = self._http.located(answer.url, following[1], str(subject))
        raise RegistryUnavailable(f"{subject}: more than {_MOST_PAGES} pages of referrers")

    @staticmethod
    def _page(subject: Reference, path: str) -> Call:
        return Call(
            method="GET",
            registry=subject.registry,
            path=path,
            source=f"{subject} (what refers to it)",
            scopes=(pull_scope(subject.repository),),
            expected=frozenset({200, 404}),
            headers=lambda: {"Accept": OCI_INDEX},
        )

    @staticmethod
    def _entries(answer: Answer, subject: Reference) -> tuple[Descriptor, ...]:
        source = f"{subject} (what refers to it)"
        parsed = parse_document(answer.body, media_type=answer.media_type, source=source).parsed
        if not isinstance(parsed, Index):
            raise RegistryUnavailable(f"{source}: the answer is no index")
        return parsed.manifests

    def _from_tag(self, subject: Reference) -> tuple[Descriptor, ...]:
        document = self._manifests.get(_tag_of(subject))
        if document is None:
            return ()
        if not isinstance(document.parsed, Index):
            raise RegistryUnavailable(f"{_tag_of(subject)}: not the index of referrers that this tag stands for")
        return document.parsed.manifests

    def _enter(self, subject: Reference, entry: Descriptor) -> None:
        """Add ``entry`` to the index behind the tag. Another process may write it at the same time, and registries have
        no lock: what was overwritten is entered again."""
        for _ in range(_TRIES):
            known = self._from_tag(subject)
            if any(other.digest == entry.digest for other in known):
                return
            self._write_index(subject, known, entry)
        if all(other.digest != entry.digest for other in self._from_tag(subject)):
            raise RegistryUnavailable(
                f"{_tag_of(subject)}: {entry.digest} was entered {_TRIES} times, and is not there",
                hint="another process writes the same tag; try again when it is done",
            )

    def _write_index(self, subject: Reference, known: tuple[Descriptor, ...], entry: Descriptor) -> None:
        """Registries refuse an index that names what they no longer have: what was deleted is then left out."""
        try:
            self._put_index(subject, (*known, entry))
        except RegistryUnavailable:
            present = tuple(other for other in known if self._manifests.find(subject.at(other.digest)) is not None)
            if present == known:
                raise
            self._put_index(subject, (*present, entry))

    def _put_index(self, subject: Reference, entries: tuple[Descriptor, ...]) -> None:
        self._manifests.put(_tag_of(subject), render_index(Index(manifests=entries)), OCI_INDEX)


def _tag_of(subject: Reference) -> Reference:
    """``sha256-<hex>``, the referrers tag of a digest."""
    return subject.tagged((subject.digest or "").replace(":", "-", 1))
