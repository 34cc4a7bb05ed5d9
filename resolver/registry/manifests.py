"""Manifests and indexes: found, read, written (distribution specification 1.1, "Pulling manifests", "Pushing
manifests")."""

from __future__ import annotations

import hashlib

from resolver.errors import IntegrityError, RegistryUnavailable, ResolverError
from resolver.registry.documents import Descriptor, Document
from resolver.registry.http import Answer, Call, RegistryHttp
from resolver.registry.media_types import DOCKER_LIST, DOCKER_MANIFEST, INDEXES, MANIFESTS, OCI_INDEX, OCI_MANIFEST
from resolver.registry.parsing import parse_document
from resolver.registry.reference import Reference, checked_digest

__all__ = ["Manifests", "not_found", "pull_scope", "push_scope"]

_LARGEST = 4 * 1024 * 1024
"""What registries accept at most, by the specification's advice."""
_ACCEPT = ", ".join((OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST))


class Manifests:
    """The manifests of all registries that ``http`` reaches."""

    def __init__(self, http: RegistryHttp) -> None:
        self._http = http

    def find(self, reference: Reference) -> Descriptor | None:
        """What ``reference`` is now: asked with HEAD, and where the answer does not say all, with GET. ``None``: not
        there.

        The digest is the registry's word where HEAD was enough; whatever is read by it later is checked against it.
        """
        answer = self._http.ask(self._call("HEAD", reference, frozenset({200, 404, 405, 501})))
        if answer.status == 404:
            return None
        digest, size = answer.headers.get("docker-content-digest", ""), answer.headers.get("content-length", "")
        whole = answer.status == 200 and digest.startswith("sha256:") and size.isdecimal() and int(size) > 0
        if not whole or answer.media_type not in INDEXES | MANIFESTS:
            document = self.get(reference)
            return document.descriptor if document is not None else None
        self._check(reference, _believed(digest, reference))
        return Descriptor(media_type=answer.media_type, digest=digest, size=int(size))

    def get(self, reference: Reference) -> Document | None:
        """The manifest or index itself; ``None``: not there. Raises ``IntegrityError`` where its bytes do not have the
        digest that was asked for, or that the registry gives."""
        answer = self._http.ask(self._call("GET", reference, frozenset({200, 404})), limit=_LARGEST)
        if answer.status == 404:
            return None
        found = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        self._check(reference, found)
        _check_claim(answer, found, reference)
        return parse_document(answer.body, media_type=answer.media_type, source=str(reference))

    def put(self, reference: Reference, content: bytes, media_type: str) -> tuple[Descriptor, bool]:
        """Write ``content`` under the tag of ``reference``, or under its digest where it has no tag.

        Also gives whether the registry has understood the ``subject`` (it says so by ``OCI-Subject``).
        """
        descriptor = Descriptor(
            media_type=media_type, digest=f"sha256:{hashlib.sha256(content).hexdigest()}", size=len(content)
        )
        self._check(reference, descriptor.digest)
        target = reference if reference.tag is not None else reference.at(descriptor.digest)
        answer = self._http.ask(
            Call(
                method="PUT",
                registry=target.registry,
                path=f"/v2/{target.repository}/manifests/{target.tag or target.digest}",
                source=str(target),
                scopes=(push_scope(target.repository),),
                expected=frozenset({200, 201, 202}),
                headers=lambda: {"Content-Type": media_type},
                body=lambda: content,
            )
        )
        _check_claim(answer, descriptor.digest, target)
        return descriptor, "oci-subject" in answer.headers

    @staticmethod
    def _call(method: str, reference: Reference, expected: frozenset[int]) -> Call:
        return Call(
            method=method,
            registry=reference.registry,
            path=f"/v2/{reference.repository}/manifests/{reference.target}",
            source=str(reference),
            scopes=(pull_scope(reference.repository),),
            expected=expected,
            headers=lambda: {"Accept": _ACCEPT},
        )

    @staticmethod
    def _check(reference: Reference, found: str) -> None:
        if reference.digest is not None and reference.digest != found:
            raise IntegrityError(
                f"{reference}: the manifest has the digest {found}",
                hint="the registry, or something before it, gave something else than what was asked for; do not use it",
            )


def not_found(reference: Reference) -> RegistryUnavailable:
    """The error where something has to be there."""
    return RegistryUnavailable(
        f"{reference}: not found",
        hint="look at the spelling; or it is private, and hidden from who has not logged in: "
        f"docker login {reference.registry}",
    )


def pull_scope(repository: str) -> str:
    return f"repository:{repository}:pull"


def push_scope(repository: str) -> str:
    return f"repository:{repository}:pull,push"


def _check_claim(answer: Answer, found: str, reference: Reference) -> None:
    """A digest of another kind (sha512) is not compared: ours holds."""
    claimed = answer.headers.get("docker-content-digest", "")
    if claimed.startswith("sha256:") and claimed != found:
        raise IntegrityError(
            f"{reference}: the registry says {claimed[:80]}, and the bytes have the digest {found}",
            hint="something between here and the registry changes what passes",
        )


def _believed(digest: str, reference: Reference) -> str:
    try:
        return checked_digest(digest)
    except ResolverError as error:
        raise RegistryUnavailable(f"{reference}: the registry gives a digest that is none: {error.message}") from None
