"""Bytes from URLs: over http(s), or out of the folder that a mirror names. The one place that opens
connections.

``client`` is the face, ``http`` asks servers over the connections of ``pools``, ``folder`` reads files, ``credentials``
knows who may see what, by the ``rules`` of the settings, ``urls``, ``netrc_file`` and ``keyring``. ssl and urllib3 are
imported with the first http request, not before.

A name is imported when it is first asked for: much needs only the form of a URL.
"""

from __future__ import annotations

from importlib import import_module

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.transport.client import Transport
    from resolver.transport.response import Response
    from resolver.transport.rules import AuthenticationRule
    from resolver.transport.urls import refuse_literal_secret, variables_in, without_credentials

__all__ = [
    "AuthenticationRule",
    "Response",
    "Transport",
    "refuse_literal_secret",
    "variables_in",
    "without_credentials",
]

_HOMES = {
    "AuthenticationRule": "rules",
    "Response": "response",
    "Transport": "client",
    "refuse_literal_secret": "urls",
    "variables_in": "urls",
    "without_credentials": "urls",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
