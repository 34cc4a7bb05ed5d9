"""Blobs to files, from registries that break off, start anew, or give something else."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from resolver.errors import IntegrityError, RegistryUnavailable, ResolverError
from resolver.registry import Descriptor, Reference, Registry
from tests.registry.images import LAYER, described, digest_of
from tests.registry.stand_in import Reply, Request, StandIn, stand_in

CONTENT = bytes(range(256)) * 4096
BLOB = described(CONTENT, LAYER)
PATH = f"/v2/team/app/blobs/{BLOB.digest}"


@pytest.fixture
def reference(server: StandIn) -> Reference:
    return Reference.parse(f"{server.host}/team/app:1")


def _part(request: Request, *, cut: int = 0) -> Reply:
    """What follows the first byte that is asked for."""
    first = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
    extent = {"Content-Range": f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return Reply(status=206, body=CONTENT[first:], headers=extent, cut=cut)


def test_a_blob_comes_to_its_file(server: StandIn, registry: Registry, reference: Reference, tmp_path: Path) -> None:
    server.answer(f"GET {PATH}", Reply(body=CONTENT))
    seen: list[int] = []
    registry.pull_blob(reference, BLOB, tmp_path / "new" / "blob", progress=seen.append)
    assert (tmp_path / "new" / "blob").read_bytes() == CONTENT
    assert (sum(seen), min(seen) > 0, len(seen) > 1) == (len(CONTENT), True, True)


def test_a_blob_that_breaks_off_goes_on_where_it_did(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    server.answer(f"GET {PATH}", Reply(body=CONTENT, cut=600_000), lambda r: _part(r, cut=100_000), _part)
    seen: list[int] = []
    registry.pull_blob(reference, BLOB, tmp_path / "blob", progress=seen.append)
    assert (tmp_path / "blob").read_bytes() == CONTENT
    starts = [request.headers.get("range") for request in server.asked(f"GET {PATH}")]
    assert starts == [None, f"bytes={len(CONTENT) - 600_000}-", f"bytes={len(CONTENT) - 100_000}-"]
    assert (sum(seen), min(seen) > 0) == (len(CONTENT), True)


def test_a_registry_without_parts_sends_it_anew(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    server.answer(f"GET {PATH}", Reply(body=CONTENT, cut=600_000), Reply(body=CONTENT))
    seen: list[int] = []
    registry.pull_blob(reference, BLOB, tmp_path / "blob", progress=seen.append)
    assert (tmp_path / "blob").read_bytes() == CONTENT
    assert (sum(seen), min(seen)) == (len(CONTENT), 600_000 - len(CONTENT))


def test_another_part_than_asked_for_is_refused(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    wrong = Reply(status=206, body=CONTENT[7:], headers={"Content-Range": f"bytes 7-{len(CONTENT) - 1}/*"})
    server.answer(f"GET {PATH}", Reply(body=CONTENT, cut=600_000), wrong)
    with pytest.raises(RegistryUnavailable, match="asked for what follows"):
        registry.pull_blob(reference, BLOB, tmp_path / "blob")
    assert list(tmp_path.iterdir()) == []


def test_a_blob_may_lie_elsewhere(server: StandIn, registry: Registry, reference: Reference, tmp_path: Path) -> None:
    with stand_in() as storage:
        server.answer(f"GET {PATH}", Reply(status=307, headers={"Location": f"{storage.url}/a?b=c"}))
        storage.answer("GET /a", Reply(body=CONTENT, cut=1000), _part)
        registry.pull_blob(reference, BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == CONTENT
    assert len(server.asked(f"GET {PATH}")) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (CONTENT[:-1] + b"x", "its sha256 is"),
        (CONTENT + b"x", "longer than the 1048576 bytes"),
        (CONTENT[:-1], "1048575 bytes, but 1048576 were promised"),
        (b"", "0 bytes, but"),
    ],
)
def test_other_bytes_than_promised_leave_nothing(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path, body: bytes, message: str
) -> None:
    server.answer(f"GET {PATH}", Reply(body=body))
    with pytest.raises(IntegrityError) as caught:
        registry.pull_blob(reference, BLOB, tmp_path / "blob")
    assert caught.value.message.startswith(f"{server.host}/team/app@{BLOB.digest}: ")
    assert message in caught.value.message
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IntegrityError):
        registry.read_blob(reference, BLOB)


def test_a_blob_that_is_not_there(server: StandIn, registry: Registry, reference: Reference, tmp_path: Path) -> None:
    for ask in (
        lambda: registry.pull_blob(reference, BLOB, tmp_path / "blob"),
        lambda: registry.read_blob(reference, BLOB),
    ):
        with pytest.raises(RegistryUnavailable, match="not found"):
            ask()
    assert not registry.has_blob(reference, BLOB.digest)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer(f"GET {PATH}", Reply(body=CONTENT))
    monkeypatch.setattr("resolver.transport.download.CheckedFile", _full_after(300_000))
    with pytest.raises(ResolverError) as caught:
        registry.pull_blob(reference, BLOB, tmp_path / "blob")
    assert caught.value.message == f"{tmp_path / 'blob'}: cannot write: No space left on device"
    assert caught.value.hint == f"free some space below {tmp_path} and run it again; nothing was left there"
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked(f"GET {PATH}")) == 1


def _full_after(size: int) -> Callable[..., object]:
    from resolver.transport.download import CheckedFile

    class Full(CheckedFile):
        def write(self, piece: bytes) -> None:
            super().write(piece)
            if self._size > size:
                raise OSError(errno.ENOSPC, "No space left on device")

    return Full


def test_a_small_blob_is_bounded(server: StandIn, registry: Registry, reference: Reference) -> None:
    huge = Descriptor(media_type="x", digest=digest_of(b""), size=1 << 40)
    with pytest.raises(RegistryUnavailable, match="too many for what it is"):
        registry.read_blob(reference, huge)
    assert server.requests == []
