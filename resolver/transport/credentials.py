"""Who may see which credentials, and how none of them gets into a message.

For each URL the first of these is taken: the longest rule of the settings that covers it; what stood in a URL of its
origin (scheme, host, port), as in pip; netrc. That is decided anew at every step of a redirect, so none goes elsewhere.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote, unquote

from resolver.errors import IndexUnavailable
from resolver.transport.netrc_file import read_netrc
from resolver.transport.rules import AuthenticationRule, rule_for
from resolver.transport.urls import (
    Origin,
    host_of,
    origin_of,
    split_token,
    user_information,
    variables_in,
    with_variables_expanded,
    without_credentials,
)

__all__ = ["Credentials"]


class Credentials:
    """The credentials of one run. Thread-safe; a variable is read, and keyring asked, when the first request needs it.

    ``environ`` gives the variables, ``NETRC``, ``HOME`` and ``SSL_CLIENT_CERT``. With ``keyring`` the password of a
    user is asked of the command of that name where none is given.
    """

    def __init__(
        self, environ: Mapping[str, str], *, rules: tuple[AuthenticationRule, ...] = (), keyring: bool = False
    ) -> None:
        self._environ = environ
        self._rules = rules
        self._keyring = keyring
        self._lock = threading.RLock()
        self._of_origins: dict[Origin, str] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self._from_keyring: dict[tuple[tuple[str, ...], str], str | None] = {}
        self._secrets: set[str] = set()

    def remember(self, url: str) -> str:
        """Learn the credentials of ``url`` for its origin, its token for its channel, and give it back without."""
        userinfo = user_information(url)
        bare = without_credentials(url)
        rest, before, token = split_token(url)
        with self._lock:
            if userinfo is not None:
                self._of_origins[origin_of(url)] = userinfo
            if token:
                base = without_credentials(before)
                channel = without_credentials(rest)[len(base) :].split("/")[1:2]
                self._tokens["/".join([base, *channel])] = (base, token)
        return bare

    def know(self, url: str) -> bool:
        """Whether there is anything for ``url``, credentials or a certificate. No variable is read for that."""
        bare = without_credentials(url)
        with self._lock:
            return (
                bare != url
                or rule_for(bare, self._rules) is not None
                or origin_of(bare) in self._of_origins
                or self._token_for(bare) is not None
                or origin_of(bare)[1] in self._netrc
                or self.certificate(bare) is not None
            )

    def headers(self, url: str) -> dict[str, str]:
        """The headers that authenticate a request for ``url``, which has no credentials in it; empty where there are
        none. Raises ``IndexUnavailable`` naming a variable that is not set."""
        rule = rule_for(url, self._rules)
        with self._lock:
            if rule is not None and rule.names_credentials:
                return self._by_rule(rule, url)
            userinfo = self._of_origins.get(origin_of(url))
            if userinfo is not None:
                user, colon, password = userinfo.partition(":")
                known = self._asked(user, url) if self._keyring and not colon else None
                return self._basic(self._expand(user, url), known or self._expand(password, url))
            login = self._netrc.get(origin_of(url)[1])
            return self._basic(*login) if login else {}

    def certificate(self, url: str) -> str | None:
        """The PEM file of the client certificate for ``url``: its rule's, else ``SSL_CLIENT_CERT``."""
        rules = (rule for rule in self._rules if rule.client_certificate is not None)
        rule = rule_for(url, rules)
        return rule.client_certificate if rule is not None else self._environ.get("SSL_CLIENT_CERT") or None

    def with_token(self, url: str) -> str:
        """``url`` as it is really asked: with its channel's token, if it has one."""
        with self._lock:
            found = self._token_for(url)
            if found is None:
                return url
            base, token = found
            return f"{base}/t/{quote(self._secret(token, url), safe='')}{url[len(base) :]}"

    def without_token(self, location: str) -> str:
        """The way back of ``with_token``, for a place that a server names."""
        with self._lock:
            for base, token in self._tokens.values():
                begin = f"{base}/t/{quote(self._secret(token, base), safe='')}/"
                if location.startswith(begin):
                    return self.remember(f"{base}/t/{token}/{location[len(begin) :]}")
        return location

    def redact(self, text: str) -> str:
        """``text`` without anything secret that this run has expanded, and without user information in URLs."""
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)
        for secret in secrets:
            text = text.replace(secret, "***")
        return re.sub(r"(https?://)[^/@\s]+@", r"\1", text)

    def are_in(self, url: str) -> bool:
        """Whether a secret that was expanded stands in ``url``. Very short ones are everywhere, and not looked for."""
        with self._lock:
            return any(secret in url for secret in self._secrets if len(secret) >= 6)

    def hide(self, secret: str) -> None:
        """Keep ``secret`` out of every later message."""
        with self._lock:
            self._secrets.update({secret, quote(secret, safe="")} - {""})

    @cached_property
    def _netrc(self) -> dict[str, tuple[str, str]]:
        return read_netrc(self._environ)

    def _token_for(self, url: str) -> tuple[str, str] | None:
        fitting = [p for p in self._tokens if url.startswith(p) and url[len(p) : len(p) + 1] in ("", "/")]
        return self._tokens[max(fitting, key=len)] if fitting else None

    def _by_rule(self, rule: AuthenticationRule, url: str) -> dict[str, str]:
        if rule.token is not None:
            return {"Authorization": f"Bearer {self._secret(rule.token, url)}"}
        if rule.header is not None:
            return {rule.header: self._secret(rule.value or "", url)}
        user = self._expand(rule.user or "", url)
        if rule.password is not None:
            return self._basic(user, self._secret(rule.password, url))
        known = self._asked(rule.user or "", url, rule.prefix)
        if known is None:
            raise IndexUnavailable(
                f"{url}: keyring knows no password of the user that [auth] names for {rule.prefix}",
                hint=f"keyring set {host_of(url)} USER",
            )
        return self._basic(user, known)

    def _asked(self, user: str, url: str, *services: str) -> str | None:
        scheme, _, _ = origin_of(url)
        asked = (*services, f"{scheme}://{host_of(url)}", host_of(url))
        if (asked, user) not in self._from_keyring:
            name = self._expand(user, url)
            # what runs commands is not imported for those who keep no passwords there
            from resolver.transport.keyring import password_from_keyring

            self._from_keyring[asked, user] = password_from_keyring(asked, name, self._environ)
        return self._from_keyring[asked, user]

    def _basic(self, user: str, password: str) -> dict[str, str]:
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        for secret in (password or user, encoded):
            self.hide(secret)
        return {"Authorization": f"Basic {encoded}"}

    def _secret(self, text: str, url: str) -> str:
        expanded = self._expand(text, url)
        for name in variables_in(text):
            self.hide(self._environ[name])
        return expanded

    def _expand(self, text: str, url: str) -> str:
        def value_of(name: str) -> str:
            value = self._environ.get(name)
            if value is None:
                raise IndexUnavailable(
                    f"{url}: its credentials need the environment variable {name}, which is not set",
                    hint=f"set {name}",
                )
            if any(ord(c) < 32 for c in value):
                raise IndexUnavailable(f"{url}: the environment variable {name} holds a line end or other control")
            return value

        return with_variables_expanded(text, value_of) if variables_in(text) else unquote(text)
