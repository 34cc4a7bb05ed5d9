"""URLs with and without what is secret in them.

Credentials stand in a URL by the names of variables: ``https://${USER}:${TOKEN}@host/`` or, as conda's servers have it,
``https://host/t/${TOKEN}/channel``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit, urlunsplit

from resolver.errors import IndexUnavailable, SettingsError

__all__ = [
    "Origin",
    "host_of",
    "origin_of",
    "refuse_literal_secret",
    "split_token",
    "split_url",
    "user_information",
    "variables_in",
    "with_variables_expanded",
    "without_credentials",
]

Origin = tuple[str, str, int | None]
"""Scheme, host and port."""

_VARIABLE = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"
_TOKEN = r"(?P<before>https?://.*?)/t/(?P<token>\$\{[A-Za-z_][A-Za-z0-9_]*\})(?P<after>/.*|\Z)"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def without_credentials(url: str) -> str:
    """``url`` without its user information, and without conda's ``/t/${TOKEN}``."""
    if "/t/$" in url:
        url = split_token(url)[0]
    if "@" not in url:  # thousands of URLs of a page pass here
        return url
    parts = split_url(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def split_token(url: str) -> tuple[str, str, str]:
    """``https://host/t/${TOKEN}/channel/x`` as (the URL without token, ``https://host``, ``${TOKEN}``); the last two
    are empty where there is no token."""
    match = re.fullmatch(_TOKEN, url)
    if match is None:
        return url, "", ""
    return match["before"] + match["after"], match["before"], match["token"]


def origin_of(url: str) -> Origin:
    """Scheme, host and port. Raises ``IndexUnavailable`` for what is not an http(s) URL."""
    parts = split_url(url)
    try:
        port = parts.port
    except ValueError as error:
        raise IndexUnavailable(f"{url.rpartition('@')[2]}: not a URL: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise IndexUnavailable(f"{without_credentials(url)}: not an http(s) URL")
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


def host_of(url: str) -> str:
    """Host and port as they stand in the URL."""
    return split_url(url).netloc.rpartition("@")[2]


def refuse_literal_secret(url: str) -> None:
    """Raise ``SettingsError`` where a URL holds a secret itself and not the name of a variable that does."""
    userinfo = user_information(url)
    if userinfo is None:
        return
    user, colon, password = userinfo.partition(":")
    if not re.fullmatch(_VARIABLE, password if colon else user):
        raise SettingsError(
            f"{without_credentials(url)}: the URL holds a password or token in clear",
            hint="write https://${USER}:${TOKEN}@… and set these variables, or use a netrc file",
        )


def split_url(url: str) -> SplitResult:
    """The parts of a URL. Raises ``IndexUnavailable``."""
    try:
        return urlsplit(url)
    except ValueError as error:
        raise IndexUnavailable(f"{url.rpartition('@')[2]}: not a URL: {error}") from None


def user_information(url: str) -> str | None:
    """What stands before the ``@``, or ``None``."""
    userinfo, at, _ = split_url(url).netloc.rpartition("@")
    return userinfo if at else None


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables in a text, each once, in their order."""
    return tuple(dict.fromkeys(re.findall(_VARIABLE, text)))


def with_variables_expanded(text: str, value_of: Callable[[str], str]) -> str:
    """``text`` with each ``${NAME}`` replaced."""
    return re.sub(_VARIABLE, lambda match: value_of(match[1]), text)
