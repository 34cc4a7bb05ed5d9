"""Which artifacts lie in the context itself, since the build could not download them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from resolver.exporter.docker.plan import Strategy
from resolver.model import DockerSection, Lock, LockedPackage

__all__ = ["carried"]


def carried(
    lock: Lock, packages: Iterable[LockedPackage], *, docker: DockerSection, strategy: Strategy
) -> tuple[LockedPackage, ...]:
    """``vendored``: all of them. ``thin``: those that are files of this machine, and those of a host that the lock asks
    with credentials (``https://${USER}:${TOKEN}@host/…``), unless the build is lent some (``lend_netrc``)."""
    if strategy == "vendored":
        return tuple(packages)
    private = set() if docker.lend_netrc else _asked_with_credentials(lock)
    return tuple(p for p in packages if _is_file(p.url) or urlsplit(p.url).hostname in private)


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme not in ("http", "https")


def _asked_with_credentials(lock: Lock) -> set[str | None]:
    """The lock names the variables of the credentials, as they stand in the URLs."""
    sources = (*lock.channels, *(lock.evidence.indexes if lock.evidence else ()))
    return {urlsplit(url).hostname for url in sources if "${" in url}
