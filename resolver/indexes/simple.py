"""An index that speaks the simple API, over http or out of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from resolver.indexes.pending import Pending
from resolver.indexes.protocol import CoreMetadata, DistributionFile, ProjectState
from resolver.light_typing import TYPE_CHECKING
from resolver.plain import normalize
from resolver.transport import refuse_literal_secret, without_credentials

if TYPE_CHECKING:
    from resolver.indexes.cache import MetadataCache
    from resolver.indexes.releases import Page
    from resolver.transport import Transport

__all__ = ["SimpleIndex"]

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
        self._transport = transport
        self._cache = cache
        self._pages: Pending[str, Page | None] = Pending(self._load_page, threads)
        self._metadata: Pending[DistributionFile, CoreMetadata] = Pending(self._load_metadata, threads)

    def page(self, name: str) -> Page | None:
        return self._pages.get(normalize(name))

    def state(self, name: str, context: str) -> ProjectState | None:
        """A folder's pages are read each time, and have no stamp."""
        url = self._page_url(normalize(name))
        if self._cache is None or self._transport.is_local(url):
            return None if self.page(name) is None else ProjectState()
        found = self._cache.state(self._page_key(url), context)
        if found is not None and (found.fresh or self._transport.offline):
            return found.state
        if self.page(name) is None:
            return None
        found = self._cache.state(self._page_key(url), context)
        return ProjectState() if found is None else found.state  # a cache that fell silent has no stamps

    def keep_notes(self, context: str, notes: Mapping[str, tuple[str, str]]) -> None:
        if self._cache is not None:
            rows = [(self._page_key(self._page_url(name)), *note) for name, note in sorted(notes.items())]
            self._cache.keep_notes(context, rows)

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        return self._metadata.get(file)

    def prefetch(self, names: Iterable[str]) -> None:
        if self._transport.offline:
            return  # there is no waiting to be saved, and threads cost
        self._pages.prefetch(name for name in map(normalize, names) if not self._is_fresh(name))

    def prefetch_metadata(self, files: Iterable[DistributionFile]) -> None:
        if self._transport.offline:
            return
        self._metadata.prefetch(files)

    def close(self) -> None:
        self._pages.close()
        self._metadata.close()

    def _is_fresh(self, name: str) -> bool:
        """Whether the cache has the page, and the index need not be asked."""
        found = self._cache.state(self._page_key(self._page_url(name)), "") if self._cache is not None else None
        return found is not None and found.fresh

    # what reads pages and metadata is imported where some must be read

    def _load_page(self, name: str) -> Page | None:
        from resolver.indexes.page_reader import PageReader

        url = self._page_url(name)
        return PageReader(self.url, self._transport, self._cache).load(name, url, self._page_key(url))

    def _load_metadata(self, file: DistributionFile) -> CoreMetadata:
        from resolver.indexes.metadata_reader import MetadataReader

        return MetadataReader(self._transport, self._cache).load(file)

    def _page_url(self, name: str) -> str:
        return f"{self.url}{quote(name, safe='')}/"

    def _page_key(self, url: str) -> str:
        """The canonical URL and the place it is read from: another mirror may have another page."""
        place = self._transport.mirrors.locate(url)
        return f"{without_credentials(url)} {without_credentials(str(place))}"
