"""From the URL of a project to its page: the cache, or the index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resolver.errors import IndexUnavailable
from resolver.indexes.links import link_resolver
from resolver.indexes.simple_json import parse_json_page
from resolver.transport import without_credentials

if TYPE_CHECKING:
    from resolver.indexes.cache import CachedPage, MetadataCache
    from resolver.indexes.protocol import ProjectPage
    from resolver.indexes.releases import Page
    from resolver.transport import Response, Transport

__all__ = ["PageReader"]

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_JSON = frozenset({"application/vnd.pypi.simple.v1+json", "application/json"})
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml"})
_OTHER_VERSION = re.compile(r"application/vnd\.pypi\.simple\.(v\d+)\+(json|html)")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d+)")


class PageReader:
    """Reads the pages of the index at ``index``, its canonical URL, through ``cache``, if there is one."""

    def __init__(self, index: str, transport: Transport, cache: MetadataCache | None) -> None:
        self._index = index
        self._transport = transport
        self._cache = cache

    def load(self, name: str, url: str, key: str) -> Page | None:
        """The page of a project at ``url``, which the cache keeps under ``key``."""
        cached = self._cache.page(key) if self._cache else None
        local = self._transport.is_local(url)
        if cached is not None and (self._transport.offline or cached.fresh) and not local:
            return cached.page
        if self._transport.offline and not local:
            raise _never_seen(name, without_credentials(self._index))
        response = self._transport.get(url, headers={"Accept": _ACCEPT, **_validators(cached)})
        if cached is not None and response.status == 304:
            return self._confirmed(key, cached, response)
        page = self._parse(name, response) if response.found else None
        self._keep(key, page, response)
        return page

    def _confirmed(self, key: str, cached: CachedPage, response: Response) -> Page | None:
        if self._cache:
            self._cache.touch_page(key, lifetime=self._lifetime(response))
        return cached.page

    def _keep(self, key: str, page: ProjectPage | None, response: Response) -> None:
        if self._cache is None:
            return
        etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
        lifetime = self._lifetime(response)
        self._cache.store_page(key, page, etag=etag, modified=modified, lifetime=lifetime)

    def _lifetime(self, response: Response) -> float:
        """Seconds: what ``Cache-Control`` says; else none where the index can be asked whether the page
        changed; else the cache's time to live."""
        control = response.headers.get("cache-control", "").lower()
        if "no-cache" in control or "no-store" in control:
            return 0.0
        if match := _MAX_AGE.search(control):
            return float(match[1])
        if "etag" in response.headers or "last-modified" in response.headers:
            return 0.0
        return self._cache.time_to_live if self._cache else 0.0

    def _parse(self, name: str, response: Response) -> ProjectPage:
        resolve = link_resolver(self._transport.mirrors, response.url)
        content_type = response.content_type
        if content_type in _JSON:
            return parse_json_page(response.body, name=name, index=self._index, source=response.url, resolve=resolve)
        if content_type in _HTML:
            text = response.body.decode("utf-8", "replace")
            from resolver.indexes.simple_html import parse_html_page  # most indexes speak JSON

            return parse_html_page(text, name=name, index=self._index, source=response.url, resolve=resolve)
        if match := _OTHER_VERSION.fullmatch(content_type):
            raise IndexUnavailable(f"{response.url}: simple API version {match[1]}; only v1 is understood")
        raise IndexUnavailable(
            f"{response.url}: neither JSON nor HTML of the simple API, but {content_type or 'of no type'!r}",
            hint="check that the URL is that of a simple index (it often ends in /simple/)",
        )


def _validators(cached: CachedPage | None) -> dict[str, str]:
    if cached is None:
        return {}
    pairs = (("If-None-Match", cached.etag), ("If-Modified-Since", cached.modified))
    return {name: value for name, value in pairs if value}


def _never_seen(name: str, index: str) -> IndexUnavailable:
    return IndexUnavailable(
        f"{name}: its page of {index} was never read before, and --offline is on",
        hint="run once without --offline",
    )
