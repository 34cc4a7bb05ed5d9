"""The face of the transport: a canonical URL in, bytes out, wherever they lie.

What asks servers and what reads folders is imported when it is first needed: a run that finds everything in its caches
needs neither.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from resolver.errors import IndexUnavailable
from resolver.light_typing import TYPE_CHECKING
from resolver.mirrors import Mirrors
from resolver.transport.urls import without_credentials

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from resolver.model import Artifact
    from resolver.transport.credentials import Credentials
    from resolver.transport.download import CheckedFile
    from resolver.transport.fingerprint import Fingerprint, Hashing
    from resolver.transport.http import HttpClient
    from resolver.transport.response import Response
    from resolver.transport.rules import AuthenticationRule

__all__ = ["Transport"]

_NO_MIRRORS = Mirrors()
_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})
_LARGEST_BODY = 256 * 1024 * 1024
_PIECE = 256 * 1024
_RANGE_IGNORED_LIMIT = 8 * 1024 * 1024
"""How many bytes are read from a server that was asked for a part of a file and sends the whole."""
_CONTENT_RANGE = r"bytes (\d+)-(\d+)/(\d+|\*)"


class Transport:
    """Reads canonical URLs from where ``mirrors`` says they lie. Thread-safe; close it when done.

    ``offline`` forbids http; folders are read as ever. ``environ`` gives the variables that stand in the
    URLs' credentials, ``NETRC``, ``HOME``, ``*_PROXY``, ``SSL_CERT_FILE``, ``SSL_CERT_DIR`` and ``SSL_CLIENT_CERT``;
    without it none is read. ``rules`` are the settings' ``[auth]``; with ``keyring`` the command of that name is asked
    for passwords. ``timeout`` and ``backoff`` are in seconds, see ``HttpClient``.
    """

    def __init__(
        self,
        *,
        mirrors: Mirrors = _NO_MIRRORS,
        offline: bool = False,
        timeout: float = 30.0,
        retries: int = 3,
        backoff: float = 0.25,
        environ: Mapping[str, str] = _NO_ENVIRONMENT,
        rules: tuple[AuthenticationRule, ...] = (),
        keyring: bool = False,
    ) -> None:
        self.mirrors = mirrors
        self.offline = offline
        self._environ = environ
        self._rules = rules
        self._keyring = keyring
        self._times = {"timeout": timeout, "backoff": backoff}
        self._retries = retries
        self._lock = threading.RLock()
        self._credentials: Credentials | None = None
        self._client: HttpClient | None = None

    @property
    def credentials(self) -> Credentials:
        """Who may see which credentials."""
        from resolver.transport.credentials import Credentials

        with self._lock:
            if self._credentials is None:
                self._credentials = Credentials(self._environ, rules=self._rules, keyring=self._keyring)
            return self._credentials

    @property
    def _http(self) -> HttpClient:
        from resolver.transport.http import HttpClient

        with self._lock:
            if self._client is None:
                self._client = HttpClient(
                    credentials=self.credentials, environ=self._environ, retries=self._retries, **self._times
                )
            return self._client

    def remember_credentials(self, url: str) -> None:
        """Use the credentials of ``url`` for everything of its scheme, host and port (a token for its channel), as
        ``get`` does by itself: for a run that downloads from an index without asking it first."""
        self.credentials.remember(url)

    def is_private(self, url: str) -> bool:
        """Whether a server is asked for the canonical ``url`` with credentials or a client certificate."""
        place = self.mirrors.locate(url)
        is_http = isinstance(place, str) and place.startswith(("https://", "http://"))
        return is_http and self.credentials.know(str(place))

    def is_local(self, url: str) -> bool:
        """Whether the canonical ``url`` lies in a folder."""
        return isinstance(self.mirrors.locate(url), Path)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        tail: int | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> Response:
        """The body of a canonical ``url``; or its last ``tail`` bytes, or those of ``byte_range`` (first and
        last, both included).

        A server that ignores ranges answers 200 with all of it, which is read up to 8 MiB. 404 and 410 are
        answers; everything else that is not a body raises ``IndexUnavailable`` naming the URL.
        """
        from resolver.transport.folder import read_file
        from resolver.transport.response import Response

        place = self.mirrors.locate(url)
        asked = {name.lower(): value for name, value in (headers or {}).items()}
        bare = without_credentials(url)
        if isinstance(place, Path):
            return read_file(place, bare, etag=asked.get("if-none-match"), tail=tail, byte_range=byte_range)
        self._refuse_offline(bare)
        partial = tail is not None or byte_range is not None
        if tail is not None:
            asked["range"] = f"bytes=-{tail}"
        elif byte_range is not None:
            asked["range"] = f"bytes={byte_range[0]}-{byte_range[1]}"
        asked["accept-encoding"] = "identity" if partial else "gzip"

        def consume(answer: BaseHTTPResponse, location: str) -> Response:
            limit = _RANGE_IGNORED_LIMIT if partial else _LARGEST_BODY
            body = _read(answer, bare, limit)
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status == 206:
                _check_range(lowered.get("content-range", ""), body, bare)
            is_same = location == without_credentials(place)
            final = bare if is_same else self.mirrors.canonical(location.partition("?")[0])
            return Response(status=answer.status, headers=lowered, body=body, url=final)

        return self._http.fetch(place, asked, consume)

    def download(self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None) -> None:
        """Fetch ``artifact`` to ``destination``, which appears whole and checked or not at all.

        ``progress`` is called with the number of bytes of each piece (negative where a retry starts again).
        Raises ``IntegrityError`` for a wrong size or sha256, ``IndexUnavailable`` where it cannot be had.
        """
        from resolver.transport.download import checked_file

        place = self.mirrors.locate(artifact.url)
        bare = without_credentials(artifact.url)
        if not isinstance(place, Path):
            self._refuse_offline(bare)
        with checked_file(artifact, destination, progress) as target:
            if isinstance(place, Path):
                _copy(place, target, bare)
            else:
                self._http.fetch(place, {"accept-encoding": "identity"}, _into(target, bare))

    def fingerprint(self, url: str) -> Fingerprint:
        """The hashes of the whole file at a canonical ``url``, of which nothing is kept. Raises ``IndexUnavailable``
        where it cannot be had."""
        from resolver.transport.fingerprint import Hashing

        place = self.mirrors.locate(url)
        bare = without_credentials(url)
        hashing = Hashing()
        if isinstance(place, Path):
            _copy(place, hashing, bare)
        else:
            self._refuse_offline(bare)
            self._http.fetch(place, {"accept-encoding": "identity"}, _into(hashing, bare))
        return hashing.fingerprint()

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _refuse_offline(self, url: str) -> None:
        if self.offline:
            raise IndexUnavailable(
                f"{url}: cannot be asked, because --offline is on",
                hint="run once without --offline, or mirror it to a folder",
            )


def _read(answer: BaseHTTPResponse, url: str, limit: int) -> bytes:
    promised = answer.headers.get("Content-Length", "")
    if promised.isdecimal() and int(promised) > limit:
        raise _too_large(url, limit)
    pieces, size = [], 0
    for piece in answer.stream(_PIECE, decode_content=True):
        size += len(piece)
        if size > limit:
            raise _too_large(url, limit)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(url: str, limit: int) -> IndexUnavailable:
    if limit == _RANGE_IGNORED_LIMIT:
        return IndexUnavailable(
            f"{url}: the server ignores range requests, and the file is larger than {limit >> 20} MiB",
            hint="its index supports neither PEP 658 nor ranges, so use another index or a mirror of it",
        )
    return IndexUnavailable(f"{url}: the answer is larger than {limit >> 20} MiB")


def _check_range(content_range: str, body: bytes, url: str) -> None:
    match = re.fullmatch(_CONTENT_RANGE, content_range)
    if match is None or int(match[2]) - int(match[1]) + 1 != len(body):
        raise IndexUnavailable(f"{url}: a part of {len(body)} bytes came as {content_range!r}, which it is not")


def _copy(path: Path, target: CheckedFile | Hashing, url: str) -> None:
    from resolver.transport.folder import open_file

    stream = open_file(path)
    if stream is None:
        raise IndexUnavailable(f"{url}: there is no {path}")
    with stream:
        while piece := stream.read(_PIECE):
            target.write(piece)


def _into(target: CheckedFile | Hashing, url: str) -> Callable[[BaseHTTPResponse, str], None]:
    def consume(answer: BaseHTTPResponse, location: str) -> None:
        if answer.status != 200:
            raise IndexUnavailable(f"{url}: answered {answer.status}", hint="the file was removed from there")
        target.restart()
        for piece in answer.stream(_PIECE, decode_content=False):
            target.write(piece)

    return consume
