"""Asking servers: connections, redirects, retries. Every failure becomes ``IndexUnavailable`` with the
URL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from resolver.errors import IndexUnavailable, SettingsError
from resolver.transport.credentials import Credentials
from resolver.transport.proxies import proxy_for
from resolver.transport.tls import tls_context
from resolver.transport.urls import host_of, origin_of, without_credentials

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

__all__ = ["HttpClient"]

T = TypeVar("T")

_CONNECTIONS = 32
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
        self._environ = environ
        self._timeout = timeout
        self._retries = retries
        self._backoff = backoff
        self._lock = threading.Lock()
        self._pools: dict[tuple[str | None, str | None], PoolManager] = {}

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
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def _open(self, url: str, headers: Mapping[str, str]) -> tuple[BaseHTTPResponse, str]:
        """The first answer that is no redirect. Credentials go to their own origin only, at every step."""
        asked = url
        seen = [url]
        for _ in range(_MAX_REDIRECTS + 1):
            sent = self._credentials.headers(url)
            place = self._credentials.with_token(url)
            answer = self._pool(url).urlopen(
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

    def _pool(self, url: str) -> PoolManager:
        """The connections for a URL: those that show a client certificate serve the URLs it is for, and no others."""
        key = proxy_for(url, self._environ), self._credentials.certificate(url)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = self._new_pool(*key)
            return pool

    def _new_pool(self, proxy: str | None, certificate: str | None) -> PoolManager:
        import urllib3
        from urllib3 import exceptions

        timeout = urllib3.Timeout(connect=self._timeout, read=self._timeout)
        context = tls_context(self._environ, certificate)
        if proxy is None:
            return urllib3.PoolManager(maxsize=_CONNECTIONS, block=True, timeout=timeout, ssl_context=context)
        bare, headers = self._proxy_headers(proxy)
        try:
            return urllib3.ProxyManager(
                bare,
                maxsize=_CONNECTIONS,
                block=True,
                timeout=timeout,
                ssl_context=context,
                proxy_headers=headers,
            )
        except exceptions.HTTPError as error:
            raise SettingsError(f"the proxy {bare}: only http and https proxies are supported") from error

    def _proxy_headers(self, proxy: str) -> tuple[str, dict[str, str]]:
        from urllib.parse import unquote, urlsplit

        from urllib3 import make_headers

        parts = urlsplit(proxy)
        if "@" not in parts.netloc:
            return proxy, {}
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        self._credentials.hide(password)
        return without_credentials(proxy), dict(make_headers(proxy_basic_auth=f"{user}:{password}"))


def _retry_after(answer: BaseHTTPResponse) -> float:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0
