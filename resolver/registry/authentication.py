"""Tokens and passwords, as registries ask for them: Basic, and the Bearer flow of the distribution project
(``docs/spec/auth/token`` and ``oauth``)."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import msgspec

from resolver.errors import RegistryUnavailable
from resolver.registry.challenges import Challenge, parse_challenges
from resolver.registry.docker_config import DockerConfig, Login
from resolver.registry.wire import Interrupted, Wire
from resolver.values import dataclass

__all__ = ["Authentication", "Scopes", "refused"]

Scopes = tuple[str, ...]
"""What is to be done: ``repository:NAME:pull,push`` and the like, in a fixed order."""

_LARGEST_TOKEN = 1024 * 1024
_DEFAULT_SECONDS = 60.0
_MARGIN = 10.0
"""Seconds before its end at which a token is no longer used: it has to last for a request's way."""
_FIT = re.compile(r"[\x21-\x7e]+")
_CLIENT = "samebox"


class _Answer(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    header: str
    until: float


class Authentication:
    """What this run has learned of the registries' demands. Thread-safe; ``clock`` gives seconds that only grow."""

    def __init__(self, wire: Wire, config: DockerConfig, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._config = config
        self._clock = clock
        self._lock = threading.RLock()
        self._logins: dict[str, Login | None] = {}
        self._demands: dict[str, Challenge] = {}
        self._tokens: dict[tuple[str, Scopes], _Token] = {}

    def headers(self, registry: str, scopes: Scopes, *, source: str) -> dict[str, str]:
        """What to show a registry for ``scopes``: nothing until it has demanded something.

        Raises ``RegistryUnavailable`` where no token can be had, ``SettingsError`` where docker's configuration is
        wrong.
        """
        with self._lock:
            demand = self._demands.get(registry)
            if demand is None:
                return {}
            known = self._tokens.get((registry, scopes))
            if known is None or known.until < self._clock():
                known = self._tokens[registry, scopes] = self._obtain(registry, demand, scopes, source)
            return {"Authorization": known.header}

    def demanded(self, registry: str, header: str, scopes: Scopes, *, source: str) -> None:
        """Learn from a 401 and its ``WWW-Authenticate``; what was shown for ``scopes`` is forgotten.

        Raises ``RegistryUnavailable`` where the registry demands what we cannot show.
        """
        ways = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
        demand = ways.get("bearer") or ways.get("basic")
        if demand is None:
            asked = ", ".join(sorted(ways)) or "nothing that can be read"
            raise refused(source, registry, f"answered 401 and demands {asked}, where Basic or Bearer was expected")
        with self._lock:
            self._demands[registry] = demand
            self._tokens.pop((registry, scopes), None)

    def knows(self, registry: str) -> bool:
        """Whether docker's configuration has a login for ``registry``."""
        return self._login(registry) is not None

    def _obtain(self, registry: str, demand: Challenge, scopes: Scopes, source: str) -> _Token:
        login = self._login(registry)
        if login is not None and login.registry_token:
            return _Token(header=_bearer(login.registry_token, source), until=float("inf"))
        if demand.scheme == "bearer":
            return self._exchange(registry, demand, scopes, login, source)
        if login is None or not login.password:
            raise refused(source, registry, "answered 401", known=login is not None)
        return _Token(header=_basic(login), until=float("inf"))

    def _login(self, registry: str) -> Login | None:
        """Looked up once: a helper may ask a person to unlock something."""
        with self._lock:
            if registry not in self._logins:
                self._logins[registry] = self._config.login(registry)
            login = self._logins[registry]
        for secret in login.secrets if login is not None else ():
            self._wire.credentials.hide(secret)
        return login

    def _exchange(self, registry: str, demand: Challenge, scopes: Scopes, login: Login | None, source: str) -> _Token:
        realm = self._checked_realm(demand.parameters.get("realm", ""), source)
        service = demand.parameters.get("service", "")
        asked = tuple(dict.fromkeys((*scopes, *demand.parameters.get("scope", "").split())))
        begun = self._clock()
        try:
            if login is not None and login.identity_token:
                answer = self._post(realm, service, asked, login.identity_token, source)
            else:
                answer = self._get(realm, service, asked, login, source)
        except _Denied as denied:
            message = f"{self._wire.public(realm)} gives no token (answered {denied.status})"
            raise refused(source, registry, message, known=login is not None) from None
        token = answer.token or answer.access_token or ""
        self._wire.credentials.hide(token)
        seconds = _DEFAULT_SECONDS if answer.expires_in is None else answer.expires_in
        return _Token(header=_bearer(token, source), until=begun + seconds - _MARGIN)

    def _checked_realm(self, realm: str, source: str) -> str:
        """Passwords go to https, or to hosts that may be plain."""
        try:
            parts = urlsplit(realm)
            host = parts.netloc.rpartition("@")[2]
            fit = bool(parts.hostname) and (
                parts.scheme == "https" or (parts.scheme == "http" and self._wire.may_be_plain(host))
            )
        except ValueError:
            fit = False
        if not fit or not _FIT.fullmatch(realm):
            raise RegistryUnavailable(
                f"{source}: the registry's place for tokens is not https: {self._wire.public(realm)[:200]!r}",
                hint="credentials are not sent there; a host without TLS has to be named in docker.insecure-registries",
            )
        return realm

    def _get(self, realm: str, service: str, scopes: Scopes, login: Login | None, source: str) -> _Answer:
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in scopes]
        headers = {"Authorization": _basic(login)} if login is not None and login.password else {}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode([*query, ('client_id', _CLIENT)])}"
        return self._asked("GET", url, headers, None, source)

    def _post(self, realm: str, service: str, scopes: Scopes, identity: str, source: str) -> _Answer:
        form = {
            "grant_type": "refresh_token",
            "service": service,
            "client_id": _CLIENT,
            "scope": " ".join(scopes),
            "refresh_token": identity,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._asked("POST", realm, headers, urlencode(form).encode(), source)

    def _asked(self, method: str, url: str, headers: dict[str, str], body: bytes | None, source: str) -> _Answer:
        from urllib3 import exceptions

        answer = self._wire.open(method, url, headers=headers, body=body, source=source)
        try:
            content = answer.read(_LARGEST_TOKEN, decode_content=True)
        except exceptions.HTTPError as error:
            raise self._wire.failure(error, url, source) from None
        finally:
            answer.close()
        if answer.status == 429 or answer.status >= 500:
            raise Interrupted(f"{source}: {self._wire.public(url)}: answered {answer.status}")
        if answer.status != 200:
            raise _Denied(answer.status)
        try:
            return msgspec.json.decode(content, type=_Answer)
        except (msgspec.MsgspecError, RecursionError):  # not quoted: there may be a token in it
            raise RegistryUnavailable(
                f"{source}: {self._wire.public(url)}: the answer is not the JSON of a token"
            ) from None


class _Denied(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def refused(source: str, registry: str, reason: str, *, known: bool = False) -> RegistryUnavailable:
    """The error for a registry that does not let us in; ``known`` is whether docker's configuration has a login."""
    if known:
        hint = f"{registry} does not accept docker's login for this: docker login {registry} makes a new one"
    else:
        hint = f"docker's configuration has no login for {registry}: docker login {registry}"
    hint += " (some registries answer so too where there is no such image)"
    return RegistryUnavailable(f"{source}: refused: {reason}", hint=hint)


def _basic(login: Login) -> str:
    encoded = base64.b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")
    return f"Basic {encoded}"


def _bearer(token: str, source: str) -> str:
    if not _FIT.fullmatch(token):
        raise RegistryUnavailable(f"{source}: the token that was given is empty or holds spaces or controls")
    return f"Bearer {token}"
