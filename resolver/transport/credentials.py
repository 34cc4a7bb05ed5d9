"""Who may see which credentials, and how none of them gets into a message.

In a URL credentials are spelled ``https://${USER}:${TOKEN}@host/``; they belong to that origin (scheme, host,
port), as in pip, and go to no other. Where a URL has none, netrc is asked.
"""

from __future__ import annotations

import base64
import netrc
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from resolver.errors import IndexUnavailable, SettingsError

__all__ = ["Credentials", "origin_of", "refuse_literal_secret", "without_credentials"]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]


def without_credentials(url: str) -> str:
    """``url`` without its user information."""
    if "@" not in url:  # thousands of URLs of a page pass here
        return url
    parts = _split(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def origin_of(url: str) -> Origin:
    """Scheme, host and port. Raises ``IndexUnavailable`` for what is not an http(s) URL."""
    parts = _split(url)
    try:
        port = parts.port
    except ValueError as error:
        raise IndexUnavailable(f"{url.rpartition('@')[2]}: not a URL: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise IndexUnavailable(f"{without_credentials(url)}: not an http(s) URL")
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


def refuse_literal_secret(url: str) -> None:
    """Raise ``SettingsError`` where a URL holds a secret itself and not the name of a variable that does."""
    userinfo = _userinfo(_split(url))
    if userinfo is None:
        return
    user, colon, password = userinfo.partition(":")
    if not _VARIABLE.fullmatch(password if colon else user):
        raise SettingsError(
            f"{without_credentials(url)}: the URL holds a password or token in clear",
            hint="write https://${USER}:${TOKEN}@… and set these variables, or use a netrc file",
        )


class Credentials:
    """The credentials of this run, by origin. Thread-safe.

    ``environ`` gives the variables of URLs, ``NETRC`` and ``HOME``.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.RLock()
        self._headers: dict[Origin, str | None] = {}
        self._secrets: set[str] = set()
        self._netrc: netrc.netrc | None = None
        self._netrc_read = False

    def remember(self, url: str) -> str:
        """Learn the credentials of ``url`` for its origin, and give it back without them.

        Raises ``IndexUnavailable`` naming a variable that is not set.
        """
        userinfo = _userinfo(_split(url))
        bare = without_credentials(url)
        if userinfo is not None:
            user, _, password = userinfo.partition(":")
            header = self._basic(self._expand(user, bare), self._expand(password, bare))
            with self._lock:
                self._headers[origin_of(url)] = header
        return bare

    def authorization(self, url: str) -> str | None:
        """The ``Authorization`` header for ``url``, if its own origin has one."""
        origin = origin_of(url)
        with self._lock:
            if origin not in self._headers:
                self._headers[origin] = self._from_netrc(origin[1])
            return self._headers[origin]

    def redact(self, text: str) -> str:
        """``text`` without anything secret that this run has expanded, and without user information in
        URLs."""
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)
        for secret in secrets:
            text = text.replace(secret, "***")
        return re.sub(r"(https?://)[^/@\s]+@", r"\1", text)

    def hide(self, secret: str) -> None:
        """Keep ``secret`` out of every later message."""
        with self._lock:
            self._secrets.update({secret, quote(secret, safe="")} - {""})

    def _basic(self, user: str, password: str) -> str:
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        for secret in (password or user, encoded):
            self.hide(secret)
        return f"Basic {encoded}"

    def _expand(self, text: str, url: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self._environ:
                raise IndexUnavailable(
                    f"{url}: its credentials need the environment variable {name}, which is not set",
                    hint=f"set {name}",
                )
            return self._environ[name]

        if _VARIABLE.search(text):
            return _VARIABLE.sub(value, text)
        return unquote(text)

    def _from_netrc(self, host: str) -> str | None:
        if not self._netrc_read:
            self._netrc = self._read_netrc()
            self._netrc_read = True
        # An entry for "default" would send a password to whatever host an index names.
        entry = self._netrc.hosts.get(host) if self._netrc else None
        return self._basic(entry[0] or "", entry[2] or "") if entry else None

    def _read_netrc(self) -> netrc.netrc | None:
        named, home = self._environ.get("NETRC"), self._environ.get("HOME")
        if not named and not home:
            return None
        path = Path(named) if named else Path(home or "") / ".netrc"
        try:
            return netrc.netrc(str(path))
        except FileNotFoundError:
            return None
        except netrc.NetrcParseError as error:
            # The parser's message, and so a traceback with it, may quote a password.
            raise SettingsError(f"{path}:{error.lineno}: not a netrc file") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: cannot be read as a netrc file") from error


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise IndexUnavailable(f"{url.rpartition('@')[2]}: not a URL: {error}") from None


def _userinfo(parts: SplitResult) -> str | None:
    userinfo, at, _ = parts.netloc.rpartition("@")
    return userinfo if at else None
