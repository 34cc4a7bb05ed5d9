from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, IntegrityError
from resolver.mirrors import Mirrors
from resolver.model import Artifact
from resolver.transport import Transport

CANONICAL = "https://index.example.org/simple"


@pytest.fixture
def transport(tmp_path: Path) -> Transport:
    return Transport(mirrors=Mirrors(((CANONICAL, str(tmp_path)),)), offline=True)


def test_a_folder_answers_even_offline(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"hello")
    response = transport.get(f"{CANONICAL}/x.txt")
    assert (response.status, response.body, response.url) == (200, b"hello", f"{CANONICAL}/x.txt")
    assert transport.is_local(f"{CANONICAL}/x.txt")
    assert not transport.is_local("https://other.example.org/")


def test_what_is_not_there_is_404(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for path in ("none", "empty/", "file/below"):
        assert transport.get(f"{CANONICAL}/{path}").status == 404


def test_the_page_of_a_folder_is_json_before_html(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/index.html").write_bytes(b"<a>")
    assert transport.get(f"{CANONICAL}/p/").content_type == "text/html"
    (tmp_path / "p/index.json").write_bytes(b"{}")
    response = transport.get(f"{CANONICAL}/p/")
    assert (response.body, response.content_type) == (b"{}", "application/vnd.pypi.simple.v1+json")


@pytest.mark.parametrize(
    ("tail", "byte_range", "body", "extent"),
    [
        (3, None, b"789", "bytes 7-9/10"),
        (99, None, b"0123456789", "bytes 0-9/10"),
        (None, (2, 4), b"234", "bytes 2-4/10"),
        (None, (8, 99), b"89", "bytes 8-9/10"),
    ],
)
def test_parts_of_a_file(
    transport: Transport,
    tmp_path: Path,
    tail: int | None,
    byte_range: tuple[int, int] | None,
    body: bytes,
    extent: str,
) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    response = transport.get(f"{CANONICAL}/x", tail=tail, byte_range=byte_range)
    assert (response.status, response.body, response.headers["content-range"]) == (206, body, extent)


def test_an_unchanged_file_is_304_and_a_changed_one_is_not(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"one")
    etag = transport.get(f"{CANONICAL}/x").headers["etag"]
    assert transport.get(f"{CANONICAL}/x", headers={"If-None-Match": etag}).status == 304
    (tmp_path / "x").write_bytes(b"three")
    assert transport.get(f"{CANONICAL}/x", headers={"If-None-Match": etag}).body == b"three"


def test_a_download_from_a_folder_is_checked(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"wheel")
    good, bad = hashlib.sha256(b"wheel").hexdigest(), "0" * 64
    target = tmp_path / "deep/er/x.whl"
    with pytest.raises(IntegrityError, match=f"its sha256 is {good}, but {bad} was promised"):
        transport.download(Artifact(url=f"{CANONICAL}/x.whl", sha256=bad), target)
    assert list(target.parent.iterdir()) == []
    transport.download(Artifact(url=f"{CANONICAL}/x.whl", sha256=good, size=5), target)
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"wheel"]


def test_a_download_of_what_a_folder_lacks_names_the_path(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match=f"{CANONICAL}/no.whl: there is no {tmp_path}/no.whl"):
        transport.download(Artifact(url=f"{CANONICAL}/no.whl", sha256="0" * 64), tmp_path / "out")
    assert not (tmp_path / "out").exists()
