"""Asking registries: who we are, redirects, tries. Failures become ``RegistryUnavailable`` naming what was asked
for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from resolver.errors import RegistryUnavailable
from resolver.registry.authentication import Authentication, Scopes, refused
from resolver.registry.wire import Body, Interrupted, Wire
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Answer", "Call", "RegistryHttp"]

T = TypeVar("T")

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_PAUSE = 10.0
_LARGEST_ERROR = 64 * 1024
_LONGEST_MESSAGE = 300
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing asked of a registry. ``path`` is below its base, or a whole URL that it has given us; ``source`` stands
    in messages; ``headers`` and ``body`` are made anew for each try. With ``tries`` of 1 a passing fault is the
    caller's to deal with (``Interrupted``)."""

    method: str
    registry: str
    path: str
    source: str
    scopes: Scopes
    expected: frozenset[int]
    headers: Callable[[], Mapping[str, str]] = dict
    body: Callable[[], Body] = field(default=lambda: None)
    tries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; names of ``headers`` are lower case, ``url`` is where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error]


class RegistryHttp:
    """Calls, answered. Thread-safe. Passing faults are tried ``retries`` times more, after pauses of ``backoff``
    seconds, twice that, … or what the registry asks for, at most 10 s."""

    def __init__(self, wire: Wire, authentication: Authentication, *, retries: int, backoff: float) -> None:
        self.retries = retries
        self._wire = wire
        self._authentication = authentication
        self._backoff = backoff

    def ask(self, call: Call, *, limit: int = _LARGEST_ERROR) -> Answer:
        """A small answer as a whole; one of more than ``limit`` bytes cannot be believed."""

        def consume(answer: BaseHTTPResponse, url: str) -> Answer:
            body = answer.read(limit + 1, decode_content=True)
            if len(body) > limit:
                raise RegistryUnavailable(f"{call.source}: the answer is larger than {limit >> 10} KiB")
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(status=answer.status, headers=lowered, body=body, url=url)

        return self.stream(call, consume)

    def stream(self, call: Call, consume: Callable[[BaseHTTPResponse, str], T]) -> T:
        """Give the open answer, of one of the expected statuses, and its URL to ``consume``, which is called anew where
        the body breaks off."""
        tries = self.retries + 1 if call.tries is None else call.tries
        for attempt in range(1, tries + 1):
            try:
                return self._once(call, consume)
            except Interrupted as error:
                if attempt < tries:
                    self.pause(attempt, error.pause)
                    continue
                if tries == 1:
                    raise
                raise RegistryUnavailable(f"{error.message} ({tries} attempts)", hint=error.hint) from None
        raise AssertionError("there is always a first try")

    def pause(self, attempt: int, least: float = 0.0) -> None:
        """Wait after the try of that number, from 1."""
        sleep(min(_LONGEST_PAUSE, max(least, self._backoff * 2 ** (attempt - 1))))

    def _once(self, call: Call, consume: Callable[[BaseHTTPResponse, str], T]) -> T:
        from urllib3 import exceptions

        answer, url = self._admitted(call)
        try:
            if answer.status not in call.expected:
                raise self._unexpected(call, answer, url)
            return consume(answer, url)
        except exceptions.HTTPError as error:
            raise self._wire.failure(error, url, call.source) from None
        finally:
            answer.close()

    def _admitted(self, call: Call) -> tuple[BaseHTTPResponse, str]:
        """The answer, after the registry has asked at most once who we are."""
        answer, url = self._followed(call)
        if answer.status != 401 or not self._is_own(url, call):
            return answer, url
        header = answer.headers.get("WWW-Authenticate", "")
        _drain(answer)
        self._authentication.demanded(call.registry, header, call.scopes, source=call.source)
        return self._followed(call)

    def _followed(self, call: Call) -> tuple[BaseHTTPResponse, str]:
        """The first answer that is no redirect. Credentials go to the registry itself only, at every step."""
        base = self._wire.base(call.registry)
        url = call.path if "://" in call.path else f"{base}{call.path}"
        for _ in range(_MAX_REDIRECTS + 1):
            headers = {"accept-encoding": "identity", "user-agent": "samebox", **call.headers()}
            if self._is_own(url, call):
                headers |= self._authentication.headers(call.registry, call.scopes, source=call.source)
            answer = self._wire.open(call.method, url, headers=headers, body=call.body(), source=call.source)
            if answer.status not in _REDIRECTS or answer.status in call.expected:
                return answer, url
            location = answer.headers.get("Location", "")
            _drain(answer)
            if call.method not in ("GET", "HEAD"):
                told = self._wire.public(location)
                raise RegistryUnavailable(
                    f"{call.source}: a {call.method} is redirected to {told}, which is not followed"
                )
            url = self.located(url, location, call.source)
        raise RegistryUnavailable(f"{call.source}: more than {_MAX_REDIRECTS} redirects")

    def located(self, url: str, location: str, source: str) -> str:
        """The place that a registry names by ``Location``, relative or not. Raises ``RegistryUnavailable`` for one that
        is not http(s), leaves TLS, or carries our secrets."""
        try:
            target = urljoin(url, location).partition("#")[0]
            parts = urlsplit(target)
            fit = bool(location) and bool(parts.hostname) and parts.scheme in ("https", "http") and parts.port != 0
        except ValueError:  # no such port, or a host that is none
            target, parts, fit = location, urlsplit(""), False
        told = self._wire.public(target)
        if not fit or _CONTROLS.search(target) or "@" in parts.netloc:
            raise RegistryUnavailable(
                f"{source}: the registry names a place that is not an http(s) URL: {told[:200]!r}"
            )
        if url.startswith("https:") and parts.scheme == "http":
            raise RegistryUnavailable(f"{source}: a way from https to plain http is refused: {told}")
        if not self._same_origin(url, target) and self._wire.credentials.are_in(target):
            raise RegistryUnavailable(f"{source}: a redirect that carries credentials elsewhere is refused: {told}")
        return target

    def _is_own(self, url: str, call: Call) -> bool:
        return self._same_origin(url, self._wire.base(call.registry))

    @staticmethod
    def _same_origin(one: str, other: str) -> bool:
        from resolver.transport.urls import origin_of

        return origin_of(one) == origin_of(other)

    def _unexpected(self, call: Call, answer: BaseHTTPResponse, url: str) -> RegistryUnavailable:
        is_refusal = answer.status in (401, 403)
        known = is_refusal and self._authentication.knows(call.registry)  # and its secrets are known by then
        said = f": {message}" if (message := self._message(call, answer)) else ""
        told = f"answered {answer.status}{said}"
        if is_refusal:
            return refused(call.source, call.registry, told, known=known)
        if answer.status == 429 or answer.status >= 500:
            return Interrupted(f"{call.source}: {self._wire.public(url)}: {told}", pause=_retry_after(answer))
        return RegistryUnavailable(f"{call.source}: {call.method} {self._wire.public(url)}: {told}")

    def _message(self, call: Call, answer: BaseHTTPResponse) -> str:
        """What the registry says in the error format of the distribution specification, without controls or secrets."""
        if call.method == "HEAD":
            return ""
        content = answer.read(_LARGEST_ERROR, decode_content=True)
        try:
            errors = msgspec.json.decode(content, type=_Errors).errors
        except (msgspec.MsgspecError, RecursionError):
            return ""
        said = "; ".join(": ".join(filter(None, (error.code, error.message))) for error in errors[:3])
        return self._wire.credentials.redact(_CONTROLS.sub(" ", said))[:_LONGEST_MESSAGE]


def _drain(answer: BaseHTTPResponse) -> None:
    """Read a short rest, so that the connection can be used again; one that breaks off, or is long, is closed."""
    from urllib3 import exceptions

    with suppress(exceptions.HTTPError):
        answer.read(_LARGEST_ERROR)
    answer.close()


def _retry_after(answer: BaseHTTPResponse) -> float:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() else 0.0
