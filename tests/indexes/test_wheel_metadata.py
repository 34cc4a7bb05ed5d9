from __future__ import annotations

import io
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.errors import IndexUnavailable
from resolver.indexes import DistributionFile, InvalidMetadata
from resolver.indexes.wheel_metadata import TAIL, RemoteFile, read_wheel_metadata
from resolver.transport import Transport
from tests.indexes.wheels import metadata_text, wheel_bytes
from tests.loopback import Loopback, Reply

METADATA = metadata_text("demo", "1.0", "Requires-Dist: a")
MEGABYTE = 1024 * 1024


def read(server: Loopback, content: bytes, *, ranges: bool = True, size: int | None = None) -> bytes:
    server.answer("/demo.whl", Reply(body=content, ranges=ranges))
    file = DistributionFile(filename="demo-1.0-py3-none-any.whl", url=f"{server.url}/demo.whl", size=size)
    return read_wheel_metadata(file, Transport(retries=0))


@pytest.mark.parametrize("known", [True, False], ids=["size known", "size unknown"])
@pytest.mark.parametrize(
    ("before", "after", "names", "requests"),
    [
        (0, 0, 0, 1),
        (2 * MEGABYTE, 0, 0, 1),
        (2 * MEGABYTE, TAIL - 600, 0, 1),
        (2 * MEGABYTE, 2 * MEGABYTE, 0, 2),
        (2 * MEGABYTE, 0, 1000, 2),
        (2 * MEGABYTE, 2 * MEGABYTE, 1000, 3),
    ],
    ids=["tiny", "at the end", "near the end", "in the middle", "large directory", "both"],
)
def test_requests_and_bytes_are_few(
    server: Loopback, known: bool, before: int, after: int, names: int, requests: int
) -> None:
    content = wheel_bytes(METADATA, before=before, after=after, names=names)
    assert read(server, content, size=len(content) if known else None) == METADATA
    assert len(server.requests) == requests
    assert server.sent < min(len(content) + 1, 4 * TAIL)


def test_a_large_metadata_before_the_tail_takes_one_more_request(server: Loopback) -> None:
    metadata = METADATA + bytes(range(256)) * 2000
    assert read(server, wheel_bytes(metadata, before=MEGABYTE, after=TAIL)) == metadata
    assert len(server.requests) == 2


def test_a_server_without_ranges_sends_small_wheels_whole(server: Loopback) -> None:
    assert read(server, wheel_bytes(METADATA, before=MEGABYTE), ranges=False) == METADATA
    assert len(server.requests) == 1


def test_a_server_without_ranges_does_not_send_large_ones(server: Loopback) -> None:
    with pytest.raises(IndexUnavailable, match="ignores range requests") as caught:
        read(server, wheel_bytes(METADATA, before=9 * MEGABYTE), ranges=False)
    assert not isinstance(caught.value, InvalidMetadata)


def test_a_size_that_the_index_tells_wrong_does_no_harm(server: Loopback) -> None:
    content = wheel_bytes(METADATA, before=MEGABYTE)
    assert read(server, content, size=len(content) + 1000) == METADATA
    assert read(server, content, size=len(content) - 1000) == METADATA


GOOD = wheel_bytes(METADATA)
START = GOOD.index(b"demo-1.0.dist-info/METADATA") + len("demo-1.0.dist-info/METADATA")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a zip", "not a sane wheel: File is not a zip file"),
        (GOOD[:-30], "not a sane wheel"),
        (GOOD[:START] + b"\xff" * 20 + GOOD[START + 20 :], "not a sane wheel"),
        (wheel_bytes(METADATA, dist_info="other-1.0.dist-info"), "0 METADATA files of demo in the wheel"),
        (wheel_bytes(METADATA, dist_info="x/demo-1.0.dist-info"), "0 METADATA files of demo in the wheel"),
    ],
    ids=["text", "cut", "damaged", "other project", "not at the top"],
)
def test_a_wheel_that_is_none_is_told(server: Loopback, content: bytes, message: str) -> None:
    with pytest.raises(InvalidMetadata, match=f"^{server.url}/demo.whl: {message}"):
        read(server, content)


@given(
    size=st.integers(1, 4 * TAIL),
    told=st.none() | st.integers(1, 4 * TAIL),
    reads=st.lists(st.tuples(st.integers(0, 4 * TAIL), st.integers(-1, 2 * TAIL)), max_size=6),
)
@settings(deadline=None)
def test_a_remote_file_reads_like_the_file(size: int, told: int | None, reads: list[tuple[int, int]]) -> None:
    content = random.Random(size).randbytes(size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.whl"
        path.write_bytes(content)
        known = None if told is None else min(told, size)
        file = DistributionFile(filename="demo-1.0-py3-none-any.whl", url=path.as_uri(), size=known)
        remote, local = RemoteFile(file, Transport(offline=True)), io.BytesIO(content)
        for offset, count in reads:
            assert remote.seek(offset) == local.seek(offset)
            assert remote.read(count) == local.read(count)
            assert remote.tell() == local.tell()


def test_a_wheel_that_is_listed_and_gone(server: Loopback) -> None:
    file = DistributionFile(filename="demo-1.0-py3-none-any.whl", url=f"{server.url}/gone.whl")
    with pytest.raises(IndexUnavailable, match=f"{server.url}/gone.whl: answered 404, though the index lists it"):
        read_wheel_metadata(file, Transport(retries=0))


def test_a_file_that_changes_between_two_requests(server: Loopback) -> None:
    content = wheel_bytes(METADATA, before=MEGABYTE, after=MEGABYTE)
    server.answer("/demo.whl", Reply(body=content, ranges=True), Reply(body=content + b"x", ranges=True))
    file = DistributionFile(filename="demo-1.0-py3-none-any.whl", url=f"{server.url}/demo.whl")
    with pytest.raises(IndexUnavailable, match="the file changed between two range requests"):
        read_wheel_metadata(file, Transport(retries=0))
