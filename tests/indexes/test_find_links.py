"""A folder or a page of files as an index."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, SettingsError
from resolver.indexes import FindLinks
from resolver.mirrors import Mirrors
from resolver.transport import Transport
from tests.indexes.wheels import metadata_text, wheel_bytes
from tests.loopback import Loopback, Reply
from tests.source_trees.projects import pkg_info, sdist_bytes

_WHEEL = wheel_bytes(metadata_text("demo", "1.0", "Requires-Dist: a"))
_SDIST = sdist_bytes("demo-2.0", {"PKG-INFO": pkg_info("demo", "2.0", "Requires-Dist: b")})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "my files"
    files.mkdir()
    (files / "demo-1.0-py3-none-any.whl").write_bytes(_WHEEL)
    (files / "demo-2.0.tar.gz").write_bytes(_SDIST)
    (files / "De_mo-3.0-py3-none-any.whl").write_bytes(_WHEEL)
    (files / "notes.txt").write_text("no distribution")
    return files


def test_a_folder(folder: Path) -> None:
    index = FindLinks(folder.as_uri(), Transport(environ={}))
    page = index.page("Demo")
    assert page is not None
    assert [(file.filename, file.sha256, file.size, file.upload_time) for file in page.files] == [
        ("demo-1.0-py3-none-any.whl", hashlib.sha256(_WHEEL).hexdigest(), len(_WHEEL), None),
        ("demo-2.0.tar.gz", hashlib.sha256(_SDIST).hexdigest(), len(_SDIST), None),
    ]
    assert page.files[0].url == f"{folder.as_uri()}/demo-1.0-py3-none-any.whl"
    assert [index.metadata(file).requires_dist for file in page.files] == [("a",), ("b",)]
    assert index.page("de-mo") is not None
    assert index.page("other") is None


def test_a_folder_that_stands_for_a_url(folder: Path) -> None:
    mirrors = Mirrors((("https://files.example.org/wheels", str(folder)),))
    page = FindLinks("https://files.example.org/wheels/", Transport(environ={}, mirrors=mirrors)).page("demo")
    assert page is not None
    assert page.files[0].url == "https://files.example.org/wheels/demo-1.0-py3-none-any.whl"
    assert page.files[0].sha256 == hashlib.sha256(_WHEEL).hexdigest()


def test_a_page(server: Loopback) -> None:
    sha256 = hashlib.sha256(_WHEEL).hexdigest()
    html = (
        f'<a href="/f/demo-1.0-py3-none-any.whl#sha256={sha256}" data-requires-python="&gt;=3.8">x</a>'
        '<a href="other-1.0-py3-none-any.whl">y</a><a href="demo-2.0.tar.gz">z</a><a href="https://example.org/">up</a>'
    )
    server.answer("/links.html", Reply(body=html.encode(), content_type="text/html"))
    server.answer("/f/demo-1.0-py3-none-any.whl", Reply(body=_WHEEL, ranges=True))
    index = FindLinks(f"{server.url}/links.html", Transport(environ={}))
    page = index.page("demo")
    assert page is not None
    assert [(f.url, f.sha256, f.requires_python) for f in page.files] == [
        (f"{server.url}/f/demo-1.0-py3-none-any.whl", sha256, ">=3.8"),
        (f"{server.url}/demo-2.0.tar.gz", None, None),
    ]
    assert index.metadata(page.files[0]).requires_dist == ("a",)
    assert index.page("other") is not None
    assert server.paths.count("/links.html") == 1


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match=r"nowhere: there is no such folder or page"):
        FindLinks((tmp_path / "nowhere").as_uri(), Transport(environ={})).page("demo")


def test_a_password_in_clear() -> None:
    with pytest.raises(SettingsError, match="in clear"):
        FindLinks("https://me:secret@files.example.org/", Transport(environ={}))
