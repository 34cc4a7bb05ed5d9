from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, IntegrityError, ResolverError
from resolver.model import Artifact
from resolver.transport import Transport
from resolver.transport.download import CheckedFile
from tests.loopback import Loopback, Reply

BODY = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def transport() -> Transport:
    return Transport(backoff=0.0, retries=2)


def test_a_file_appears_whole_and_is_counted(server: Loopback, transport: Transport, tmp_path: Path) -> None:
    server.answer("/x.whl", Reply(body=BODY))
    pieces: list[int] = []
    artifact = Artifact(url=f"{server.url}/x.whl", sha256=SHA256, size=len(BODY))
    transport.download(artifact, tmp_path / "x.whl", progress=pieces.append)
    assert (tmp_path / "x.whl").read_bytes() == BODY
    assert sum(pieces) == len(BODY)
    assert [path.name for path in tmp_path.iterdir()] == ["x.whl"]


def test_a_download_that_breaks_off_begins_again(server: Loopback, transport: Transport, tmp_path: Path) -> None:
    server.answer("/x.whl", Reply(body=BODY, cut=1000), Reply(body=BODY))
    pieces: list[int] = []
    transport.download(Artifact(url=f"{server.url}/x.whl", sha256=SHA256), tmp_path / "x.whl", progress=pieces.append)
    assert (tmp_path / "x.whl").read_bytes() == BODY
    assert sum(pieces) == len(BODY)
    assert min(pieces) < 0


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(body=BODY[:-1] + b"x"), IntegrityError, f"but {SHA256} was promised"),
        (Reply(body=BODY + b"x"), IntegrityError, f"longer than the {len(BODY)} bytes that were promised"),
        (Reply(body=BODY[:-1]), IntegrityError, f"{len(BODY) - 1} bytes, but {len(BODY)} were promised"),
        (Reply(body=BODY, cut=7), IndexUnavailable, r"broke off: 1048569 bytes came, 7 more .*3 attempts"),
        (Reply(status=404), IndexUnavailable, "answered 404"),
        (Reply(status=503), IndexUnavailable, "answered 503 .3 attempts"),
    ],
    ids=["other bytes", "longer", "shorter", "broken off", "gone", "fault"],
)
def test_a_bad_download_leaves_nothing_and_the_old_file(
    server: Loopback, transport: Transport, tmp_path: Path, reply: Reply, error: type[ResolverError], message: str
) -> None:
    server.answer("/x.whl", reply)
    (tmp_path / "x.whl").write_bytes(b"old")
    artifact = Artifact(url=f"{server.url}/x.whl", sha256=SHA256, size=len(BODY))
    with pytest.raises(error, match=f"^{server.url}/x.whl: .*{message}"):
        transport.download(artifact, tmp_path / "x.whl")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.whl", b"old")]


def test_a_place_that_cannot_be_written_is_named(server: Loopback, transport: Transport, tmp_path: Path) -> None:
    server.answer("/x.whl", Reply(body=BODY))
    (tmp_path / "file").write_bytes(b"")
    target = tmp_path / "file" / "x.whl"
    with pytest.raises(ResolverError, match=f"{target}: cannot write: "):
        transport.download(Artifact(url=f"{server.url}/x.whl", sha256=SHA256), target)


def test_a_full_disk_leaves_the_old_file(
    server: Loopback, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: CheckedFile, piece: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(CheckedFile, "write", full)
    server.answer("/x.whl", Reply(body=BODY))
    (tmp_path / "x.whl").write_bytes(b"old")
    with pytest.raises(ResolverError, match=f"{tmp_path / 'x.whl'}: cannot write: No space left on device"):
        transport.download(Artifact(url=f"{server.url}/x.whl", sha256=SHA256), tmp_path / "x.whl")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.whl", b"old")]


def test_offline_downloads_nothing(server: Loopback, tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="--offline is on"):
        Transport(offline=True).download(Artifact(url=f"{server.url}/x", sha256=SHA256), tmp_path / "x")
    assert server.requests == []
    assert list(tmp_path.iterdir()) == []
