from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resolver.indexes import CoreMetadata, DistributionFile, MetadataCache, ProjectPage
from resolver.values import replace

PAGE = ProjectPage(
    name="demo",
    index="https://index.example.org/simple/",
    files=(DistributionFile(filename="demo-1.0.tar.gz", url="https://index.example.org/demo-1.0.tar.gz", yanked=""),),
)
METADATA = CoreMetadata(name="demo", version="1.0", requires_dist=("a>=1",))


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def store(cache: MetadataCache, lifetime: float = 600.0) -> None:
    cache.store_page("key", PAGE, etag='"1"', modified=None, lifetime=lifetime)


def test_a_page_is_fresh_for_its_lifetime_and_then_kept(tmp_path: Path, clock: Clock) -> None:
    store(MetadataCache(tmp_path, now=clock))
    cache = MetadataCache(tmp_path, now=clock)
    for age, fresh in ((0.0, True), (599.0, True), (600.0, False), (1e9, False)):
        clock.time = 1000.0 + age
        found = cache.page("key")
        assert found is not None
        assert found.page is not None
        assert (found.page.name, found.page.index, found.page.files) == (PAGE.name, PAGE.index, PAGE.files)
        assert (found.etag, found.fresh) == ('"1"', fresh)
    cache.touch_page("key", lifetime=600.0)
    found = cache.page("key")
    assert found is not None
    assert found.fresh


