"""What the settings say about who is asked with which credentials."""

from __future__ import annotations

from collections.abc import Iterable

from resolver.values import dataclass

__all__ = ["AuthenticationRule", "rule_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationRule:
    """How everything beneath ``prefix``, an http(s) URL, is asked: with one of a bearer ``token``, a ``user`` (with a
    ``password``, or one that keyring knows), or a ``header`` with its ``value``; and with a ``client_certificate``,
    the path of a PEM file that holds the certificate and its key.

    Secrets are texts with ``${NAME}`` in them, never in clear.
    """

    prefix: str
    token: str | None = None
    user: str | None = None
    password: str | None = None
    header: str | None = None
    value: str | None = None
    client_certificate: str | None = None

    @property
    def names_credentials(self) -> bool:
        return self.token is not None or self.user is not None or self.header is not None

    def covers(self, url: str) -> bool:
        """Whether ``url`` is the prefix or lies beneath it, at a path boundary."""
        base = self.prefix.rstrip("/")
        return url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/", "?")


def rule_for(url: str, rules: Iterable[AuthenticationRule]) -> AuthenticationRule | None:
    """The rule with the longest prefix that covers ``url``, an URL without user information."""
    return max((rule for rule in rules if rule.covers(url)), key=lambda rule: len(rule.prefix), default=None)
