"""Whom we trust, and what we show of ourselves, when a connection is encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolver.errors import SettingsError

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["tls_context"]


def tls_context(environ: Mapping[str, str], certificate: str | None) -> SSLContext:
    """Trusts the system's authorities, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``; shows ``certificate``, the
    path of a PEM file with a certificate and its key without a passphrase. Raises ``SettingsError``."""
    import ssl

    bundle, directory = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    try:
        context = ssl.create_default_context(cafile=bundle, capath=directory)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"SSL_CERT_FILE={bundle}, SSL_CERT_DIR={directory}: {error.strerror}") from error
    if certificate is None:
        return context
    try:
        context.load_cert_chain(certificate, password="")  # without a password, OpenSSL would ask the terminal
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{certificate}: cannot be used as a client certificate: {error.strerror or error}",
            hint="it is a PEM file that holds the certificate and its key, without a passphrase",
        ) from error
    return context