def _read_by_this_process() -> int:
    """Bytes that were read from files, from the system's cache or not (proc(5))."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts it")
def test_the_state_of_a_big_page_is_known_without_reading_the_page(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    files = tuple(PAGE.files[0]._replace(filename=f"demo-1.{n}.tar.gz") for n in range(20_000))
    cache.store_page("key", replace(PAGE, files=files), etag=None, modified=None, lifetime=600.0)
    cache.close()
    cache = MetadataCache(tmp_path, now=clock)
    before = _read_by_this_process()
    assert cache.state("key", "context") is not None
    assert _read_by_this_process() - before < 100_000
    assert cache.page("key") is not None
    assert _read_by_this_process() - before > 1_000_000


def test_that_there_is_no_page_is_kept_too(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    cache.store_page("key", None, etag=None, modified=None, lifetime=600.0)
    found = cache.page("key")
    assert found is not None
    assert (found.page, found.fresh) == (None, True)
    assert cache.page("other") is None


def test_refresh_believes_only_what_came_since(tmp_path: Path, clock: Clock) -> None:
    store(MetadataCache(tmp_path, now=clock))
    clock.time += 1
    cache = MetadataCache(tmp_path, now=clock, refresh=True)
    found = cache.page("key")
    assert found is not None
    assert not found.fresh
    store(cache)
    found = cache.page("key")
    assert found is not None
    assert found.fresh


def test_a_page_from_the_future_is_not_fresh(tmp_path: Path, clock: Clock) -> None:
    store(MetadataCache(tmp_path, now=clock), lifetime=1e9)
    clock.time -= 100
    found = MetadataCache(tmp_path, now=clock).page("key")
    assert found is not None
    assert not found.fresh


def test_metadata_is_kept_by_url_and_sha256(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    cache.store_metadata("https://a.example.org/x.whl", "a" * 64, METADATA)
    clock.time += 1e9
    assert cache.metadata("https://a.example.org/x.whl", "a" * 64) == METADATA
    assert cache.metadata("https://a.example.org/x.whl", "b" * 64) is None
    assert cache.metadata("https://evil.example.org/x.whl", "a" * 64) is None


@pytest.mark.parametrize("rubbish", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_replaced_and_told(tmp_path: Path, clock: Clock, rubbish: bytes) -> None:
    first = MetadataCache(tmp_path, now=clock)
    store(first)
    first.close()  # or it would write its log over the rubbish whenever it is collected
    (path,) = tmp_path.glob("indexes-*.sqlite")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(rubbish)
    cache = MetadataCache(tmp_path, now=clock)
    assert cache.page("key") is None
    assert str(path) in (cache.problem or "")
    store(cache)
    cache.close()
    again = MetadataCache(tmp_path, now=clock)
    assert again.problem is None
    assert again.page("key") is not None


def test_a_value_of_another_shape_is_read_anew(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    store(cache)
    cache.store_metadata("u", "a" * 64, METADATA)
    cache.close()
    (path,) = tmp_path.glob("indexes-*.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE page SET content = x'c1'")
        connection.execute("UPDATE metadata SET content = x'90'")
    connection.close()
    cache = MetadataCache(tmp_path, now=clock)
    assert cache.page("key") is None
    assert cache.metadata("u", "a" * 64) is None


def test_a_place_that_cannot_be_written_is_told_and_does_not_stop_anything(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = MetadataCache(tmp_path / "file" / "cache", now=clock)
    assert f"{tmp_path / 'file' / 'cache'}: cannot keep a cache there" in (cache.problem or "")
    store(cache)
    assert cache.page("key") is None
    cache.close()


def test_a_process_that_begins_at_the_same_moment_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    store(MetadataCache(tmp_path / "other", now=clock))
    (path,) = (tmp_path / "other").glob("indexes-*.sqlite")
    (tmp_path / "shared").mkdir()
    rival = sqlite3.connect(tmp_path / "shared" / path.name, isolation_level=None, check_same_thread=False)
    rival.execute("CREATE TABLE something (value)")
    rival.execute("BEGIN IMMEDIATE")  # the lock for which SQLite refuses to wait
    timer = threading.Timer(0.2, rival.execute, ["COMMIT"])
    timer.start()
    cache = MetadataCache(tmp_path / "shared", now=clock)
    timer.join()
    rival.close()
    assert cache.problem is None
    store(cache)
    assert cache.page("key") is not None


def test_a_closed_cache_is_empty(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    cache.close()
    store(cache)
    assert cache.page("key") is None


def test_many_threads_share_one_cache(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)

    def work(number: int) -> bool:
        cache.store_page(f"{number % 7}", PAGE, etag=str(number), modified=None, lifetime=600.0)
        found = cache.page(f"{number % 7}")
        return found is not None and found.page is not None and found.page.files == PAGE.files

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
    assert cache.problem is None


def _write_many(directory: Path, first: int) -> str | None:
    cache = MetadataCache(directory, now=time.time)
    for number in range(first, first + 100):
        cache.store_metadata(f"u{number}", "a" * 64, METADATA)
    cache.close()
    return cache.problem


def test_several_processes_share_one_cache(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        problems = pool.starmap(_write_many, [(tmp_path, first) for first in (0, 100, 200)])
    assert problems == [None, None, None]
    cache = MetadataCache(tmp_path, now=time.time)
    assert [n for n in range(300) if cache.metadata(f"u{n}", "a" * 64) != METADATA] == []


# ---------------------------------------------------------------------------------------------------- notes


def _state(cache: MetadataCache, context: str = "here") -> tuple[str | None, bool]:
    """The note, and whether the page is fresh."""
    found = cache.state("key", context)
    assert found is not None
    assert found.state is not None
    return found.state.note, found.fresh


def _stamp(cache: MetadataCache) -> str:
    found = cache.state("key", "here")
    assert found is not None
    assert found.state is not None
    assert found.state.stamp is not None
    return found.state.stamp


def test_a_note_is_on_the_page_as_it_is_and_in_one_context(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    assert cache.state("key", "here") is None
    store(cache)
    assert _state(cache) == (None, True)
    cache.keep_notes("here", [("key", _stamp(cache), "a note")])
    clock.time += 600
    assert _state(MetadataCache(tmp_path, now=clock)) == ("a note", False)
    assert _state(cache, "elsewhere") == (None, False)
    store(cache)  # the same page once more
    assert _state(cache) == ("a note", True)
    other = ProjectPage(name=PAGE.name, index=PAGE.index, files=())
    cache.store_page("key", other, etag=None, modified=None, lifetime=600.0)
    assert _state(cache) == (None, True)


def test_a_note_on_a_page_that_has_changed_meanwhile_is_not_read(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    store(cache)
    cache.keep_notes("here", [("key", "0" * 64, "of an older page")])
    assert _state(cache) == (None, True)


def test_that_there_is_no_page_has_no_state(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    cache.store_page("key", None, etag=None, modified=None, lifetime=600.0)
    found = cache.state("key", "here")
    assert found is not None
    assert (found.state, found.fresh) == (None, True)


def test_notes_of_ever_new_contexts_do_not_pile_up(tmp_path: Path, clock: Clock) -> None:
    cache = MetadataCache(tmp_path, now=clock)
    store(cache)
    for number in range(40):
        cache.keep_notes(f"cut-off {number}", [("key", _stamp(cache), f"{number}")])
    notes = [_state(cache, f"cut-off {number}")[0] for number in range(40)]
    assert notes == [None] * 24 + [f"{number}" for number in range(24, 40)]
