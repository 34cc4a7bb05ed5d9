from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from resolver.errors import IndexUnavailable, IntegrityError, SettingsError
from resolver.indexes import DistributionFile, Index, MetadataCache, Page, ProjectPage, SimpleIndex
from resolver.mirrors import Mirrors
from resolver.transport import Transport
from tests.indexes.wheels import file_entry, metadata_text, page_reply, serve_wheel, wheel_bytes
from tests.loopback import JSON, Loopback, Reply

CANONICAL = "https://index.example.org/simple/"
WHEEL = "demo-1.0-py3-none-any.whl"
METADATA = metadata_text("demo", "1.0", "Requires-Dist: a>=1")
CONTENT = wheel_bytes(METADATA, before=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(backoff=0.0, retries=1)
    yield transport
    transport.close()


def page_of(index: Index, name: str = "demo") -> Page:
    page = index.page(name)
    assert page is not None
    return page


def test_a_page_and_the_metadata_of_its_wheel(server: Loopback, transport: Transport) -> None:
    serve_wheel(server, CONTENT, WHEEL, size=len(CONTENT))
    index = SimpleIndex(f"{server.url}/simple", transport)
    assert page_of(index, "Demo") == ProjectPage(
        name="demo",
        index=f"{server.url}/simple/",
        files=(DistributionFile(filename=WHEEL, url=f"{server.url}/files/{WHEEL}", sha256=SHA256, size=len(CONTENT)),),
    )
    assert index.metadata(page_of(index).files[0]).requires_dist == ("a>=1",)
    assert index.page("none") is None
    assert server.paths == ["/simple/demo/", f"/files/{WHEEL}", "/simple/none/"]
    assert server.requests[0].headers["accept"].startswith("application/vnd.pypi.simple.v1+json, ")
    assert server.sent < 60_000


def test_the_content_type_decides(server: Loopback, transport: Transport) -> None:
    html = f'<!DOCTYPE html><a href="/files/{WHEEL}#sha256={SHA256}">{WHEEL}</a>'.encode()
    for number, content_type in enumerate(("text/html; charset=utf-8", "application/vnd.pypi.simple.v1+html")):
        server.answer(f"/{number}/demo/", Reply(body=html, content_type=content_type))
        (file,) = page_of(SimpleIndex(f"{server.url}/{number}/", transport)).files
        assert (file.filename, file.url, file.sha256) == (WHEEL, f"{server.url}/files/{WHEEL}", SHA256)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(body=b"<html>login", content_type=JSON), "said to be simple API JSON, and is not"),
        (Reply(body=b"{}", content_type="application/xml"), "neither JSON nor HTML .* but 'application/xml'"),
        (Reply(body=b"{}", content_type=""), "neither JSON nor HTML of the simple API, but 'of no type'"),
        (Reply(body=b"{}", content_type="application/vnd.pypi.simple.v2+json"), "simple API version v2"),
        (
            Reply(body=b'{"meta":{"api-version":"2.0"},"name":"demo","files":[]}', content_type=JSON),
            "simple API version 2.0; only 1.x",
        ),
        (Reply(body=b'{"meta":', cut=2, content_type=JSON), "the answer broke off"),
        (Reply(status=503), "answered 503"),
    ],
    ids=["html as json", "xml", "no type", "v2 type", "version 2.0", "truncated", "fault"],
)
def test_a_lying_index_is_told(server: Loopback, transport: Transport, reply: Reply, message: str) -> None:
    server.answer("/simple/demo/", reply)
    index = SimpleIndex(f"{server.url}/simple/", transport)
    with pytest.raises(IndexUnavailable, match=f"^{server.url}/simple/demo/: .*{message}"):
        index.page("demo")


def test_a_link_that_is_no_url_is_told(server: Loopback, transport: Transport) -> None:
    server.answer("/simple/demo/", Reply(body=b'<a href="//[x/demo-1.0.tar.gz">demo</a>', content_type="text/html"))
    with pytest.raises(IndexUnavailable, match=f"^{server.url}/simple/demo/: a link that is no URL"):
        SimpleIndex(f"{server.url}/simple/", transport).page("demo")


def test_names_cannot_break_out_of_the_index(server: Loopback, transport: Transport) -> None:
    assert SimpleIndex(f"{server.url}/simple/", transport).page("../x/?y") is None
    assert server.paths == ["/simple/-%2Fx%2F%3Fy/"]


# ---------------------------------------------------------------------------------- mirrors, credentials


