"""The outside world of one run: network, caches, channels and indexes, made when they are first needed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType

from resolver.cache_folder import cache_folder
from resolver.errors import ResolverError
from resolver.files import write_atomic
from resolver.installed import installed_version
from resolver.light_typing import TYPE_CHECKING
from resolver.mirrors import Mirrors
from resolver.transport import without_credentials

if TYPE_CHECKING:
    from resolver.conda.channels import Channels
    from resolver.indexes import Index, MetadataCache
    from resolver.settings import Settings
    from resolver.source_trees import Builds, SourceTrees
    from resolver.store import ArtifactStore
    from resolver.transport import AuthenticationRule, Transport

__all__ = ["Session"]


class Session:
    """Opened once and shared by everything that one run does; closed at its end (a context manager).

    ``mirrors`` are (canonical URL prefix, place); ``offline`` forbids the network and takes what the caches have;
    ``refresh`` takes no index page or repodata from them. ``authentication`` is ``[auth]`` of the settings, with
    ``keyring`` passwords are asked of the command of that name. ``environ`` is read for credentials, proxies,
    certificates and ``SAMEBOX_CACHE_DIR``.
    """

    def __init__(
        self,
        *,
        mirrors: tuple[tuple[str, str], ...] = (),
        offline: bool = False,
        refresh: bool = False,
        cache: Path | None = None,
        environ: Mapping[str, str] | None = None,
        authentication: tuple[AuthenticationRule, ...] = (),
        keyring: bool = False,
    ) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        self.cache = cache if cache is not None else _cache_of(self.environ)
        self.mirrors = Mirrors(mirrors)
        self.offline = offline
        self.refresh = refresh
        self._authentication = authentication
        self._keyring = keyring
        self._indexes: dict[str, Index] = {}

    @classmethod
    def for_settings(cls, settings: Settings, *, offline: bool = False, refresh: bool = False) -> Session:
        """The outside world as the settings see it, the credentials that their URLs name included."""
        session = cls(
            mirrors=settings.mirrors,
            offline=offline,
            refresh=refresh,
            authentication=settings.auth,
            keyring=settings.keyring_provider == "subprocess",
        )
        indexes = (settings.index_url, *settings.extra_index_urls, *(url for _, url in settings.index_for))
        session.remember_credentials(url for url in (*indexes, *settings.find_links) if url is not None)
        return session

    @cached_property
    def transport(self) -> Transport:
        from resolver.transport import Transport

        transport = Transport(
            mirrors=self.mirrors,
            offline=self.offline,
            environ=self.environ,
            rules=self._authentication,
            keyring=self._keyring,
        )
        if configured := self.environ.get("PIP_INDEX_URL"):
            transport.remember_credentials(configured)
        return transport

    def remember_credentials(self, urls: Iterable[str]) -> None:
        """Use the credentials that these URLs name for what lies beneath them. Only their names are kept until then."""
        for url in urls:
            if without_credentials(url) != url:
                self.transport.remember_credentials(url)

    @cached_property
    def channels(self) -> Channels:
        from resolver.conda.channels import Channels
        from resolver.conda.private import PrivateRepodata

        return Channels(
            cache=self.cache,
            mirrors=self.mirrors,
            offline=self.offline,
            refresh=self.refresh,
            private=PrivateRepodata(lambda: self.transport, self.cache / "private-repodata", refresh=self.refresh),
        )

    @cached_property
    def store(self) -> ArtifactStore:
        from resolver.store import ArtifactStore

        return ArtifactStore(self.cache / "artifacts", self.transport)

    @cached_property
    def _metadata(self) -> MetadataCache:
        from resolver.indexes import MetadataCache

        return MetadataCache(self.cache, now=time.time, refresh=self.refresh)

    @cached_property
    def builds(self) -> Builds:
        from resolver.source_trees import Builds

        return Builds(self.transport, cache=self._metadata)

    def source_trees(self, base: Path) -> SourceTrees:
        """Repositories and folders; ``base`` is what the URLs of folders are relative to."""
        from resolver.source_trees import Git, SourceTrees

        git = Git(
            self.cache / "git",
            mirrors=self.mirrors,
            offline=self.offline,
            environ=self.environ,
            credentials=self.transport.credentials,
        )
        return SourceTrees(git=git, builds=self.builds, base=base, environ=self.environ)

    def find_links(self, url: str) -> Index:
        """The folder or page of files at a URL, as an index."""
        if url not in self._indexes:
            from resolver.indexes import FindLinks

            self._indexes[url] = FindLinks(url, self.transport, cache=self._metadata)
        return self._indexes[url]

    def index(self, url: str) -> Index:
        """The index at a canonical URL. Credentials in it are by the names of variables, never in clear."""
        if url not in self._indexes:
            from resolver.indexes import SimpleIndex

            self._indexes[url] = SimpleIndex(url, self.transport, cache=self._metadata)
        return self._indexes[url]

    def default_index_url(self) -> str:
        """``PIP_INDEX_URL``, else the index that everyone uses.

        pip's variable may hold a password, since it is no file; the password is kept for its host and goes no further.
        """
        configured = self.environ.get("PIP_INDEX_URL")
        if configured:
            self.transport.remember_credentials(configured)
            return without_credentials(configured)
        return self._published_index_url()

    def _published_index_url(self) -> str:
        """What ``pypi_simple`` publishes. Importing it takes longer than a small solve, so its answer is kept in the
        cache, for the version that gave it."""
        kept = self.cache / f"default-index-{installed_version('pypi-simple', 'pypi_simple')}"
        try:
            return kept.read_text(encoding="utf-8")
        except OSError:
            from resolver.indexes import default_index_url

            url = default_index_url()
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, url.encode())
        except (OSError, ResolverError):
            return url  # a cache that cannot be written is no error
        return url

    def close(self) -> None:
        for index in self._indexes.values():
            index.close()
        if "_metadata" in self.__dict__:
            self._metadata.close()
        if "transport" in self.__dict__:
            self.transport.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cache_of(environ: Mapping[str, str]) -> Path:
    try:
        return Path(cache_folder(environ))
    except FileNotFoundError as error:
        raise ResolverError(str(error.strerror)) from error
