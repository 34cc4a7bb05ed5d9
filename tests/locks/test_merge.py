"""Locks with conflict markers: their sides, what a new lock keeps of them, and what the merge driver decides."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resolver
from resolver.errors import LockFormatError
from resolver.locks.conflict_markers import ConflictMarkers, Sides, conflict_text, has_conflict_markers, split_sides
from resolver.locks.files import format_of
from resolver.locks.merge import merged_pins, merged_text
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.locks.three_platforms import RECORDS

_BASE, _OURS, _THEIRS = "a\nb\nc\nd\n", "a\nB1\nc\nd\n", "a\nB2\nc\nD\n"


def _git_merge_file(folder: Path, *arguments: str, ours: str = _OURS, theirs: str = _THEIRS, base: str = _BASE) -> str:
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        (folder / name).write_text(text)
    command = ["git", "merge-file", "-p", *arguments, "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode >= 0, done.stderr
    return done.stdout


# --------------------------------------------------------------------------------------------------- markers


@pytest.mark.parametrize("style", [(), ("--diff3",), ("--zdiff3",), ("-L", "HEAD", "-L", "x y", "-L", "feature")])
def test_what_git_writes_is_read_as_two_sides(style: tuple[str, ...], tmp_path: Path) -> None:
    sides = split_sides(_git_merge_file(tmp_path, *style), "conda-lock.yml")
    assert (sides.ours, sides.theirs) == ("a\nB1\nc\nD\n", "a\nB2\nc\nD\n")  # git has merged the last line itself
    assert sides.base == ("a\nb\nc\nD\n" if "diff3" in "".join(style) else None)


def test_longer_markers_are_those_of_the_conflict_that_they_open(tmp_path: Path) -> None:
    text = _git_merge_file(tmp_path, "--diff3", "--marker-size=9")
    assert "<<<<<<<<< ours" in text
    assert split_sides(text, "x").theirs == "a\nB2\nc\nD\n"


def test_a_virtual_base_with_conflicts_of_its_own_is_left_as_it_is() -> None:
    nested = "<<<<<<<<< one\nx\n=========\ny\n>>>>>>>>> two\n"
    text = f"<<<<<<< ours\n1\n||||||| merged ancestors\n{nested}=======\n2\n>>>>>>> theirs\n"
    assert split_sides(text, "x") == Sides(ours="1\n", theirs="2\n", base=nested)


def test_windows_line_ends(tmp_path: Path) -> None:
    text = _git_merge_file(tmp_path).replace("\n", "\r\n")
    assert has_conflict_markers(text)
    assert split_sides(text, "x").ours == "a\r\nB1\r\nc\r\nD\r\n"


def test_one_conflict_without_its_base_is_no_base() -> None:
    with_base = "<<<<<<< o\n1\n||||||| b\n0\n=======\n2\n>>>>>>> t\n"
    without = "<<<<<<< o\n3\n=======\n4\n>>>>>>> t\n"
    assert split_sides(with_base + without, "x") == Sides(ours="1\n3\n", theirs="2\n4\n")


@pytest.mark.parametrize("text", ["a\n<<<<<<< o\n1\n", "a\n<<<<<<< o\n1\n=======\n", "a\n<<<<<<< o\n>>>>>>> t\n"])
def test_a_conflict_that_does_not_end_is_told_with_its_line(text: str) -> None:
    with pytest.raises(LockFormatError, match=r"^x:2: this conflict does not end$"):
        split_sides(text, "x")


@pytest.mark.parametrize("text", ["", "a <<<<<<< b\n", "<<<<<<\n", "<<<<<<<x\n", "=======\n>>>>>>> a\n"])
def test_what_is_no_marker(text: str) -> None:
    assert not has_conflict_markers(text)


_TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "x" * 9, "é\u2028<<<<<<< o"]), max_size=9).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@given(ours=_TEXTS, theirs=_TEXTS, base=st.none() | _TEXTS)
def test_both_sides_come_back_as_they_were(ours: str, theirs: str, base: str | None) -> None:
    sides = Sides(ours=ours, theirs=theirs, base=base)
    assert split_sides(conflict_text(sides), "x") == sides


# -------------------------------------------------------------------------------------------- reading a lock

_LOCK = Lock(
    platforms=(PlatformLock(platform="linux-64", packages=RECORDS),), channels=("https://conda.example.org/main",)
)
_TEXT = resolver.render_lock(_LOCK)


@pytest.mark.parametrize("name", ["conda-lock.yml", "pixi.lock", "pylock.toml", "requirements.txt"])
def test_a_lock_with_markers_is_told_as_such(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("# a lock\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n")
    with pytest.raises(ConflictMarkers) as error:
        resolver.read_lock(path)
    assert str(error.value) == f"{path}:2: this lock has git's conflict markers"
    assert error.value.hint is not None
    assert "samebox lock" in error.value.hint
    with pytest.raises(ConflictMarkers):
        resolver.parse_lock(path.read_text())


# ------------------------------------------------------------------------------------------------------ pins


def _package(name: str, version: str) -> LockedPackage:
    digit = version[0]
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        build="0",
        subdir="linux-64",
        file_name=f"{name}-{version}-0.conda",
        url=f"https://conda.example.org/main/linux-64/{name}-{version}-0.conda",
        sha256=digit * 64,
        md5=digit * 32,
    )


def _of(said: str, platform: str = "linux-64") -> Lock:
    pairs = (word.split("=") for word in said.split())
    return Lock(
        platforms=(PlatformLock(platform=platform, packages=tuple(_package(name, v) for name, v in pairs)),),
        channels=("https://conda.example.org/main",),
    )


def _said(lock: Lock, platform: str = "linux-64") -> str:
    return " ".join(f"{p.name}={p.version}" for p in lock.on(platform).packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    about: str
    base: str | None
    ours: str
    theirs: str
    pins: str


MERGES = (
    Merge(about="both the same", base="a=1", ours="a=2", theirs="a=2", pins="a=2"),
    Merge(about="ours has changed", base="a=1 b=1", ours="a=2 b=1", theirs="a=1 b=1", pins="a=2 b=1"),
    Merge(about="theirs has changed", base="a=1 b=1", ours="a=1 b=1", theirs="a=1 b=2", pins="a=1 b=2"),
    Merge(about="each another one", base="a=1 b=1", ours="a=2 b=1", theirs="a=1 b=2", pins="a=2 b=2"),
    Merge(about="both the same one: ours", base="a=1", ours="a=2", theirs="a=3", pins="a=2"),
    Merge(about="each has added one", base="", ours="a=1", theirs="b=1", pins="a=1 b=1"),
    Merge(about="one has removed", base="a=1 b=1", ours="a=1", theirs="a=1 b=1", pins="a=1"),
    Merge(about="removed here, changed there", base="a=1", ours="", theirs="a=2", pins="a=2"),
    Merge(about="no base: what one has", base=None, ours="a=1 b=1", theirs="a=2 c=1", pins="a=1 b=1 c=1"),
)


@pytest.mark.parametrize("case", MERGES, ids=lambda case: case.about)
def test_pins_of_both_sides(case: Merge) -> None:
    base = None if case.base is None else _of(case.base)
    assert _said(merged_pins(_of(case.ours), _of(case.theirs), base)) == case.pins


def test_each_platform_is_merged_by_itself() -> None:
    ours = Lock(platforms=(*_of("a=1").platforms, *_of("a=1", "osx-64").platforms))
    theirs = Lock(platforms=(*_of("a=2").platforms, *_of("b=1", "win-64").platforms))
    pins = merged_pins(ours, theirs, _of("a=1"))
    assert [(p.platform, _said(pins, p.platform)) for p in pins.platforms] == [
        ("linux-64", "a=2"),
        ("osx-64", "a=1"),
        ("win-64", "b=1"),
    ]


# ---------------------------------------------------------------------------------------------- three files

_CONDA_LOCK = format_of("conda-lock.yml")


def _with_note(lock: Lock) -> str:
    """The text of a lock of the same packages that is not the same text."""
    return resolver.render_lock(replace(lock, sources=("other.yml",)))


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "taken"),
    [
        ("a=1", "a=2", "a=2", "ours"),
        ("a=1", "a=2", "a=1", "ours"),
        ("a=1", "a=1", "a=2", "theirs"),
        (None, "a=1", "a=1", "ours"),
        ("a=1 b=1", "a=2 b=1", "a=1 b=2", None),
        ("a=1", "a=2", "a=3", None),
        (None, "a=1", "a=2", None),
    ],
)
def test_a_side_is_taken_or_none(base: str | None, ours: str, theirs: str, taken: str | None) -> None:
    texts = {"ours": resolver.render_lock(_of(ours)), "theirs": _with_note(_of(theirs))}
    sides = Sides(**texts, base=None if base is None else resolver.render_lock(replace(_of(base), name="older")))
    merged = merged_text(sides, _CONDA_LOCK, "conda-lock.yml")
    if taken is None:
        assert merged.is_conflict
        assert split_sides(merged.text, "x") == sides
    else:
        assert (merged.is_conflict, merged.text) == (False, texts[taken])


@pytest.mark.parametrize(
    "damaged",
    [lambda _: "version: 7\n", lambda _: "", lambda text: f"<<<<<<< o\n{text}=======\n{text}>>>>>>> t\n"],
    ids=["a newer version", "empty", "conflict markers"],
)
def test_a_side_that_cannot_be_read_is_a_conflict(damaged: Callable[[str], str]) -> None:
    sides = Sides(ours=_TEXT, theirs=damaged(_TEXT), base=_with_note(_LOCK))
    merged = merged_text(sides, _CONDA_LOCK, "conda-lock.yml")
    assert merged.is_conflict
    assert merged.reason.startswith("conda-lock.yml")


def test_each_environment_of_a_pixi_lock_counts() -> None:
    """What Samebox does not read as the lock of this project is there all the same."""
    plain = resolver.export_lock(_LOCK, "pixi").text
    head, packages = plain.split("\npackages:\n")
    block = head.partition("environments:\n")[2]
    assert block.startswith("  default:\n")
    second = block.replace("  default:\n", "  test:\n", 1)
    base = f"{head}\n{second}\npackages:\n{packages}".replace("\n\n", "\n")
    assert format_of("pixi.lock").environments(base, "x") == ("default", "test")
    fewer = base.replace("  test:\n", "  other:\n")
    taken = merged_text(Sides(ours=base, theirs=fewer, base=base), format_of("pixi.lock"), "pixi.lock")
    assert (taken.is_conflict, taken.text) == (False, fewer)
    both = merged_text(Sides(ours=plain, theirs=fewer, base=base), format_of("pixi.lock"), "pixi.lock")
    assert both.is_conflict