def test_a_mirrored_index_speaks_canonical_urls(server: Loopback) -> None:
    files = [
        file_entry("demo-1.0.tar.gz", b"", url=f"{server.url}/m/files/demo-1.0.tar.gz"),
        file_entry("demo-1.1.tar.gz", b"", url="../../files/demo-1.1.tar.gz"),
        file_entry("demo-1.2.tar.gz", b"", url="https://files.example.org/demo-1.2.tar.gz"),
    ]
    server.answer("/m/simple/demo/", page_reply("demo", *files))
    mirrors = Mirrors((("https://index.example.org", f"{server.url}/m"),))
    index = SimpleIndex(CANONICAL, Transport(mirrors=mirrors))
    page = page_of(index)
    assert page.index == CANONICAL
    assert [file.url for file in page.files] == [
        "https://index.example.org/files/demo-1.0.tar.gz",
        "https://index.example.org/files/demo-1.1.tar.gz",
        "https://files.example.org/demo-1.2.tar.gz",
    ]


def test_a_folder_is_an_index_even_offline(tmp_path: Path) -> None:
    (tmp_path / "simple/demo").mkdir(parents=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / WHEEL).write_bytes(CONTENT)
    entry = file_entry(WHEEL, CONTENT, url=f"../../files/{WHEEL}")
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [entry]}
    (tmp_path / "simple/demo/index.json").write_text(json.dumps(page))
    mirrors = Mirrors((("https://index.example.org", str(tmp_path)),))
    for url in (CANONICAL, f"file://{tmp_path}/simple"):
        index = SimpleIndex(url, Transport(mirrors=mirrors, offline=True))
        (file,) = page_of(index).files
        assert file.url == f"https://index.example.org/files/{WHEEL}"
        assert index.metadata(file).version == "1.0"
        assert index.page("none") is None


def test_a_folder_that_changes_is_read_again_whatever_the_cache_holds(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "demo").mkdir()
    cache = MetadataCache(tmp_path / "cache", now=clock)

    def sizes(offline: bool) -> list[int | None]:
        mirrors = Mirrors(((CANONICAL, str(tmp_path)),))
        return [
            f.size
            for f in page_of(SimpleIndex(CANONICAL, Transport(mirrors=mirrors, offline=offline), cache=cache)).files
        ]

    for size in (1, 22):
        (tmp_path / "demo/index.json").write_bytes(page_reply("demo", file_entry("x", b"", size=size)).body)
        assert [sizes(False), sizes(False), sizes(True)] == [[size]] * 3


