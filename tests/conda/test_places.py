"""A record carries the canonical URL of its channel, wherever the channel's repodata was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from resolver.conda import CondaUnsolvable, canonical_channel_url, expand_defaults, solve_all
from resolver.conda.channels import Channels
from resolver.errors import IndexUnavailable
from resolver.mirrors import Mirrors
from tests.conda.worlds import MAIN, OTHER, channels, names, problem, record, repodata, solved, write_channel
from tests.loopback import Loopback, Reply, loopback

_RECORDS = {"noarch": [record("a", "1.0", "b")], "linux-64": [record("b", "2.0")]}
_URLS = [f"{MAIN}/noarch/a-1.0-0.conda", f"{MAIN}/linux-64/b-2.0-0.conda"]


def _serve(server: Loopback, base: str, *, records: dict[str, object] | None = None) -> None:
    for subdir in ("noarch", "linux-64"):
        document = repodata(subdir, _RECORDS[subdir]) if records is None else records[subdir]
        body = json.dumps(document).encode()
        server.answer(f"{base}/{subdir}/repodata.json", Reply(body=body))
        server.answer(f"{base}/{subdir}/repodata.json.zst", Reply(body=zstandard.compress(body)))


def test_a_folder(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", _RECORDS)
    assert [r.url for r in solved(channels(tmp_path, main=folder), problem("a")).records] == _URLS


def test_a_folder_with_compressed_repodata(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", _RECORDS)
    for path in folder.rglob("repodata.json"):
        path.with_suffix(".json.zst").write_bytes(zstandard.compress(path.read_bytes()))
        path.unlink()
    assert [r.url for r in solved(channels(tmp_path, main=folder), problem("a")).records] == _URLS


def test_a_folder_whose_compressed_repodata_changes_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "main"
    for version in ("1.0", "2.0"):
        (folder / "noarch").mkdir(parents=True, exist_ok=True)
        text = json.dumps(repodata("noarch", [record("a", version)])).encode()
        (folder / "noarch" / "repodata.json.zst").write_bytes(zstandard.compress(text))
        assert names(solved(channels(tmp_path, main=folder), problem("a"))) == [f"a {version} 0"]


def test_a_folder_with_one_of_the_subdirs_is_enough(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"noarch": [record("a")]})
    assert names(solved(channels(tmp_path, main=folder), problem("a", platform="win-64"))) == ["a 1.0 0"]


def test_a_folder_without_repodata(tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    with pytest.raises(IndexUnavailable, match=f"{MAIN}: no repodata for linux-64 or noarch in {tmp_path}/main"):
        solve_all(channels(tmp_path, main=tmp_path / "main"), [problem("a")])


def test_a_mirror_on_a_server(tmp_path: Path) -> None:
    with loopback() as server:
        _serve(server, "/somewhere/main")
        answer = solved(channels(tmp_path, main=f"{server.url}/somewhere/main"), problem("a"))
    assert [r.url for r in answer.records] == _URLS
    assert any(path.startswith("/somewhere/main/noarch/repodata") for path in server.paths)


def test_two_mirrors_of_both_sorts(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "other", {"noarch": [record("c", "1.0", "a")]})
    with loopback() as server:
        _serve(server, "/m")
        reader = channels(tmp_path, main=f"{server.url}/m", other=folder)
        answer = solved(reader, problem("c", urls=(MAIN, OTHER)))
    assert [r.url for r in answer.records] == [*_URLS, f"{OTHER}/noarch/c-1.0-0.conda"]


def test_folder_and_server_show_the_same_evidence(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", _RECORDS)
    with loopback() as server:
        _serve(server, "/m")
        elsewhere = solved(channels(tmp_path, main=f"{server.url}/m"), problem("a"))
    assert solved(channels(tmp_path, main=folder), problem("a")) == elsewhere


def _offline(tmp_path: Path, server: Loopback) -> Channels:
    return Channels(cache=tmp_path / "cache", mirrors=Mirrors(((MAIN, f"{server.url}/m"),)), offline=True)


def test_offline_takes_what_the_cache_has(tmp_path: Path) -> None:
    with loopback() as server:
        _serve(server, "/m")
        online = solved(channels(tmp_path, main=f"{server.url}/m"), problem("a"))
        asked = len(server.requests)
        assert solved(_offline(tmp_path, server), problem("a")) == online
        assert len(server.requests) == asked


def test_offline_without_a_cache_is_an_error_that_names_the_channel(tmp_path: Path) -> None:
    with loopback() as server:
        _serve(server, "/m")
        with pytest.raises(IndexUnavailable, match=f"cannot read the channels {MAIN}: "):
            solve_all(_offline(tmp_path, server), [problem("a")])
        assert server.requests == []


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(body=b"<html>Welcome!</html>"), Reply(body=b"[]")])
def test_a_server_that_has_no_repodata(tmp_path: Path, reply: Reply) -> None:
    with loopback() as server:
        server.answer("/m/*", reply)
        with pytest.raises(IndexUnavailable, match=f"cannot read the channels {MAIN}: "):
            solve_all(channels(tmp_path, main=f"{server.url}/m"), [problem("a")])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"packages": 1}', b"\xff\xfe", b'{"packages.conda": {"a-1.0-0.conda": {"name": 1}}}'],
)
def test_a_folder_with_broken_repodata(tmp_path: Path, content: bytes) -> None:
    folder = write_channel(tmp_path / "main", {})
    (folder / "noarch" / "repodata.json").write_bytes(content)
    with pytest.raises(IndexUnavailable, match=f"{tmp_path}/main/noarch/repodata.json: cannot be read|{MAIN}"):
        solve_all(channels(tmp_path, main=folder), [problem("a")])


@pytest.mark.parametrize("content", [b"no zstandard", zstandard.compress(b"x" * 1000)[:-20], zstandard.compress(b"{")])
def test_a_folder_with_broken_compressed_repodata(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "main" / "noarch").mkdir(parents=True)
    (tmp_path / "main" / "noarch" / "repodata.json.zst").write_bytes(content)
    with pytest.raises(IndexUnavailable, match=r"repodata|channels"):
        solve_all(channels(tmp_path, main=tmp_path / "main"), [problem("a")])


def test_no_password_is_in_an_error(tmp_path: Path) -> None:
    with loopback() as server:
        server.answer("/m/*", Reply(status=403))
        place = server.url.replace("://", "://someone:hunter2@") + "/m"
        with pytest.raises(IndexUnavailable) as error:
            solve_all(channels(tmp_path, main=place), [problem("a")])
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("conda-forge", "https://conda.anaconda.org/conda-forge"),
        ("conda-forge/label/dev", "https://conda.anaconda.org/conda-forge/label/dev"),
        ("/conda-forge/", "https://conda.anaconda.org/conda-forge"),
        ("https://conda.example.org/main/", "https://conda.example.org/main"),
        ("file:///srv/channel//", "file:///srv/channel"),
    ],
)
def test_the_one_url_of_a_channel(written: str, url: str) -> None:
    assert canonical_channel_url(written) == url
    assert canonical_channel_url(url) == url


def test_defaults_and_nodefaults() -> None:
    expanded = expand_defaults(["conda-forge", "defaults", "nodefaults", "https://conda.anaconda.org/conda-forge/"])
    assert expanded == (
        "https://conda.anaconda.org/conda-forge",
        "https://repo.anaconda.com/pkgs/main",
        "https://repo.anaconda.com/pkgs/r",
    )


@pytest.mark.parametrize("name", ["with space", "Ümläut", "a#b%20c", "plain"])
def test_a_folder_of_any_name_stands_for_its_channel(tmp_path: Path, name: str) -> None:
    folder = write_channel(tmp_path / name, _RECORDS)
    answer = solved(channels(tmp_path, main=folder), problem("a"))
    assert [r.url for r in answer.records] == _URLS
    named = solved(channels(tmp_path, main=folder), problem(f"{MAIN}::a"))  # read in another way
    assert named.records == answer.records
    assert named.shown == answer.shown


def test_a_folder_inside_another_one_is_a_channel_of_its_own(tmp_path: Path) -> None:
    outer = write_channel(tmp_path / "outer", {"noarch": [record("a", "1.0", "c")]})
    inner = write_channel(tmp_path / "outer" / "inner", {"noarch": [record("c", "1.0")]})
    answer = solved(channels(tmp_path, main=outer, other=inner), problem("a", urls=(MAIN, OTHER)))
    assert [r.url for r in answer.records] == [f"{MAIN}/noarch/a-1.0-0.conda", f"{OTHER}/noarch/c-1.0-0.conda"]


def test_the_solvers_words_name_no_folder(tmp_path: Path) -> None:
    first = write_channel(tmp_path / "main", {"noarch": [record("a", "1.0")]})
    second = write_channel(tmp_path / "other", {"noarch": [record("a", "9.0")]})
    reader = channels(tmp_path, main=first, other=second)
    (answer,) = solve_all(reader, [problem("a >=2", urls=(MAIN, OTHER))])
    assert isinstance(answer, CondaUnsolvable)
    assert "file:" not in answer.text
    assert str(tmp_path) not in answer.text
