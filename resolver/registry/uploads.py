"""Blobs, written (distribution specification 1.1, "Pushing blobs"): not at all where they are there already, by a mount
from another repository, in one request, or in chunks that continue where one broke off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from resolver.errors import IntegrityError, RegistryUnavailable
from resolver.registry.blobs import Blobs
from resolver.registry.documents import Descriptor
from resolver.registry.http import Answer, Call, RegistryHttp
from resolver.registry.manifests import pull_scope, push_scope
from resolver.registry.reference import Reference, checked_repository
from resolver.registry.sections import Section, check_content, opened_section
from resolver.registry.wire import Interrupted

__all__ = ["Pushed", "Uploads"]

Pushed = Literal["present", "mounted", "uploaded"]
"""How a blob came to be in its repository: it was there, the registry has linked it, or its bytes were sent."""

_DEFAULT_CHUNK = 16 * 1024 * 1024
_RANGE = re.compile(r"(?:bytes[ =])?0-(\d{1,18})")


class Uploads:
    """Writes blobs. With ``chunk_size`` (bytes) they are sent in requests of that size, for registries behind a proxy
    that bounds them; else in one, and in chunks only where the registry answers that it was too large (413)."""

    def __init__(self, http: RegistryHttp, blobs: Blobs, *, chunk_size: int | None) -> None:
        self._http = http
        self._blobs = blobs
        self._chunk_size = chunk_size

    def push(
        self,
        reference: Reference,
        content: bytes | Path,
        descriptor: Descriptor,
        *,
        mount_from: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Pushed:
        """Make ``content`` a blob of the repository of ``reference``; see ``Registry.push_blob``."""
        blob = reference.at(descriptor.digest)
        if mount_from is not None:
            checked_repository(mount_from)
        if self._blobs.exists(blob, descriptor.digest):
            return "present"
        check_content(content, descriptor, str(blob))
        session = _Session(self._http, blob, content, descriptor, self._chunk_size, progress)
        for attempt in range(1, self._http.retries + 2):
            try:
                return session.run(mount_from if attempt == 1 else None)
            except Interrupted as error:
                if attempt > self._http.retries:
                    raise RegistryUnavailable(f"{error.message} ({attempt} attempts)", hint=error.hint) from None
                self._http.pause(attempt, error.pause)
                if self._blobs.exists(blob, descriptor.digest):
                    return "uploaded"  # only the answer was lost
                session.forget()
        raise AssertionError("there is always a first try")


class _Session:
    """The sending of one blob."""

    def __init__(
        self,
        http: RegistryHttp,
        blob: Reference,
        content: bytes | Path,
        descriptor: Descriptor,
        chunk_size: int | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._http = http
        self._blob = blob
        self._content = content
        self._descriptor = descriptor
        self._chunk_size = chunk_size
        self._progress = progress
        self._reported = 0
        self._source_repository: str | None = None

    def run(self, mount_from: str | None) -> Pushed:
        self._source_repository = mount_from
        query = {"mount": self._descriptor.digest, "from": mount_from} if mount_from is not None else {}
        path = f"/v2/{self._blob.repository}/blobs/uploads/" + (f"?{urlencode(query)}" if query else "")
        begun = self._http.ask(self._call("POST", path, frozenset({201, 202}), tries=None))
        if begun.status == 201:
            self._check_claim(begun)
            return "mounted"
        place = self._place(begun)
        if self._chunk_size is None:
            answer = self._whole(place)
            if answer.status == 413:
                self.forget()
                self._chunk_size = _DEFAULT_CHUNK
                return self.run(None)
        else:
            answer = self._in_chunks(place, self._size_of_chunks(begun))
        self._check_claim(answer)
        return "uploaded"

    def forget(self) -> None:
        """What was sent counts no longer."""
        self._report(-self._reported)

    def _whole(self, place: str) -> Answer:
        with opened_section(self._content, 0, self._descriptor.size, self._report) as body:
            call = self._call(
                "PUT",
                self._with_digest(place),
                frozenset({201, 404, 413}),
                headers={"Content-Type": "application/octet-stream", "Content-Length": str(self._descriptor.size)},
                body=body,
            )
            return self._asked(call)

    def _in_chunks(self, place: str, chunk: int) -> Answer:
        offset, failures = 0, 0
        while offset < self._descriptor.size:
            end = min(offset + chunk, self._descriptor.size)
            try:
                place, offset = self._chunk(place, offset, end), end
                failures = 0
            except Interrupted as error:
                failures += 1
                if failures > self._http.retries:
                    raise
                self._http.pause(failures, error.pause)
                place, offset = self._continued(place)
        call = self._call(
            "PUT", self._with_digest(place), frozenset({201, 404}), headers={"Content-Length": "0"}, body=b""
        )
        return self._asked(call)

    def _chunk(self, place: str, offset: int, end: int) -> str:
        with opened_section(self._content, offset, end - offset, self._report) as body:
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(end - offset),
                "Content-Range": f"{offset}-{end - 1}",
            }
            answer = self._asked(self._call("PATCH", place, frozenset({202, 404, 416}), headers=headers, body=body))
        if answer.status == 416:
            raise Interrupted(f"{self._blob}: the registry has another part of the upload than what was sent")
        return self._place(answer)

    def _continued(self, place: str) -> tuple[str, int]:
        """Where the upload goes on, and how many bytes of it the registry has."""
        answer = self._asked(self._call("GET", place, frozenset({204, 404}), tries=None))
        match = _RANGE.fullmatch(answer.headers.get("range", ""))
        last = int(match[1]) if match is not None else 0
        offset = last + 1 if last else 0  # "0-0" is what registries say of an upload without a byte
        if offset > self._descriptor.size:
            raise RegistryUnavailable(f"{self._blob}: the registry has {offset} bytes of {self._descriptor.size}")
        self._report(offset - self._reported)
        return self._place(answer), offset

    def _asked(self, call: Call) -> Answer:
        answer = self._http.ask(call)
        if answer.status == 404:
            raise Interrupted(f"{self._blob}: the registry no longer knows the upload that it has begun")
        return answer

    def _size_of_chunks(self, begun: Answer) -> int:
        least = begun.headers.get("oci-chunk-min-length", "")
        demanded = int(least[:18]) if least.isascii() and least.isdecimal() else 0
        return max(self._chunk_size or 0, demanded)

    def _place(self, answer: Answer) -> str:
        return self._http.located(answer.url, answer.headers.get("location", ""), str(self._blob))

    def _with_digest(self, place: str) -> str:
        return f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': self._descriptor.digest})}"

    def _call(
        self,
        method: str,
        path: str,
        expected: frozenset[int],
        *,
        headers: dict[str, str] | None = None,
        body: bytes | Section | None = None,
        tries: int | None = 1,
    ) -> Call:
        scopes = [push_scope(self._blob.repository)]
        if self._source_repository is not None:
            scopes.append(pull_scope(self._source_repository))
        sent = {"Content-Length": "0"} if method == "POST" else dict(headers or {})
        return Call(
            method=method,
            registry=self._blob.registry,
            path=path,
            source=str(self._blob),
            scopes=tuple(scopes),
            expected=expected,
            headers=lambda: sent,
            body=(lambda: body.rewound()) if isinstance(body, Section) else (lambda: body),
            tries=tries,
        )

    def _check_claim(self, answer: Answer) -> None:
        claimed = answer.headers.get("docker-content-digest", "")
        if claimed.startswith("sha256:") and claimed != self._descriptor.digest:
            raise IntegrityError(
                f"{self._blob}: the registry says that it has kept {claimed[:80]}",
                hint="something between here and the registry changes what passes",
            )

    def _report(self, count: int) -> None:
        self._reported += count
        if self._progress is not None and count:
            self._progress(count)
