"""The PKG-INFO of an sdist, and whether it can be trusted without a build (PEP 643)."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable
from resolver.indexes import CoreMetadata, InvalidMetadata, MetadataCache, NeedsBuild, SimpleIndex
from resolver.transport import Transport
from tests.indexes.wheels import file_entry, page_reply
from tests.loopback import Loopback, Reply
from tests.source_trees.projects import pkg_info, sdist_bytes

_NOISE = random.Random(1).randbytes(300_000)


def _index(server: Loopback, cache: Path | None = None) -> SimpleIndex:
    kept = MetadataCache(cache, now=lambda: 0.0) if cache is not None else None
    return SimpleIndex(f"{server.url}/simple/", Transport(environ={}), cache=kept)


def _serve(
    server: Loopback, content: bytes, filename: str = "demo-1.0.tar.gz", *, ranges: bool = True, **more: object
) -> None:
    server.answer("/simple/demo/", page_reply("demo", file_entry(filename, content, **more)))
    server.answer(f"/files/{filename}", Reply(body=content, ranges=ranges))


def _metadata(index: SimpleIndex) -> CoreMetadata:
    page = index.page("demo")
    assert page is not None
    return index.metadata(page.files[0])


_STATIC = pkg_info("Demo", "1.0", "Requires-Python: >=3.8", "Requires-Dist: a>=1", 'Requires-Dist: b; extra == "x"',
                   "Provides-Extra: x")  # fmt: skip
_EXPECTED = CoreMetadata(
    name="demo",
    version="1.0",
    requires_python=">=3.8",
    requires_dist=("a>=1", 'b; extra == "x"'),
    provides_extra=("x",),
)


def test_near_the_start_one_request_is_enough(server: Loopback) -> None:
    _serve(server, sdist_bytes("demo-1.0", {"PKG-INFO": _STATIC, "big.bin": _NOISE}))
    assert _metadata(_index(server)) == _EXPECTED
    assert [r.headers["range"] for r in server.requests if "range" in r.headers] == ["bytes=0-65535"]


@pytest.mark.parametrize("ranges", [True, False])
def test_at_the_end_all_of_it_is_read(server: Loopback, ranges: bool) -> None:
    _serve(server, sdist_bytes("demo-1.0", {"big.bin": _NOISE, "PKG-INFO": _STATIC}), ranges=ranges)
    assert _metadata(_index(server)) == _EXPECTED


def test_one_further_down_is_not_the_projects_own(server: Loopback) -> None:
    inner = pkg_info("other", "9")
    _serve(server, sdist_bytes("demo-1.0", {"src/demo.egg-info/PKG-INFO": inner, "PKG-INFO": _STATIC}))
    assert _metadata(_index(server)) == _EXPECTED


def test_a_zip(server: Loopback) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo-1.0/PKG-INFO", _STATIC)
    _serve(server, stream.getvalue(), "demo-1.0.zip")
    assert _metadata(_index(server)) == _EXPECTED


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (pkg_info("demo", "1.0", metadata_version="2.1"), "its metadata are of version 2.1, before there were static"),
        (pkg_info("demo", "1.0", metadata_version="1.0"), "its metadata are of version 1.0, before there were static"),
        (pkg_info("demo", "1.0", "Dynamic: Requires-Dist"), "its requires-dist is dynamic"),
        (pkg_info("demo", "1.0", "Dynamic: license", "Dynamic: requires-python"), "its requires-python is dynamic"),
    ],
)
def test_what_only_a_build_can_tell(server: Loopback, tmp_path: Path, text: str, why: str) -> None:
    _serve(server, sdist_bytes("demo-1.0", {"PKG-INFO": text}))
    with pytest.raises(NeedsBuild, match=rf"demo-1\.0\.tar\.gz must be built to tell what it needs: {why}"):
        _metadata(_index(server, tmp_path))
    asked = len(server.requests)
    with pytest.raises(NeedsBuild, match=why):  # a verdict on these bytes is kept, and is still no final refusal
        _metadata(_index(server, tmp_path))
    assert len(server.requests) == asked


def test_fields_that_nobody_needs_may_be_dynamic(server: Loopback) -> None:
    _serve(server, sdist_bytes("demo-1.0", {"PKG-INFO": pkg_info("demo", "1.0", "Dynamic: description")}))
    assert _metadata(_index(server)) == CoreMetadata(name="demo", version="1.0")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive at all", "not a sane source distribution"),
        (sdist_bytes("demo-1.0", {"PKG-INFO": _STATIC})[:60], "not a sane source distribution"),
        (sdist_bytes("demo-1.0", {"setup.py": ""}), "has no PKG-INFO in its one folder"),
        (sdist_bytes("demo-1.0", {"PKG-INFO": pkg_info("other", "1.0")}), "is of another project, other"),
        (sdist_bytes("demo-1.0", {"PKG-INFO": pkg_info("demo", "2.0")}), "is of another version, 2.0"),
    ],
)
def test_what_is_no_sdist(server: Loopback, content: bytes, message: str) -> None:
    _serve(server, content)
    with pytest.raises(InvalidMetadata, match=message) as error:
        _metadata(_index(server))
    assert not isinstance(error.value, NeedsBuild)


def test_a_promised_metadata_file_is_read_instead(server: Loopback) -> None:
    text = _STATIC.encode()
    promised = {"sha256": hashlib.sha256(text).hexdigest()}
    entry = file_entry("demo-1.0.tar.gz", b"never read", **{"core-metadata": promised})
    server.answer("/simple/demo/", page_reply("demo", entry))
    server.answer("/files/demo-1.0.tar.gz.metadata", Reply(body=text))
    assert _metadata(_index(server)) == _EXPECTED
    assert "/files/demo-1.0.tar.gz" not in server.paths


def test_a_file_that_changes_while_it_is_read(server: Loopback) -> None:
    first = sdist_bytes("demo-1.0", {"big.bin": _NOISE, "PKG-INFO": _STATIC})
    server.answer("/simple/demo/", page_reply("demo", file_entry("demo-1.0.tar.gz", first)))
    server.answer("/files/demo-1.0.tar.gz", Reply(body=first, ranges=True), Reply(body=first + b"x", ranges=True))
    with pytest.raises(IndexUnavailable, match="the file changed between two range requests"):
        _metadata(_index(server))
