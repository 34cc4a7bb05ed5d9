"""An index that speaks the simple API, over http or out of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from packaging.utils import canonicalize_name

from resolver.errors import IndexUnavailable
from resolver.indexes.cache import CachedPage, MetadataCache
from resolver.indexes.links import link_resolver
from resolver.indexes.metadata_reader import MetadataReader
from resolver.indexes.pending import Pending
from resolver.indexes.protocol import CoreMetadata, DistributionFile, ProjectPage
from resolver.indexes.releases import Page
from resolver.indexes.simple_json import parse_json_page
from resolver.transport import Response, Transport, refuse_literal_secret, without_credentials

__all__ = ["SimpleIndex"]

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_JSON = frozenset({"application/vnd.pypi.simple.v1+json", "application/json"})
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml"})
_OTHER_VERSION = re.compile(r"application/vnd\.pypi\.simple\.(v\d+)\+(json|html)")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d+)")
_THREADS = 16


class SimpleIndex:
    """The index at ``url`` (PEP 503 and its successors). Thread-safe.

    ``url`` is canonical and may hold credentials by the names of variables. Pages and metadata are read once
    in the life of this object, concurrently where they are prefetched, and kept in ``cache`` if there is one.
    Raises ``SettingsError`` for a password in clear. ``transport`` and ``cache`` stay open when it is closed.
    """

    def __init__(
        self, url: str, transport: Transport, *, cache: MetadataCache | None = None, threads: int = _THREADS
    ) -> None:
        refuse_literal_secret(url)
        self.url = url.rstrip("/") + "/"
        self._bare = without_credentials(self.url)
        self._transport = transport
        self._cache = cache
        self._pages: Pending[str, Page | None] = Pending(self._load_page, threads)
        self._metadata: Pending[DistributionFile, CoreMetadata] = Pending(
            MetadataReader(transport, cache).load, threads
        )

    def page(self, name: str) -> Page | None:
        return self._pages.get(canonicalize_name(name))

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        return self._metadata.get(file)

    def prefetch(self, names: Iterable[str]) -> None:
        if self._transport.offline:
            return  # there is no waiting to be saved, and threads cost
        self._pages.prefetch(canonicalize_name(name) for name in names)

    def prefetch_metadata(self, files: Iterable[DistributionFile]) -> None:
        if self._transport.offline:
            return
        self._metadata.prefetch(files)

    def close(self) -> None:
        self._pages.close()
        self._metadata.close()

    # ------------------------------------------------------------------------------------------- pages

    def _load_page(self, name: str) -> Page | None:
        url = f"{self.url}{quote(name, safe='')}/"
        key = self._page_key(url)
        cached = self._cache.page(key) if self._cache else None
        local = self._transport.is_local(url)
        if cached is not None and (self._transport.offline or cached.fresh) and not local:
            return cached.page
        if self._transport.offline and not local:
            raise _never_seen(name, self._bare)
        response = self._transport.get(url, headers={"Accept": _ACCEPT, **_validators(cached)})
        if cached is not None and response.status == 304:
            return self._confirmed(key, cached, response)
        page = self._parse(name, response) if response.found else None
        self._keep(key, page, response)
        return page

    def _page_key(self, url: str) -> str:
        """The canonical URL and the place it is read from: another mirror may have another page."""
        place = self._transport.mirrors.locate(url)
        return f"{without_credentials(url)} {without_credentials(str(place))}"

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
            return parse_json_page(response.body, name=name, index=self.url, source=response.url, resolve=resolve)
        if content_type in _HTML:
            text = response.body.decode("utf-8", "replace")
            from resolver.indexes.simple_html import parse_html_page  # most indexes speak JSON

            return parse_html_page(text, name=name, index=self.url, source=response.url, resolve=resolve)
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
