"""One request to one server, and what can go wrong on the way, as ``RegistryUnavailable``. Nothing is followed or tried
again here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from resolver.errors import RegistryUnavailable
from resolver.registry.reference import DEFAULT_REGISTRY
from resolver.transport.credentials import Credentials
from resolver.transport.pools import Pools

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Body", "Interrupted", "Wire"]

_HUB_HOST = "registry-1.docker.io"
_PROBE_SECONDS = 5.0


class Interrupted(RegistryUnavailable):
    """Broken off, timed out, or answered with a passing fault; ``pause`` are the seconds that the server asks to
    wait."""

    def __init__(self, message: str, *, pause: float = 0.0) -> None:
        super().__init__(message, hint="try again later")
        self.pause = pause


class _NotTls(RegistryUnavailable):
    """Something answers, and does not speak TLS."""


class _Untrusted(RegistryUnavailable):
    """It speaks TLS, with a certificate that is not accepted."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


Body = bytes | _Readable | None


class Wire:
    """The connections of one run; thread-safe. Plain http is spoken with hosts of this machine and those of
    ``insecure`` (``host`` or ``host:port``), and only where they have no TLS."""

    def __init__(self, *, environ: Mapping[str, str], insecure: frozenset[str], timeout: float, offline: bool) -> None:
        self.credentials = Credentials(environ)
        self._pools = Pools(credentials=self.credentials, environ=environ, timeout=timeout)
        self._insecure = insecure
        self._timeout = timeout
        self._offline = offline
        self._lock = threading.Lock()
        self._bases: dict[str, str] = {}

    def base(self, registry: str) -> str:
        """``https://host[:port]`` of a registry's API, or http; the first call for a host that may be plain asks it."""
        host = _HUB_HOST if registry == DEFAULT_REGISTRY else registry
        if self._offline or not self.may_be_plain(host):
            return f"https://{host}"
        with self._lock:
            if host not in self._bases:
                self._bases[host] = f"{'https' if self._speaks_tls(host) else 'http'}://{host}"
            return self._bases[host]

    def may_be_plain(self, host: str) -> bool:
        """Whether ``host[:port]`` may be asked without TLS."""
        name = urlsplit(f"//{host}").hostname or ""
        return host in self._insecure or name in self._insecure or name in ("localhost", "::1") or _is_127(name)

    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body = None,
        source: str,
        timeout: float | None = None,
    ) -> BaseHTTPResponse:
        """The answer, whatever its status, its body unread. Raises ``Interrupted`` or ``RegistryUnavailable``."""
        from urllib3 import exceptions

        if self._offline:
            raise RegistryUnavailable(
                f"{source}: cannot be asked, because --offline is on", hint="run once without --offline"
            )
        limit = self._timeout if timeout is None else timeout
        try:
            return self._pools.pool(url).urlopen(
                method,
                url,
                body=body,
                headers=dict(headers),
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=limit,
            )
        except exceptions.HTTPError as error:
            raise self.failure(error, url, source, limit) from None

    def failure(self, error: Exception, url: str, source: str, timeout: float | None = None) -> RegistryUnavailable:
        """What an error of urllib3 is to us."""
        import ssl

        from urllib3 import exceptions

        from resolver.transport.reasons import reason_of

        reason = self.credentials.redact(reason_of(error, self._timeout if timeout is None else timeout))
        told = f"{source}: {self.public(url)}: {reason}"
        cause = error.args[0] if error.args else None
        if isinstance(error, exceptions.SSLError):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return _Untrusted(told, hint="SSL_CERT_FILE names the authorities that are trusted")
            return _NotTls(told, hint="a registry without TLS has to be named in docker.insecure-registries")
        transient = (
            exceptions.ProtocolError,
            exceptions.TimeoutError,
            exceptions.NewConnectionError,
            exceptions.ProxyError,
            exceptions.DecodeError,
        )
        return Interrupted(told) if isinstance(error, transient) else RegistryUnavailable(told)

    def public(self, url: str) -> str:
        """A URL fit for a message: without its query, which may be a signature that opens a file."""
        return self.credentials.redact(url.partition("?")[0])

    def close(self) -> None:
        self._pools.close()

    def _speaks_tls(self, host: str) -> bool:
        try:
            self.open(
                "GET",
                f"https://{host}/v2/",
                headers={},
                source=host,
                timeout=min(self._timeout, _PROBE_SECONDS),
            ).close()
        except (_NotTls, Interrupted):
            return False
        except _Untrusted:
            return True  # and the request itself tells it
        return True


def _is_127(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() for part in parts)
