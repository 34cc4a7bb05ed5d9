"""Bytes from URLs: over http(s), or out of the folder that a mirror names. The one place that opens
connections.

``client`` is the face, ``http`` asks servers, ``folder`` reads files, ``credentials`` knows who may see what, by the
``rules`` of the settings, ``urls``, ``netrc_file`` and ``keyring``.
ssl and urllib3 are imported with the first http request, not before.
"""

from __future__ import annotations

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
