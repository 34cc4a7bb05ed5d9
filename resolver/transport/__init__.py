"""Bytes from URLs: over http(s), or out of the folder that a mirror names. The one place that opens
connections.

``client`` is the face, ``http`` asks servers, ``folder`` reads files, ``credentials`` knows who may see what.
ssl and urllib3 are imported with the first http request, not before.
"""

from __future__ import annotations

from resolver.transport.client import Transport
from resolver.transport.credentials import refuse_literal_secret, without_credentials
from resolver.transport.response import Response

__all__ = ["Response", "Transport", "refuse_literal_secret", "without_credentials"]
