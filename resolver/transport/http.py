"""Asking servers: connections, redirects, retries. Every failure becomes ``IndexUnavailable`` with the
URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from resolver.errors import IndexUnavailable
from resolver.transport.credentials import Credentials
from resolver.transport.pools import Pools
from resolver.transport.urls import host_of, origin_of, without_credentials

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["HttpClient"]

T = TypeVar("T")

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXPECTED = frozenset({200, 206, 304, 404, 410})
_LONGEST_PAUSE = 10.0
_DRAINED = 64 * 1024


class HttpClient:
    """A pool of connections. Thread-safe; nothing is opened before the first request.

    ``timeout`` is in seconds, for a connection and for each read; a request that fails on its way, or is
    answered 429 or 5xx, is tried ``retries`` times more, after pauses of ``backoff``, twice that, … (at most
    10 s).
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        environ: Mapping[str, str],
        timeout: float,
        retries: int,
        backoff: float,
    ) -> None:
        self._credentials = credentials
        self._timeout = timeout
        self._retries = retries
        self._backoff = backoff
        self._pools = Pools(credentials=credentials, environ=environ, timeout=timeout)

    def fetch(self, url: str, headers: Mapping[str, str], consume: Callable[[BaseHTTPResponse, str], T]) -> T:
        """GET ``url`` and give the open response, with the URL that answered, to ``consume``; its value comes
        back.

        ``consume`` sees the statuses 200, 206, 304, 404 and 410 only. It is called again from the start where
        the body breaks off.
        """
        from urllib3 import exceptions

        transient = (
            exceptions.ProtocolError,
            exceptions.TimeoutError,
            exceptions.NewConnectionError,
            exceptions.ProxyError,
            exceptions.DecodeError,
        )
        url = self._credentials.remember(url)
        reason, pause = "", 0.0
        for attempt in range(self._retries + 1):
            if attempt:
                sleep(min(_LONGEST_PAUSE, max(pause, self._backoff * 2 ** (attempt - 1))))
            try:
                answer, final_url = self._open(url, headers)
                try:
                    if answer.status == 429 or answer.status >= 500:
                        reason, pause = f"answered {answer.status}", _retry_after(answer)
                        answer.read(_DRAINED)
                        continue
                    if answer.status not in _EXPECTED:
                        raise self._refused(answer.status, final_url)
                    return consume(answer, final_url)
                finally:
                    answer.close()
            except transient as error:
                reason, pause = self._reason(error), 0.0
            except exceptions.HTTPError as error:
                raise IndexUnavailable(f"{url}: {self._reason(error)}") from None
        tries = f"{self._retries + 1} attempts" if self._retries else "one attempt"
        raise IndexUnavailable(f"{url}: {reason} ({tries})", hint="try again later, or name a mirror of it")

    def close(self) -> None:
        self._pools.close()

    def _open(self, url: str, headers: Mapping[str, str]) -> tuple[BaseHTTPResponse, str]:
        """The first answer that is no redirect. Credentials go to their own origin only, at every step."""
        asked = url
        seen = [url]
        for _ in range(_MAX_REDIRECTS + 1):
            sent = self._credentials.headers(url)
            place = self._credentials.with_token(url)
            answer = self._pools.pool(url).urlopen(
                "GET", place, headers={**headers, **sent}, redirect=False, retries=False, preload_content=False
            )
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS:
                return answer, url
            answer.read(_DRAINED)
            answer.close()
            url = self._redirected(place, location, asked)
            if url in seen:
                raise IndexUnavailable(f"{asked}: redirects in a loop, by way of {self._public(url)}")
            seen.append(url)
        raise IndexUnavailable(f"{asked}: more than {_MAX_REDIRECTS} redirects, the last to {self._public(url)}")

    def _redirected(self, url: str, location: str | None, asked: str) -> str:
        if not location:
            raise IndexUnavailable(f"{asked}: a redirect that does not say where to")
        joined = without_credentials(urljoin(url, location)).partition("#")[0]
        target = self._credentials.without_token(joined)
        told = self._public(target)
        if not target.startswith(("https://", "http://")):
            raise IndexUnavailable(f"{asked}: a redirect to something that is not http(s): {told}")
        if origin_of(url)[0] == "https" and origin_of(target)[0] == "http":
            raise IndexUnavailable(f"{asked}: a redirect from https to plain http is refused: {told}")
        if self._credentials.are_in(target):
            raise IndexUnavailable(f"{asked}: a redirect that carries credentials elsewhere is refused: {told}")
        return target

    def _public(self, url: str) -> str:
        """A place that a server named, fit for a message: its query may be a signature that opens a file."""
        return self._credentials.redact(url.partition("?")[0])

    def _refused(self, status: int, url: str) -> IndexUnavailable:
        told = f"{self._public(url)}: answered {status}"
        if status not in (401, 403):
            hint = "the proxy wants credentials: http://USER:PASSWORD@… in HTTPS_PROXY" if status == 407 else None
            return IndexUnavailable(told, hint=hint)
        host = host_of(url)
        if self._credentials.know(url):
            return IndexUnavailable(told, hint=f"{host} does not accept the credentials it was given for this")
        scheme = origin_of(url)[0]
        return IndexUnavailable(
            told,
            hint=f'no credentials are known for {host}: give them under [auth] ("{scheme}://{host}" = '
            '{ token = "${TOKEN}" }), in a netrc file, or as https://${USER}:${TOKEN}@… in its URL',
        )

    def _reason(self, error: Exception) -> str:
        """Why it failed, without secrets."""
        from resolver.transport.reasons import reason_of

        return self._credentials.redact(reason_of(error, self._timeout))


def _retry_after(answer: BaseHTTPResponse) -> float:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0