def test_credentials_reach_the_index_and_no_value(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    url = f"{server.url}/simple/".replace("://", "://${SB_USER}:${SB_TOKEN}@")
    cache = MetadataCache(tmp_path, now=clock)
    index = SimpleIndex(url, Transport(environ={"SB_USER": "ada", "SB_TOKEN": "s3cret"}), cache=cache)
    (file,) = page_of(index).files
    assert file.url == f"{server.url}/files/{WHEEL}"
    index.metadata(file)
    assert all(request.headers["authorization"].startswith("Basic ") for request in server.requests)
    cache.close()
    (path,) = tmp_path.glob("indexes-*.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        page_url = f"{server.url}/simple/demo/"
        assert connection.execute("SELECT key FROM page").fetchall() == [(f"{page_url} {page_url}",)]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (b"s3cret", b"ada:", b"Basic "):
        assert secret not in kept


def test_a_password_in_clear_is_refused(transport: Transport) -> None:
    with pytest.raises(SettingsError) as caught:
        SimpleIndex("https://ada:s3cret@index.example.org/simple/", transport)
    assert "s3cret" not in caught.value.message


# ---------------------------------------------------------------------------------------------- metadata


def serve_metadata_file(server: Loopback, promise: object, reply: Reply) -> None:
    more: dict[str, Any] = {"core-metadata": promise}
    serve_wheel(server, CONTENT, WHEEL, **more)
    server.answer(f"/files/{WHEEL}.metadata", reply)


@pytest.mark.parametrize("promise", [True, {"sha256": hashlib.sha256(METADATA).hexdigest()}])
def test_the_metadata_file_is_read_where_one_is_promised(
    server: Loopback, transport: Transport, promise: object
) -> None:
    serve_metadata_file(server, promise, Reply(body=METADATA))
    index = SimpleIndex(f"{server.url}/simple/", transport)
    assert index.metadata(page_of(index).files[0]).requires_dist == ("a>=1",)
    assert server.paths == ["/simple/demo/", f"/files/{WHEEL}.metadata"]


def test_a_metadata_file_with_another_hash_is_refused(server: Loopback, transport: Transport) -> None:
    serve_metadata_file(server, {"sha256": "0" * 64}, Reply(body=METADATA))
    index = SimpleIndex(f"{server.url}/simple/", transport)
    found = hashlib.sha256(METADATA).hexdigest()
    with pytest.raises(IntegrityError) as caught:
        index.metadata(page_of(index).files[0])
    assert caught.value.message == (
        f"{server.url}/files/{WHEEL}.metadata: its sha256 is {found}, but {'0' * 64} was promised"
    )


def test_a_metadata_file_that_is_promised_and_absent(server: Loopback, transport: Transport) -> None:
    serve_metadata_file(server, True, Reply(status=404))
    index = SimpleIndex(f"{server.url}/simple/", transport)
    assert index.metadata(page_of(index).files[0]).requires_dist == ("a>=1",)
    assert server.paths[1:] == [f"/files/{WHEEL}.metadata", f"/files/{WHEEL}"]


def test_prefetching_loads_everything_once_and_keeps_errors_back(server: Loopback, transport: Transport) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    server.answer("/simple/bad/", Reply(status=400))
    for number in range(40):
        server.answer(f"/simple/p{number}/", page_reply(f"p{number}"))
    index = SimpleIndex(f"{server.url}/simple/", transport)
    names = ["demo", "bad", *(f"p{number}" for number in range(40))]
    index.prefetch(names)
    index.prefetch(names)
    (file,) = page_of(index).files
    index.prefetch_metadata([file])
    assert index.metadata(file).version == "1.0"
    assert all(page_of(index, f"p{number}").files == () for number in range(40))
    with pytest.raises(IndexUnavailable, match="answered 400"):
        index.page("bad")
    index.close()
    assert sorted(server.paths) == sorted([*(f"/simple/{name}/" for name in names), f"/files/{WHEEL}"])


# ------------------------------------------------------------------------------------------------- cache


def open_index(
    server: Loopback, directory: Path, clock: Clock, *, offline: bool = False, refresh: bool = False
) -> SimpleIndex:
    cache = MetadataCache(directory, now=clock, refresh=refresh)
    return SimpleIndex(f"{server.url}/simple/", Transport(offline=offline, retries=0), cache=cache)


def test_without_validators_a_page_lives_ten_minutes(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    for age, asked in ((0, 1), (599, 1), (600, 2)):
        clock.time = 1000.0 + age
        page_of(open_index(server, tmp_path, clock))
        assert len(server.requests) == asked


def test_absence_lives_as_long(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    for age, asked in ((0, 1), (599, 1), (600, 2)):
        clock.time = 1000.0 + age
        assert open_index(server, tmp_path, clock).page("none") is None
        assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("control", "ages"),
    [("max-age=60, public", ((0, 1), (59, 1), (60, 2))), ("no-cache, max-age=60", ((0, 1), (1, 2)))],
)
def test_cache_control_is_obeyed(
    server: Loopback, tmp_path: Path, clock: Clock, control: str, ages: tuple[tuple[int, int], ...]
) -> None:
    server.answer("/simple/demo/", page_reply("demo", headers={"Cache-Control": control}))
    for age, asked in ages:
        clock.time = 1000.0 + age
        page_of(open_index(server, tmp_path, clock))
        assert len(server.requests) == asked


def test_with_an_etag_a_page_is_asked_about_and_sent_once(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    entry = file_entry(WHEEL, CONTENT)
    server.answer("/simple/demo/", page_reply("demo", entry, headers={"ETag": '"1"'}))
    first = page_of(open_index(server, tmp_path, clock))
    sent = server.sent
    assert page_of(open_index(server, tmp_path, clock)).files == first.files
    assert server.requests[1].headers["if-none-match"] == '"1"'
    assert server.sent == sent
    server.answer("/simple/demo/", page_reply("demo", headers={"ETag": '"2"'}))
    assert page_of(open_index(server, tmp_path, clock)).files == ()


def test_last_modified_serves_as_well(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    reply = page_reply("demo", headers={"Last-Modified": date})
    server.answer("/simple/demo/", reply, Reply(status=304, content_type=""))
    first = page_of(open_index(server, tmp_path, clock))
    assert page_of(open_index(server, tmp_path, clock)).files == first.files
    assert server.requests[1].headers["if-modified-since"] == date


def test_refresh_asks_again(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    page_of(open_index(server, tmp_path, clock))
    clock.time += 1
    index = open_index(server, tmp_path, clock, refresh=True)
    page_of(index)
    page_of(index)
    assert len(server.requests) == 2


def test_offline_takes_what_is_there_however_old(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    online = open_index(server, tmp_path, clock)
    online.metadata(page_of(online).files[0])
    online.page("absent")
    asked = len(server.requests)
    clock.time += 1e9
    index = open_index(server, tmp_path, clock, offline=True, refresh=True)
    assert index.metadata(page_of(index).files[0]).requires_dist == ("a>=1",)
    assert index.page("absent") is None
    with pytest.raises(IndexUnavailable) as caught:
        index.page("never")
    assert caught.value.message == (
        f"never: its page of {server.url}/simple/ was never read before, and --offline is on"
    )
    assert len(server.requests) == asked


def test_metadata_is_read_once_for_ever(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    for age in (0.0, 1e9):
        clock.time = 1000.0 + age
        index = open_index(server, tmp_path, clock)
        assert index.metadata(page_of(index).files[0]).version == "1.0"
    assert server.paths.count(f"/files/{WHEEL}") == 1


def _state(index: SimpleIndex, name: str = "demo") -> tuple[bool, str | None] | None:
    """Whether there is a stamp, and the note."""
    found = index.state(name, "here")
    return None if found is None else (found.stamp is not None, found.note)


def _with_a_note(index: SimpleIndex) -> None:
    found = index.state("demo", "here")
    assert found is not None
    assert found.stamp is not None
    index.keep_notes("here", {"demo": (found.stamp, "a note")})


def test_a_note_is_given_without_reading_the_page(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    cache = MetadataCache(tmp_path, now=clock)
    _with_a_note(SimpleIndex(f"{server.url}/simple/", Transport(), cache=cache))
    assert server.paths == ["/simple/demo/"]
    again = SimpleIndex(f"{server.url}/simple/", Transport(), cache=cache)
    again.prefetch(["demo"])
    assert _state(again, "Demo") == (True, "a note")
    assert _state(again, "none") is None
    assert server.paths == ["/simple/demo/", "/simple/none/"]
    clock.time += 1e9
    offline = SimpleIndex(f"{server.url}/simple/", Transport(offline=True), cache=cache)
    assert (_state(offline), _state(offline, "none")) == ((True, "a note"), None)
    with pytest.raises(IndexUnavailable, match="was never read before"):
        offline.state("other", "here")


def test_a_page_that_is_not_fresh_is_asked_for_before_its_note_counts(
    server: Loopback, tmp_path: Path, clock: Clock
) -> None:
    serve_wheel(server, CONTENT, WHEEL)
    cache = MetadataCache(tmp_path, now=clock)
    _with_a_note(SimpleIndex(f"{server.url}/simple/", Transport(), cache=cache))
    clock.time += 600
    assert _state(SimpleIndex(f"{server.url}/simple/", Transport(), cache=cache)) == (True, "a note")
    assert server.paths == ["/simple/demo/"] * 2
    clock.time += 600
    serve_wheel(server, CONTENT, WHEEL, size=12)
    assert _state(SimpleIndex(f"{server.url}/simple/", Transport(), cache=cache)) == (True, None)


def test_a_folder_and_an_index_without_cache_have_no_stamps(tmp_path: Path, clock: Clock, server: Loopback) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/index.json").write_bytes(page_reply("demo").body)
    mirrors = Mirrors(((CANONICAL, str(tmp_path)),))
    cache = MetadataCache(tmp_path / "cache", now=clock)
    folder = SimpleIndex(CANONICAL, Transport(mirrors=mirrors), cache=cache)
    serve_wheel(server, CONTENT, WHEEL)
    (tmp_path / "file").write_bytes(b"")
    silent = MetadataCache(tmp_path / "file", now=clock)
    for index in (folder, *(SimpleIndex(f"{server.url}/simple/", Transport(), cache=c) for c in (None, silent))):
        assert (_state(index), _state(index, "none")) == ((False, None), None)


def test_a_page_of_one_mirror_is_not_that_of_another(server: Loopback, tmp_path: Path, clock: Clock) -> None:
    server.answer("/a/demo/", page_reply("demo", file_entry("a-1.tar.gz", b"")))
    server.answer("/b/demo/", page_reply("demo", file_entry("b-1.tar.gz", b"")))
    cache = MetadataCache(tmp_path, now=clock)
    for place in ("a", "b", "a"):
        mirrors = Mirrors(((CANONICAL, f"{server.url}/{place}"),))
        index = SimpleIndex(CANONICAL, Transport(mirrors=mirrors), cache=cache)
        assert page_of(index).files[0].filename == f"{place}-1.tar.gz"
    assert len(server.requests) == 2
