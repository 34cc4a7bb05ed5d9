"""Connections, kept open and shared: one pool for each proxy and client certificate. urllib3 and ssl are imported with
the first of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolver.errors import SettingsError
from resolver.transport.credentials import Credentials
from resolver.transport.proxies import proxy_for
from resolver.transport.tls import tls_context
from resolver.transport.urls import without_credentials

if TYPE_CHECKING:
    from urllib3 import PoolManager

__all__ = ["Pools"]

_CONNECTIONS = 32


class Pools:
    """The connections of one run. Thread-safe. ``timeout`` is in seconds, for a connection and for each read."""

    def __init__(self, *, credentials: Credentials, environ: Mapping[str, str], timeout: float) -> None:
        self._credentials = credentials
        self._environ = environ
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pools: dict[tuple[str | None, str | None], PoolManager] = {}

    def pool(self, url: str) -> PoolManager:
        """The connections for a URL: those that show a client certificate serve the URLs it is for, and no others.

        Raises ``SettingsError`` where the proxy or a certificate cannot be used.
        """
        key = proxy_for(url, self._environ), self._credentials.certificate(url)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = self._new_pool(*key)
            return pool

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

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
