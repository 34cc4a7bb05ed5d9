"""From ``[auth]`` of the settings to the rules of the transport."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from resolver.settings.converters import Place, table, text
from resolver.settings.places import nearest
from resolver.transport import AuthenticationRule, variables_in, without_credentials

__all__ = ["authentication"]

_KEYS = ("token", "user", "password", "header", "value", "client-certificate")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_SECRET = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]* )?\$\{[A-Za-z_][A-Za-z0-9_]*\}\Z")
_HEADERS_OF_OURS = frozenset({"host", "range", "accept", "accept-encoding", "connection", "content-length", "cookie"})


def authentication(value: object, place: Place) -> tuple[AuthenticationRule, ...]:
    """URL prefix → how it is asked. Raises ``SettingsError``, which never repeats a value."""
    rules = table(value, place)
    return tuple(_rule(prefix, rules[prefix], place.below(prefix)) for prefix in sorted(rules))


def _rule(prefix: str, value: object, place: Place) -> AuthenticationRule:
    if without_credentials(prefix) != prefix or "@" in prefix or "/t/" in prefix:
        raise place.error("a prefix under [auth] is a URL without credentials")
    if not re.fullmatch(r"https?://[^/\s?#]+(?:/[^\s?#]*)?", prefix):
        raise place.error("expected a URL", hint='write "https://host.example.org" or a prefix of a URL with its path')
    said = table(value, place)
    for key in said:
        if key not in _KEYS:
            hint = nearest(key, _KEYS) or f"known are: {', '.join(_KEYS)}"
            raise place.below(key).error(f"unknown key {key!r}", hint=hint)
    _refuse_mixtures(set(said), place)
    certificate = _optional(said, "client-certificate", place)
    return AuthenticationRule(
        prefix=prefix.rstrip("/"),
        token=_secret(said, "token", place),
        user=_optional(said, "user", place),
        password=_secret(said, "password", place),
        header=_header(said, place),
        value=_secret(said, "value", place),
        client_certificate=None if certificate is None else _path(certificate, place),
    )


def _refuse_mixtures(said: set[str], place: Place) -> None:
    ways = [way for way in ("token", "user", "header") if way in said]
    if len(ways) > 1:
        raise place.error(f"both {ways[0]} and {ways[1]} are given", hint="keep one of them")
    if not said & {"token", "user", "header", "client-certificate"}:
        raise place.error(
            "says nothing", hint="give token, user with password, header with value or client-certificate"
        )
    if "password" in said and "user" not in said:
        raise place.error("a password without a user")
    if ("header" in said) != ("value" in said):
        raise place.error("header and value belong together")


def _optional(said: Mapping[str, object], key: str, place: Place) -> str | None:
    return text(said[key], place.below(key)) if key in said else None


def _secret(said: Mapping[str, object], key: str, place: Place) -> str | None:
    written = _optional(said, key, place)
    if written is not None and not _SECRET.match(written):
        here = place.below(key)
        known = f" ({', '.join(variables_in(written))} stands among other text)" if variables_in(written) else ""
        raise here.error(f"a secret is given by the name of a variable{known}", hint='write "${NAME}" and set NAME')
    return written


def _header(said: Mapping[str, object], place: Place) -> str | None:
    name = _optional(said, "header", place)
    if name is not None and (not _HEADER.match(name) or name.lower() in _HEADERS_OF_OURS):
        raise place.below("header").error("not the name of a header that may be set")
    return name


def _path(written: str, place: Place) -> str:
    return posixpath.normpath(posixpath.join(place.directory, written))
