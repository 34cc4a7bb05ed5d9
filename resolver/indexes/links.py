"""What a page links to: relative links made absolute, and those beneath a mirror's place canonical again."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

from resolver.errors import IndexUnavailable
from resolver.mirrors import Mirrors
from resolver.transport import without_credentials

__all__ = ["link_resolver"]


def link_resolver(mirrors: Mirrors, base: str) -> Callable[[str], str]:
    """Joins the links of the page at ``base`` to its URL, and leads those beneath a mirror's place back to the
    canonical prefix."""

    def resolve(link: str) -> str:
        link = link.partition("#")[0]
        try:
            absolute = link if link.startswith(("https://", "http://")) else urljoin(base, link)
            return without_credentials(mirrors.canonical(absolute) if mirrors.rules else absolute)
        except ValueError as error:
            raise IndexUnavailable(f"{base}: a link that is no URL: {error}") from error

    return resolve
