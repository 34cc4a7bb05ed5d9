"""Artifacts that are not what they should be. Whatever they try, nothing is left, inside the prefix or outside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.archives import Member, stored_zip
from fixtures.distributions import Distribution
from resolver.prefix.slice_installer import InstallError, WrongHash
from tests.prefix.world import BEACON, GREETINGS, LIBHELLO, PYTHON, Item, conda, install, raw_conda, wheel


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


def test_a_conda_package_that_is_no_archive(tmp_path: Path) -> None:
    refuse(tmp_path, [conda(LIBHELLO, b"PK\x03\x04 not really")], "libhello 1.1 .*: cannot be unpacked")


def test_an_artifact_with_another_sha256_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    item = replace(conda(GREETINGS), claimed_sha256="ab" * 32)
    with pytest.raises(WrongHash, match=f"greetings-data-2.0-0.conda: sha256 is [0-9a-f]{{64}}, locked is {'ab' * 32}"):
        install(tmp_path, [item])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts"]
