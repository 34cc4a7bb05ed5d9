"""Values of settings about registries of images."""

from __future__ import annotations

import re

from resolver.settings.converters import Place, text

__all__ = ["boolean", "registry_host"]

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?\Z")


def boolean(value: object, place: Place) -> bool:
    if not isinstance(value, bool):
        raise place.expected("true or false", value)
    return value


def registry_host(value: object, place: Place) -> str:
    """``host`` or ``host:port``, as it stands before the first ``/`` of an image's name."""
    host = text(value, place)
    if not _HOST.match(host):
        raise place.error(f"expected a host, got {host!r}", hint='write "registry.example.org:5000", without http://')
    return host
