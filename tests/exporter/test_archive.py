"""The canonical tar: its bytes, and what other readers make of it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.build_context import BuildContext, ContextFile
from resolver.errors import BuildError
from resolver.exporter import DEFAULT_EPOCH, ArchiveEntry, context_entries, tar_bytes, tar_digest, write_tar

# ------------------------------------------------------------------------------------------- bytes by hand


def _header(name: str, mode: str, size: str, checksum: str, type_flag: str, link: str = "") -> bytes:
    """A ustar header put together field by field from the table of the standard."""
    fields = (
        (name, 100),
        (f"0000{mode}", 8),
        ("0000000", 8),
        ("0000000", 8),
        (size, 12),
        ("02263523000", 12),  # 315532800 in octal
        (f"{checksum}\0 ", 8),
        (type_flag, 1),
        (link, 100),
        ("ustar\x0000", 8),
        ("", 64),
        ("0000000", 8),
        ("0000000", 8),
        ("", 167),
    )
    return b"".join(text.encode().ljust(room, b"\0") for text, room in fields)


def test_a_small_archive_is_these_bytes() -> None:
    entries = (
        ArchiveEntry(path="a/run", content=b"#!/bin/sh\n", mode=0o755),
        ArchiveEntry(path="a/link", kind="symlink", mode=0o777, target="run"),
    )
    # the checksums are those that GNU tar writes for the same two entries
    expected = b"".join(
        (
            _header("a/", "755", "00000000000", "007454", "5"),
            _header("a/link", "777", "00000000000", "011060", "2", "run"),
            _header("a/run", "755", "00000000012", "010177", "0"),
            b"#!/bin/sh\n".ljust(512, b"\0"),
            bytes(1024),
        )
    )
    assert tar_bytes(entries) == expected


def test_gnu_tar_writes_the_same_bytes(tmp_path: Path) -> None:
    deep = "d" * 60
    files = {"z": b"last", "b/x": b"1" * 513, "b-c": b"", f"{deep}/{deep}/file": b"long", f"{deep}/{'n' * 90}": b""}
    for path, content in files.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_bytes(content)
    order = sorted({*files, "b", deep, f"{deep}/{deep}"}, key=str.encode)
    (tmp_path / "order").write_text("".join(f"{path}\n" for path in order))
    command = ["tar", "--create", "--format=ustar", "--blocking-factor=1", "--no-recursion", "--mode=u=rwX,go=rX"]
    owner = ["--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{DEFAULT_EPOCH}"]
    where = ["--directory", tmp_path / "tree", "--files-from", tmp_path / "order", "--file", tmp_path / "gnu.tar"]
    subprocess.run([*command, *owner, *map(str, where)], check=True)

    ours = tar_bytes(ArchiveEntry(path=path, content=content) for path, content in files.items())
    assert ours == (tmp_path / "gnu.tar").read_bytes()


@pytest.mark.parametrize(
    ("length", "prefix", "name"),
    [
        (100, "", 100),  # fits as it is
        (101, "p" * 50, 50),
        (256, "p" * 155, 100),  # the longest that ustar can hold
    ],
)
def test_long_paths_are_split_at_a_slash(length: int, prefix: str, name: int) -> None:
    path = f"{prefix}/{'n' * name}" if prefix else "n" * name
    assert len(path) == length
    header = _last_header(tar_bytes([ArchiveEntry(path=path, content=b"")]))
    assert header[:100].rstrip(b"\0") == b"n" * name
    assert header[345:500].rstrip(b"\0") == prefix.encode()
    assert header[156:157] == b"0"


def test_the_split_is_at_the_last_slash_that_leaves_a_prefix_of_155() -> None:
    path = f"{'a' * 77}/{'b' * 77}/{'c' * 50}/{'d' * 10}"
    header = _last_header(tar_bytes([ArchiveEntry(path=path, content=b"")]))
    assert header[345:500] == f"{'a' * 77}/{'b' * 77}".encode()
    assert header[:100].rstrip(b"\0") == f"{'c' * 50}/{'d' * 10}".encode()


def _last_header(archive: bytes) -> bytes:
    return archive[-1024 - 512 : -1024]


@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("n" * 101, b"111 path=" + b"n" * 101 + b"\n"),
        ("n" * 92 + "é", b"104 path=" + b"n" * 92 + "é".encode() + b"\n"),
        ("é", b"11 path=\xc3\xa9\n"),
        # with two digits the record would have 99 bytes and with three 100: it is the length that counts itself
        ("é" + "n" * 88, b"99 path=\xc3\xa9" + b"n" * 88 + b"\n"),
        ("é" + "n" * 89, b"101 path=\xc3\xa9" + b"n" * 89 + b"\n"),
    ],
)
def test_pax_records_count_themselves(path: str, record: bytes) -> None:
    assert int(record.split(b" ")[0]) == len(record)
    archive = tar_bytes([ArchiveEntry(path=path, content=b"")])
    assert archive[156:157] == b"x"
    assert archive[512 : 512 + len(record) + 1] == record + b"\0"


def test_a_long_link_target_has_a_pax_record() -> None:
    archive = tar_bytes([ArchiveEntry(path="l", kind="symlink", mode=0o777, target="t" * 101)])
    assert archive[512:].startswith(b"115 linkpath=" + b"t" * 101 + b"\n")
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        assert read.getmember("l").linkname == "t" * 101


def test_a_file_of_8_gib_has_a_pax_size(tmp_path: Path) -> None:
    source = tmp_path / "sparse"
    with source.open("wb") as stream:
        stream.truncate(8 << 30)
    start = _FirstBytes(4096)
    with pytest.raises(_EnoughError):
        write_tar([ArchiveEntry(path="big", source=source)], start)
    assert start.data[512:].startswith(b"19 size=8589934592\n")
    assert start.data[1024 + 124 : 1024 + 136] == b"00000000000\0"
    with tarfile.open(fileobj=io.BytesIO(start.data), mode="r|") as read:
        member = read.next()
    assert member is not None
    assert member.size == 8 << 30


class _EnoughError(Exception):
    pass


class _FirstBytes:
    def __init__(self, wanted: int) -> None:
        self.data = b""
        self.wanted = wanted

    def write(self, data: bytes, /) -> None:
        self.data += data[: self.wanted]
        if len(self.data) >= self.wanted:
            raise _EnoughError


# ------------------------------------------------------------------------------------------- laws

_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=130).filter(
    lambda name: name not in (".", "..")
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_TREES = st.dictionaries(_PATHS, st.binary(max_size=1500), max_size=8).filter(
    lambda files: not any(other.startswith(f"{path}/") for path in files for other in files)
)


@given(_TREES)
def test_tarfile_reads_back_what_was_written(files: dict[str, bytes]) -> None:
    archive = tar_bytes(ArchiveEntry(path=path, content=content) for path, content in files.items())
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        members = read.getmembers()
        found = {m.name: _content(read, m) for m in members if m.isfile()}
    assert found == files
    folders = {path.rsplit("/", n)[0] for path in files for n in range(1, path.count("/") + 1)}
    assert {m.name for m in members if m.isdir()} == folders
    assert [m.name.encode() for m in members] == sorted(m.name.encode() for m in members)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} <= {(DEFAULT_EPOCH, 0, 0, "", "")}


def _content(read: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = read.extractfile(member)
    assert stream is not None
    return stream.read()


@given(_TREES, st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(files: dict[str, bytes], random: Any) -> None:
    entries = [ArchiveEntry(path=path, content=content) for path, content in files.items()]
    shuffled = entries.copy()
    random.shuffle(shuffled)
    assert tar_bytes(shuffled) == tar_bytes(entries)


@given(_TREES)
def test_the_digest_is_that_of_the_bytes(files: dict[str, bytes]) -> None:
    entries = [ArchiveEntry(path=path, content=content) for path, content in files.items()]
    digest = tar_digest(entries)
    assert digest.hex == hashlib.sha256(tar_bytes(entries)).hexdigest()
    assert digest.domain == "samebox/context/1"


# ------------------------------------------------------------------------------------------- other readers


def test_gnu_tar_extracts_it(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(3 << 20))
    entries = (
        ArchiveEntry(path="a/ünï/file", content=b"x"),
        ArchiveEntry(path="a/" + "m" * 120, content=b"y", mode=0o755),
        ArchiveEntry(path="a/" + "m" * 80 + "/" + "k" * 80 + "/f", content=b"z"),
        ArchiveEntry(path="big", source=tmp_path / "big", size=3 << 20),
        ArchiveEntry(path="link", kind="symlink", mode=0o777, target="a/ünï/file"),
        ArchiveEntry(path="empty", kind="directory", mode=0o755),
    )
    archive = tmp_path / "t.tar"
    with archive.open("wb") as out:
        write_tar(entries, out)
    target = tmp_path / "out"
    target.mkdir()
    told = subprocess.run(["tar", "-xf", archive, "-C", target], check=True, capture_output=True, text=True)
    assert told.stderr == ""
    assert (target / "a/ünï/file").read_bytes() == b"x"
    assert (target / ("a/" + "m" * 120)).stat().st_mode & 0o777 == 0o755
    assert (target / "a" / ("m" * 80) / ("k" * 80) / "f").read_bytes() == b"z"
    assert (target / "big").read_bytes() == (tmp_path / "big").read_bytes()
    assert (target / "link").readlink() == Path("a/ünï/file")
    assert (target / "empty").is_dir()
    assert (target / "big").stat().st_mtime == DEFAULT_EPOCH


def test_gnu_tar_lists_modes_owners_and_times() -> None:
    entries = (
        ArchiveEntry(path="d/run", content=b"12345", mode=0o755),
        ArchiveEntry(path="d/link", kind="symlink", mode=0o777, target="run"),
        ArchiveEntry(path="file", content=b""),
    )
    listing = subprocess.run(
        ["tar", "--utc", "-tvf", "-"],
        input=tar_bytes(entries, epoch=1_000_000_000),
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    assert [" ".join(line.split()) for line in listing.stdout.decode().splitlines()] == [
        "drwxr-xr-x 0/0 0 2001-09-09 01:46 d/",
        "lrwxrwxrwx 0/0 0 2001-09-09 01:46 d/link -> run",
        "-rwxr-xr-x 0/0 5 2001-09-09 01:46 d/run",
        "-rw-r--r-- 0/0 0 2001-09-09 01:46 file",
    ]


# ------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "a/../b", "./a", "a\0b"])
def test_paths_that_leave_the_archive_are_refused(path: str) -> None:
    with pytest.raises(BuildError, match="not a path inside an archive"):
        ArchiveEntry(path=path, content=b"")


def test_two_entries_of_one_path_are_refused() -> None:
    with pytest.raises(BuildError, match="two entries have the path 'a'"):
        tar_bytes([ArchiveEntry(path="a", content=b"1"), ArchiveEntry(path="a", content=b"2")])


def test_a_file_inside_a_file_is_refused() -> None:
    with pytest.raises(BuildError, match="'a/b' lies in 'a', which is no directory"):
        tar_bytes([ArchiveEntry(path="a", content=b""), ArchiveEntry(path="a/b", content=b"")])


def test_a_source_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"123")
    with pytest.raises(BuildError, match=r"3 bytes, but x must have 4"):
        tar_bytes([ArchiveEntry(path="x", source=tmp_path / "f", size=4)])


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"gone: cannot read for x: No such file"):
        tar_bytes([ArchiveEntry(path="x", source=tmp_path / "gone")])


@pytest.mark.parametrize("epoch", [-1, 8**11])
def test_times_that_ustar_cannot_hold_are_refused(epoch: int) -> None:
    with pytest.raises(BuildError, match=f"a tar cannot hold the time {epoch}"):
        tar_bytes([], epoch=epoch)


def test_an_empty_archive_is_two_zero_blocks() -> None:
    assert tar_bytes([]) == bytes(1024)


def test_a_build_context_becomes_entries(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(b"PK")
    context = BuildContext(
        files=(
            ContextFile(path="b/wheel", source=str(tmp_path / "wheel")),
            ContextFile(path="a", content=b"1", mode=0o755),
        )
    )
    with tarfile.open(fileobj=io.BytesIO(tar_bytes(context_entries(context)))) as read:
        assert [(m.name, m.mode, m.size) for m in read] == [("a", 0o755, 1), ("b", 0o755, 0), ("b/wheel", 0o644, 2)]
