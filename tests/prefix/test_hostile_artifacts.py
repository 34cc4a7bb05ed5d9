"""Artifacts that are not what they should be. Whatever they try, nothing is left, inside the prefix or outside."""

from __future__ import annotations

import bz2
import io
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.archives import Member, stored_zip
from fixtures.distributions import Distribution
from resolver.prefix.slice_installer import InstallError, WrongHash
from tests.prefix.world import BEACON, GREETINGS, LIBHELLO, PYTHON, Item, conda, install, raw_conda, tree, wheel


def hostile_wheel(*paths: str, entry_point: str = "") -> Item:
    info = "evil-1.0.dist-info"
    members = [Member(path=path, content=b"evil\n") for path in paths]
    members.append(Member(path=f"{info}/WHEEL", content=b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"))
    members.append(Member(path=f"{info}/METADATA", content=b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"))
    if entry_point:
        text = f"[console_scripts]\n{entry_point}\n".encode()
        members.append(Member(path=f"{info}/entry_points.txt", content=text))
    record = "".join(f"{m.path},,\n" for m in members).encode() + f"{info}/RECORD,,\n".encode()
    members.append(Member(path=f"{info}/RECORD", content=record))
    return wheel(Distribution(project="evil", version="1.0"), content=stored_zip(members))


def refuse(tmp_path: Path, items: list[Item], message: str) -> None:
    (tmp_path / "world").mkdir()
    with pytest.raises(InstallError, match=message):
        install(tmp_path / "world", items)
    assert sorted(p.name for p in (tmp_path / "world").iterdir()) == ["artifacts"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["world"]


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "../../../../../evil",
        "/tmp/samebox-evil",
        "evil/../../x",
        "evil\\..\\x",
        "evil-1.0.data/purelib/../../../../evil",
    ],
)
def test_a_wheel_that_writes_elsewhere(tmp_path: Path, path: str) -> None:
    refuse(tmp_path, [conda(PYTHON), hostile_wheel(path)], "evil 1.0 .*: it wants to write outside of the prefix")


@pytest.mark.parametrize("path", ["conda-meta/samebox", "conda-meta/python-3.12.4-0_standin.json"])
def test_a_wheel_that_writes_the_records_of_others(tmp_path: Path, path: str) -> None:
    refuse(tmp_path, [conda(PYTHON), hostile_wheel(f"evil-1.0.data/data/{path}")], "not a package's to write")


def test_a_wheel_that_replaces_the_interpreter(tmp_path: Path) -> None:
    message = "python 3.12.4 .* and evil 1.0 .* both write bin/python"
    refuse(tmp_path, [conda(PYTHON), hostile_wheel("evil-1.0.data/scripts/python")], message)


def test_a_wheel_whose_entry_point_replaces_the_interpreter(tmp_path: Path) -> None:
    items = [conda(PYTHON), hostile_wheel(entry_point="python3 = evil:main")]
    refuse(tmp_path, items, "python 3.12.4 .* and evil 1.0 .* both write bin/python3")


@pytest.mark.parametrize("name", ["../evil", "x/evil", ".."])
def test_a_wheel_whose_entry_point_lies_elsewhere(tmp_path: Path, name: str) -> None:
    items = [conda(PYTHON), hostile_wheel(entry_point=f"{name} = evil:main")]
    refuse(tmp_path, items, "it wants to write outside of the prefix")


def test_a_wheel_whose_entry_point_is_no_entry_point(tmp_path: Path) -> None:
    refuse(tmp_path, [conda(PYTHON), hostile_wheel(entry_point="x = import os; os")], "not a wheel that can be")


def test_a_wheel_that_is_cut_off_and_locked_like_that(tmp_path: Path) -> None:
    whole = wheel(BEACON)
    refuse(tmp_path, [conda(PYTHON), replace(whole, content=whole.content[:-40])], "beacon 3.0 .*: not a wheel")


def test_a_wheel_with_a_flipped_bit_inside_and_locked_like_that(tmp_path: Path) -> None:
    whole = wheel(BEACON)
    damaged = whole.content.replace(b"light\n", b"night\n")
    refuse(tmp_path, [conda(PYTHON), replace(whole, content=damaged)], "beacon 3.0 .*: not a wheel .*CRC")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_wheel_that_holds_a_file_twice(tmp_path: Path) -> None:
    """Which of them counts is read differently by different readers."""
    refuse(tmp_path, [conda(PYTHON), hostile_wheel("evil.py", "evil.py")], "evil 1.0 .*: it holds evil.py twice")


def test_a_wheel_that_says_it_is_huge(tmp_path: Path) -> None:
    """In the zip64 field of the central directory."""
    content = hostile_wheel("evil.bin").content
    huge = (1 << 62).to_bytes(8, "little")
    at = content.index(b"PK\x01\x02")  # the first entry of the central directory is that of evil.bin
    name_end = at + 46 + len("evil.bin")
    entry = bytearray(content[at:name_end])
    entry[24:28] = b"\xff" * 4
    entry[30:32] = (12).to_bytes(2, "little")
    changed = content[:at] + bytes(entry) + b"\x01\x00\x08\x00" + huge + content[name_end:]
    end = changed.rindex(b"PK\x05\x06") + 12
    size = int.from_bytes(changed[end : end + 4], "little") + 12
    changed = changed[:end] + size.to_bytes(4, "little") + changed[end + 4 :]
    item = wheel(Distribution(project="evil", version="1.0"), content=changed)
    refuse(tmp_path, [conda(PYTHON), item], r"it says that it unpacks to 46116860184\d+ bytes")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(stat.S_IFREG, 0o755), (stat.S_IFLNK, 0o644), (stat.S_IFCHR, 0o644), (stat.S_IFIFO, 0o644)],
    ids=["setuid", "link", "device", "fifo"],
)
def test_a_wheel_has_files_and_nothing_else(tmp_path: Path, kind: int, mode: int) -> None:
    """A zip can say that a member is a link or a device, and setuid; a file of the same bytes is made of it."""
    content = bytearray(hostile_wheel("evil").content)
    at = content.index(b"PK\x01\x02")
    content[at + 38 : at + 42] = ((kind | 0o6777) << 16).to_bytes(4, "little")
    item = wheel(Distribution(project="evil", version="1.0"), content=bytes(content))
    found = tree(install(tmp_path, [conda(PYTHON), item]))["lib/python3.12/site-packages/evil"]
    assert (found[0], found[1], found[3]) == ("file", mode, b"evil\n")


def test_a_wheel_without_a_record(tmp_path: Path) -> None:
    content = stored_zip([Member(path="evil-1.0.dist-info/WHEEL", content=b"Wheel-Version: 1.0\n")])
    item = wheel(Distribution(project="evil", version="1.0"), content=content)
    refuse(tmp_path, [conda(PYTHON), item], "evil 1.0 .*: not a wheel that can be installed")


@pytest.mark.parametrize("row", [b"one,two\n", b"f,not a hash,1\n", b"f,sha256=x,many\n"])
def test_a_wheel_with_a_record_that_is_none(tmp_path: Path, row: bytes) -> None:
    info = "evil-1.0.dist-info"
    members = [
        Member(path="f", content=b""),
        Member(path=f"{info}/WHEEL", content=b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"),
        Member(path=f"{info}/RECORD", content=row),
    ]
    item = wheel(Distribution(project="evil", version="1.0"), content=stored_zip(members))
    refuse(tmp_path, [conda(PYTHON), item], "evil 1.0 .*: not a wheel that can be installed")


def test_a_conda_package_that_lists_a_path_elsewhere(tmp_path: Path) -> None:
    refuse(tmp_path, [raw_conda("evil", [("../evil", b"x")])], "evil 1.0 .* outside of the prefix: '../evil'")


def test_a_conda_package_that_lists_an_absolute_path(tmp_path: Path) -> None:
    refuse(tmp_path, [raw_conda("evil", [("f", b"x")], listed=["/etc/evil"])], "outside of the prefix: '/etc/evil'")


def test_a_conda_package_with_members_elsewhere_that_it_does_not_list(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    env = install(tmp_path / "world", [raw_conda("sly", [("f", b"x"), ("../../../sly", b"x")], listed=["f"])])
    assert (env / "f").read_bytes() == b"x"
    assert not list(tmp_path.rglob("sly"))


@pytest.mark.parametrize("target", ["/etc", "../outside", "d/../../outside"])
def test_a_conda_package_with_a_link_that_leaves_the_prefix(tmp_path: Path, target: str) -> None:
    refuse(tmp_path, [raw_conda("evil", [("a", target)])], "evil 1.0 .*: the link a leaves the prefix")


def test_links_that_leave_the_prefix_only_together(tmp_path: Path) -> None:
    one = raw_conda("one", [("d/e/up", "../..")])
    two = raw_conda("two", [("d/e/out", "up/../outside")])
    refuse(tmp_path, [one, two], "two 1.0 .*: the link d/e/out leaves the prefix")


def test_links_that_go_in_a_circle(tmp_path: Path) -> None:
    refuse(tmp_path, [raw_conda("evil", [("a", "b"), ("b", "a")])], "the link a leaves the prefix")


def test_links_inside_the_prefix_are_kept(tmp_path: Path) -> None:
    env = install(tmp_path, [raw_conda("good", [("lib/real", b"x"), ("lib64", "lib"), ("bin/tool", "../lib64/real")])])
    assert (env / "bin/tool").read_bytes() == b"x"


def test_a_file_in_a_folder_that_is_a_link_of_another_package(tmp_path: Path) -> None:
    """Nothing of what was locked may be missing without a word."""
    one = raw_conda("one", [("lib/near.txt", b"x"), ("lib64", "lib")])
    two = raw_conda("two", [("lib64/far.txt", b"y")])
    refuse(tmp_path, [one, two], "two 1.0 .*: lib64/far.txt could not be put in its place")


def test_a_conda_package_that_unpacks_through_a_link(tmp_path: Path) -> None:
    items = [raw_conda("evil", [("a", str(tmp_path)), ("a/evil", b"x")])]
    refuse(tmp_path, items, "evil 1.0 .*: cannot be unpacked")


def test_a_conda_package_that_lists_files_behind_a_link(tmp_path: Path) -> None:
    refuse(tmp_path, [raw_conda("evil", [("a", "/etc")], listed=["a/passwd"])], "files that lie behind a link: a")


@pytest.mark.parametrize(
    "listing", [b"{", b"[]", b'{"paths": 5}', b'{"paths": [5]}', b'{"paths": [{"_path": 5}]}', b"\xff"]
)
def test_a_conda_package_whose_listing_is_none(tmp_path: Path, listing: bytes) -> None:
    members = [("f", b"x"), ("info/paths.json", listing)]
    refuse(tmp_path, [raw_conda("evil", members, listed=["f"])], "evil 1.0 .*: its metadata cannot be read|expected a")


def crafted(*members: tuple[tarfile.TarInfo, bytes]) -> Item:
    """The conda package ``evil`` whose archive holds these members at its end, and lists them."""
    item = raw_conda("evil", [], listed=[member.name for member, _ in members])
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(item.content)) as before, tarfile.open(fileobj=out, mode="w:bz2") as after:
        for old in before:
            after.addfile(old, before.extractfile(old))
        for member, content in members:
            after.addfile(member, io.BytesIO(content))
    return replace(item, content=out.getvalue())


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=["char", "block", "fifo"])
def test_a_conda_package_has_no_devices(tmp_path: Path, kind: bytes) -> None:
    """py-rattler unpacks an empty file in the place of each."""
    found = tree(install(tmp_path, [crafted(member("share/device", type=kind, devmajor=1, devminor=3))]))
    assert (found["share/device"][0], found["share/device"][3]) == ("file", b"")


def test_setuid_and_modes_for_all_are_dropped(tmp_path: Path) -> None:
    found = tree(install(tmp_path, [crafted(member("bin/su", b"x", mode=0o6777), member("f", b"x", mode=0o1666))]))
    assert (found["bin/su"][1], found["f"][1]) == (0o755, 0o644)


def test_a_member_that_is_there_twice_is_there_once(tmp_path: Path) -> None:
    found = tree(install(tmp_path, [crafted(member("f", b"1"), member("f", b"2"))]))
    assert found["f"][0] == "file" and found["f"][3] in (b"1", b"2")
    assert sorted(path for path in found if "conda-meta" not in path) == [".", "f"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([member("share/./f", b"x")], "a path that is not in its shortest form: 'share/./f'"),
        ([member("share//f", b"x"), member("share/f", b"y")], "not in its shortest form: 'share//f'"),
        ([member("f", b"x"), member("f/g", b"y")], "cannot be unpacked: .*Not a directory"),
        ([member("f", type=tarfile.LNKTYPE, linkname="../../../etc/passwd")], "cannot be unpacked: .*escapes"),
        ([member("f", type=tarfile.LNKTYPE, linkname="/etc/passwd")], "cannot be unpacked"),
        ([member("conda-meta/samebox", b"{}")], "it wants to write conda-meta/samebox"),
        ([member("conda-meta/python-3.12.4-0_standin.json", b"{}")], "it wants to write conda-meta/python"),
    ],
    ids=["dot", "slashes", "file-and-folder", "hard-link", "absolute-hard-link", "marker", "record"],
)
def test_a_conda_package_with_such_members(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], told: str
) -> None:
    refuse(tmp_path, [conda(PYTHON), crafted(*members)], rf"(?s)evil 1.0 .*{told}")


def test_a_conda_package_that_says_it_is_huge(tmp_path: Path) -> None:
    """A member of a pebibyte of which nothing is there."""
    item = crafted()
    plain = bz2.decompress(item.content).rstrip(b"\0")
    plain += bytes(-len(plain) % 512)
    info = tarfile.TarInfo("share/huge")
    info.size = 1 << 50
    content = bz2.compress(plain + info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    refuse(tmp_path, [replace(item, content=content)], "evil 1.0 .*: cannot be unpacked: .*unexpected EOF")


def test_a_conda_package_that_is_no_archive(tmp_path: Path) -> None:
    refuse(tmp_path, [conda(LIBHELLO, b"PK\x03\x04 not really")], "libhello 1.1 .*: cannot be unpacked")


def test_an_artifact_with_another_sha256_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    item = replace(conda(GREETINGS), claimed_sha256="ab" * 32)
    with pytest.raises(WrongHash, match=f"greetings-data-2.0-0.conda: sha256 is [0-9a-f]{{64}}, locked is {'ab' * 32}"):
        install(tmp_path, [item])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts"]
