"""Artifacts on disk: ``ROOT/<first two hex digits>/<sha256>/<file name>``.

A file is verified against its sha256 every time it is handed out, wherever it once came from: from a server, from a
mirror's folder, or out of this store. Processes may share a store: files appear whole, by a rename, and two that
fetch the same artifact at once write the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from resolver.errors import IntegrityError, ResolverError
from resolver.model import Artifact

__all__ = ["ArtifactStore", "Downloader"]

_WORKERS = 8


class Downloader(Protocol):
    """What the store needs of ``transport.Transport``: write the artifact to ``destination``, a new file.

    Raises ``IndexUnavailable`` or ``IntegrityError``.
    """

    def download(
        self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None
    ) -> None: ...


class ArtifactStore:
    """The store below ``root``, filled by ``transport``. Thread-safe, and safe with other processes."""

    def __init__(self, root: Path, transport: Downloader) -> None:
        self._root = root
        self._transport = transport

    def path(self, artifact: Artifact, *, progress: Callable[[int], None] | None = None) -> Path:
        """The artifact's file, fetched if it is missing or damaged, with the sha256 that was promised.

        ``progress`` is called with the number of bytes that have just arrived. Raises ``IntegrityError`` where
        the place of the artifact has another file, ``IndexUnavailable`` where it does not answer, and
        ``ResolverError`` where the store cannot be written.
        """
        place = self._place(artifact)
        with _disk_errors(place):
            if not (place.is_file() and _sha256(place) == artifact.sha256):
                self._fetch(artifact, place, progress)
        return place

    def fetch(
        self, artifacts: Iterable[Artifact], *, progress: Callable[[int], None] | None = None
    ) -> tuple[Path, ...]:
        """The files of all artifacts, in their order, several fetched at once.

        Raises what ``path`` raises, for the first artifact that failed; what was not begun by then is not begun.
        """
        wanted = tuple(artifacts)
        with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="samebox-store") as pool:
            begun = {a.sha256: pool.submit(self.path, a, progress=progress) for a in _unique(wanted)}
            _wait_for_all(pool, tuple(begun.values()))
            return tuple(begun[artifact.sha256].result() for artifact in wanted)

    def _place(self, artifact: Artifact) -> Path:
        return self._root / artifact.sha256[:2] / artifact.sha256 / _file_name(artifact.url)

    def _fetch(self, artifact: Artifact, place: Path, progress: Callable[[int], None] | None) -> None:
        """Fetch beside ``place`` and rename over it: a damaged file is replaced, never missing for others."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".fetching-") as folder:
            arrived = Path(folder) / place.name
            self._transport.download(artifact, arrived, progress=progress)
            have = _sha256(arrived)
            if have != artifact.sha256:
                raise IntegrityError(
                    f"{_public(artifact.url)}: sha256 is {have}, locked is {artifact.sha256}",
                    hint="the file at that place is not the one that was locked; do not use it",
                )
            arrived.replace(place)


def _unique(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    return tuple({artifact.sha256: artifact for artifact in artifacts}.values())


def _wait_for_all(pool: ThreadPoolExecutor, begun: tuple[Future[Path], ...]) -> None:
    done, pending = wait(begun, return_when=FIRST_EXCEPTION)
    if pending:
        pool.shutdown(wait=True, cancel_futures=True)
    for future in begun:
        if future in done:
            future.result()


def _file_name(url: str) -> str:
    """The last part of the URL's path. One that cannot be a file's name becomes ``artifact``: the folder says what
    it is."""
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    if name in ("", ".", "..") or any(c in "/\\" or ord(c) < 32 for c in name):
        return "artifact"
    return name


def _public(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def _disk_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResolverError(
            f"{error.filename or place}: {error.strerror or error}",
            hint="the artifact store cannot be used: look at its disk space and permissions",
        ) from error
