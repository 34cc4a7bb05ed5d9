"""What was read from indexes, kept in one SQLite file that threads and processes share.

Pages are kept by the place that they came from, metadata for ever by the wheel's URL and sha256 (a page may
claim any sha256, so the URL belongs to the key: no index can speak for a wheel of another). A cache never
stands in the way: where the folder cannot be written or the disk is full it falls silent, and ``problem``
says why; a file that is not a database is replaced.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from time import sleep

from resolver.indexes.protocol import ProjectState
from resolver.light_typing import TYPE_CHECKING, Any, TypeVar
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.indexes.protocol import CoreMetadata, ProjectPage
    from resolver.indexes.releases import KeptPage

__all__ = ["CachedPage", "CachedState", "MetadataCache"]

SCHEMA = 4
"""Part of the file name: raise it when the tables, the structs of ``protocol`` or the rules of metadata change."""

_TABLES = """
CREATE TABLE IF NOT EXISTS page (
    key TEXT PRIMARY KEY, stamp TEXT, etag TEXT, modified TEXT, expires REAL NOT NULL, stored REAL NOT NULL,
    content BLOB);
CREATE TABLE IF NOT EXISTS note (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, context TEXT NOT NULL, stamp TEXT NOT NULL, content TEXT NOT NULL,
    UNIQUE (key, context));
CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusal (key TEXT PRIMARY KEY, message TEXT NOT NULL) WITHOUT ROWID;
"""
"""Contents stand last: what stands behind a megabyte is only reached through all of it."""

_STATE = """
SELECT page.stamp, page.expires, page.stored, note.content FROM page
LEFT JOIN note ON note.key = page.key AND note.context = ? AND note.stamp = page.stamp WHERE page.key = ?
"""
_MOST_CONTEXTS = 16
"""Notes on one page: a cut-off that moves with the clock makes a new context each time."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY_SECONDS = 10.0
_SWITCH_ATTEMPTS = 200
_SWITCH_PAUSE = 0.02

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPage:
    """A page as it was: ``page`` is ``None`` where the index had no such project; ``fresh`` says that it need
    not be asked for again; the validators are those of the HTTP answer."""

    page: KeptPage | None
    etag: str | None
    modified: str | None
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedState:
    """What is known of a page without reading it: ``state`` is ``None`` where the index had no such project."""

    state: ProjectState | None
    fresh: bool


