"""pip's ``--find-links``: a folder of files, or an HTML page that links to them, as an index."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from resolver.errors import IndexUnavailable
from resolver.indexes.cache import MetadataCache
from resolver.indexes.links import link_resolver
from resolver.indexes.metadata_reader import MetadataReader
from resolver.indexes.pending import Pending
from resolver.indexes.protocol import CoreMetadata, DistributionFile, ProjectPage
from resolver.transport import Transport, refuse_literal_secret

__all__ = ["FindLinks"]

_THREADS = 8


class FindLinks:
    """The files at ``url``: a folder (``file://…``, or one that a mirror names), or an HTML page. Thread-safe.

    It is read once. The sha256 of a file in a folder is that of its bytes; one that a page links to and gives no sha256
    for cannot be locked, unless the link leads to a folder.
    """

    def __init__(self, url: str, transport: Transport, *, cache: MetadataCache | None = None) -> None:
        refuse_literal_secret(url)
        self.url = url
        self._transport = transport
        self._reader = MetadataReader(transport, cache)
        self._lock = threading.Lock()
        self._files: dict[str, list[DistributionFile]] | None = None
        self._metadata: Pending[DistributionFile, CoreMetadata] = Pending(self._reader.load, _THREADS)

    def page(self, name: str) -> ProjectPage | None:
        with self._lock:
            if self._files is None:
                self._files = _by_project(self._listed())
        files = self._files.get(canonicalize_name(name))
        if files is None:
            return None
        return ProjectPage(name=name, index=self.url, files=tuple(map(self._hashed, files)))

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        return self._metadata.get(file)

    def prefetch(self, names: Iterable[str]) -> None:
        """Everything is read at once."""

    def prefetch_metadata(self, files: Iterable[DistributionFile]) -> None:
        self._metadata.prefetch(files)

    def close(self) -> None:
        self._metadata.close()

    def _listed(self) -> Iterable[DistributionFile]:
        place = self._transport.mirrors.locate(self.url)
        if isinstance(place, Path) and place.is_dir():
            base = self.url.rstrip("/") + "/"
            return [DistributionFile(filename=n, url=base + quote(n)) for n in sorted(p.name for p in place.iterdir())]
        response = self._transport.get(self.url, headers={"Accept": "text/html"})
        if not response.found:
            raise IndexUnavailable(f"{self.url}: there is no such folder or page", hint="check --find-links")
        from resolver.indexes.simple_html import parse_html_page

        return parse_html_page(
            response.body.decode("utf-8", "replace"),
            name="",
            index=self.url,
            source=response.url,
            resolve=link_resolver(self._transport.mirrors, response.url),
        ).files

    def _hashed(self, file: DistributionFile) -> DistributionFile:
        place = self._transport.mirrors.locate(file.url)
        if file.sha256 is not None or not isinstance(place, Path):
            return file
        try:
            with place.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise IndexUnavailable(f"{place}: cannot be read: {error.strerror}") from error
        return DistributionFile(
            filename=file.filename,
            url=file.url,
            sha256=sha256,
            size=place.stat().st_size,
            requires_python=file.requires_python,
            yanked=file.yanked,
        )


def _by_project(files: Iterable[DistributionFile]) -> dict[str, list[DistributionFile]]:
    found: dict[str, list[DistributionFile]] = {}
    for file in files:
        project = _project_of(unquote(urlsplit(file.url).path.rpartition("/")[2]))
        if project is not None:
            found.setdefault(project, []).append(file)
    return found


def _project_of(filename: str) -> str | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return parse_sdist_filename(filename)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
