"""Blobs, read: into memory where they are small, to a file as a stream, and checked always (distribution specification
1.1, "Pulling blobs")."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.errors import IntegrityError, RegistryUnavailable
from resolver.model import Artifact
from resolver.registry.documents import Descriptor
from resolver.registry.http import Call, RegistryHttp
from resolver.registry.manifests import not_found, pull_scope
from resolver.registry.reference import Reference
from resolver.transport.download import CheckedFile, checked_file

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Blobs"]

_PIECE = 256 * 1024
_LARGEST_IN_MEMORY = 64 * 1024 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


class Blobs:
    """The blobs of all registries that ``http`` reaches."""

    def __init__(self, http: RegistryHttp) -> None:
        self._http = http

    def exists(self, reference: Reference, digest: str) -> bool:
        """Whether the repository of ``reference`` has that blob."""
        blob = reference.at(digest)
        return self._http.ask(_call("HEAD", blob, frozenset({200, 404}))).status == 200

    def read(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """A small blob, of at most 64 MiB. Raises ``IntegrityError`` where it is not what the descriptor says."""
        blob = reference.at(descriptor.digest)
        if descriptor.size > _LARGEST_IN_MEMORY:
            raise RegistryUnavailable(f"{blob}: {descriptor.size} bytes are too many for what it is")
        answer = self._http.ask(_call("GET", blob, frozenset({200, 404})), limit=_LARGEST_IN_MEMORY)
        if answer.status == 404:
            raise not_found(blob)
        found = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if found != descriptor.digest or len(answer.body) != descriptor.size:
            raise IntegrityError(
                f"{blob}: {len(answer.body)} bytes with the digest {found} came, {descriptor.size} bytes were promised",
                hint="the blob was replaced or damaged; do not use it",
            )
        return answer.body

    def pull(
        self,
        reference: Reference,
        descriptor: Descriptor,
        destination: Path,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Stream a blob to ``destination``, which appears whole and checked or not at all.

        What broke off is continued where the registry gives parts of files. ``progress`` hears of each piece's size in
        bytes (negative where it starts anew). Raises ``IntegrityError`` for what is not the blob,
        ``RegistryUnavailable`` where it cannot be had, and ``ResolverError`` where it cannot be written.
        """
        blob = reference.at(descriptor.digest)
        artifact = Artifact(url=str(blob), sha256=descriptor.hex, size=descriptor.size)
        with checked_file(artifact, destination, progress) as target:
            stream = _Continued(target, blob)
            self._http.stream(_call("GET", blob, frozenset({200, 206, 404}), headers=stream.headers), stream.consume)


class _Continued:
    """A file that takes a blob in one answer or in several."""

    def __init__(self, target: CheckedFile, blob: Reference) -> None:
        self._target = target
        self._blob = blob
        self._written = 0

    def headers(self) -> Mapping[str, str]:
        return {"Range": f"bytes={self._written}-"} if self._written else {}

    def consume(self, answer: BaseHTTPResponse, url: str) -> None:
        if answer.status == 404:
            raise not_found(self._blob)
        if answer.status == 200:
            self._written = 0
            self._target.restart()
        else:
            self._check_range(answer.headers.get("Content-Range", ""))
        for piece in answer.stream(_PIECE, decode_content=False):
            self._target.write(piece)
            self._written += len(piece)

    def _check_range(self, content_range: str) -> None:
        match = _CONTENT_RANGE.fullmatch(content_range)
        if match is None or int(match[1]) != self._written:
            raise RegistryUnavailable(
                f"{self._blob}: asked for what follows {self._written} bytes, and {content_range[:80]!r} came"
            )


def _call(
    method: str, blob: Reference, expected: frozenset[int], *, headers: Callable[[], Mapping[str, str]] = dict
) -> Call:
    return Call(
        method=method,
        registry=blob.registry,
        path=f"/v2/{blob.repository}/blobs/{blob.digest}",
        source=str(blob),
        scopes=(pull_scope(blob.repository),),
        expected=expected,
        headers=headers,
    )