class MetadataCache:
    """A cache in ``directory``. Thread-safe, and safe with other processes on the same folder.

    ``now`` gives the time in seconds since 1970; ``time_to_live`` is in seconds, for pages whose index says
    nothing about it; with ``refresh`` no page of an earlier time is fresh.
    """

    def __init__(
        self, directory: Path, *, now: Callable[[], float], time_to_live: float = 600.0, refresh: bool = False
    ) -> None:
        self.time_to_live = time_to_live
        self.problem: str | None = None
        self._path = directory / f"indexes-{SCHEMA}.sqlite"
        self._now = now
        self._began = now()
        self._refresh = refresh
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        with self._lock:
            self._open()

    def page(self, key: str) -> CachedPage | None:
        """What is kept under ``key``, fresh or not."""
        row = self._fetch("SELECT content, etag, modified, expires, stored FROM page WHERE key = ?", key)
        if row is None:
            return None
        from resolver.indexes.releases import kept_page  # imported where there is something to decode

        content, etag, modified, expires, stored = row
        page = None if content is None else _decode(kept_page, content)
        if content is not None and page is None:
            return None
        return CachedPage(page=page, etag=etag, modified=modified, fresh=self._is_fresh(expires, stored))

    def state(self, key: str, context: str) -> CachedState | None:
        """What is known of the page under ``key``, fresh or not, and what was noted about it under ``context``."""
        row = self._fetch(_STATE, context, key)
        if row is None:
            return None
        stamp, expires, stored, note = row
        state = None if stamp is None else ProjectState(stamp=stamp, note=note)
        return CachedState(state=state, fresh=self._is_fresh(expires, stored))

    def keep_notes(self, context: str, notes: Iterable[tuple[str, str, str]]) -> None:
        """Keep notes on pages, each as the page's key, the stamp of the page that it is about, and the note. Of each
        page the notes of the latest contexts are kept."""
        rows = [(key, context, stamp, note) for key, stamp, note in notes]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO note (key, context, stamp, content) VALUES (?, ?, ?, ?)", rows
                )
                connection.executemany(
                    "DELETE FROM note WHERE key = ?1 AND number NOT IN "
                    f"(SELECT number FROM note WHERE key = ?1 ORDER BY number DESC LIMIT {_MOST_CONTEXTS})",
                    [(key,) for key, *_ in rows],
                )

        self._run(write)

    def _is_fresh(self, expires: float, stored: float) -> bool:
        now = self._now()
        return now < expires and stored <= now and not (self._refresh and stored < self._began)

    def store_page(
        self, key: str, page: ProjectPage | None, *, etag: str | None, modified: str | None, lifetime: float
    ) -> None:
        """Keep a page, or that there is none; it is fresh for ``lifetime`` seconds."""
        now = self._now()
        content = stamp = None
        if page is not None:
            import hashlib

            from resolver.indexes.releases import keep

            content = keep(page.name, page.index, page.files)
            stamp = hashlib.sha256(content).hexdigest()
        self._execute(
            "INSERT OR REPLACE INTO page (key, stamp, etag, modified, expires, stored, content) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, stamp, etag, modified, now + lifetime, now, content),
        )

    def touch_page(self, key: str, *, lifetime: float) -> None:
        """The index said that the page is as it was: fresh again for ``lifetime`` seconds."""
        now = self._now()
        self._execute("UPDATE page SET expires = ?, stored = ? WHERE key = ?", (now + lifetime, now, key))

    def metadata(self, url: str, sha256: str) -> CoreMetadata | None:
        row = self._fetch("SELECT content FROM metadata WHERE key = ?", f"{sha256} {url}")
        if row is None:
            return None
        from resolver.indexes.releases import kept_metadata

        return _decode(kept_metadata, row[0])

    def store_metadata(self, url: str, sha256: str, metadata: CoreMetadata) -> None:
        from resolver.indexes.releases import keep_metadata

        values = (f"{sha256} {url}", keep_metadata(metadata))
        self._execute("INSERT OR REPLACE INTO metadata VALUES (?, ?)", values)

    def refusal(self, url: str, sha256: str) -> str | None:
        """Why the metadata of that wheel are invalid, if they are known to be."""
        row = self._fetch("SELECT message FROM refusal WHERE key = ?", f"{sha256} {url}")
        return None if row is None else str(row[0])

    def store_refusal(self, url: str, sha256: str, message: str) -> None:
        self._execute("INSERT OR REPLACE INTO refusal VALUES (?, ?)", (f"{sha256} {url}", message))

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _fetch(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._run(lambda connection: connection.execute(statement, values).fetchone())
        return row

    def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        self._run(lambda connection: connection.execute(statement, values) and None)

    def _run(self, action: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._lock:
            if self._connection is None:
                return None
            try:
                return action(self._connection)
            except sqlite3.Error as error:
                self._recover(error)
                return None

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._remove_older()
            self._connect()
        except OSError as error:
            self.problem = f"{self._path.parent}: cannot keep a cache there: {error.strerror}"
        except sqlite3.Error as error:
            self._recover(error)

    def _remove_older(self) -> None:
        """What earlier releases kept in another form is of no use to this one, and may be large."""
        for schema in range(1, SCHEMA):
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(f"indexes-{schema}.sqlite{suffix}").unlink(missing_ok=True)

    def _connect(self) -> None:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = connection
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_TABLES)

    def _recover(self, error: sqlite3.Error) -> None:
        """Replace a damaged file once; go without a cache after anything else."""
        self._disconnect()
        first = self.problem is None
        self.problem = f"{self._path}: {error}"
        if not first or _primary_code(error) not in _DAMAGED:
            return
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._connect()
            self.problem = f"{self._path}: was damaged ({error}), and begins anew"
        except (OSError, sqlite3.Error) as again:
            self._disconnect()
            self.problem = f"{self._path}: {again}"

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for others here, whatever the timeout: a process that begins at the same
    moment is waited for by trying again."""
    for attempt in range(_SWITCH_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or attempt == _SWITCH_ATTEMPTS - 1:
                raise
            sleep(_SWITCH_PAUSE)


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; 0 for an error of Python's own module."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _decode(decode: Callable[[bytes], T], content: object) -> T | None:
    """``None`` where the bytes are not what this version of the program writes: then it is read anew."""
    if not isinstance(content, bytes):
        return None
    import msgspec

    try:
        return decode(content)
    except msgspec.MsgspecError:
        return None
