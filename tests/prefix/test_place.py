"""What an install may replace, and what is left when it fails, is killed, or meets another."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError, from_folder, install_slice
from tests.prefix.world import (
    BEACON,
    EPOCH,
    GREETINGS,
    LIBHELLO,
    PYTHON,
    artifacts,
    conda,
    files,
    install,
    make_slice,
    tree,
    wheel,
)


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "thesis.txt").write_text("years of work")
    with pytest.raises(InstallError, match="env is not empty and was not made by samebox"):
        install(tmp_path, [conda(GREETINGS)])
    assert files(tmp_path / "env") == {"thesis.txt"}


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir(mode=0o700)
    env = install(tmp_path, [conda(GREETINGS)])
    assert tree(env)["."] == ("folder", 0o755, EPOCH * 10**9, b"")


@pytest.mark.parametrize("kind", ["file", "link"])
def test_something_else_in_the_way_is_left_alone(tmp_path: Path, kind: str) -> None:
    env = tmp_path / "env"
    if kind == "file":
        env.write_text("mine")
    else:
        env.symlink_to(tmp_path)
    with pytest.raises(InstallError, match="env: in the way, and not a folder"):
        install(tmp_path, [conda(GREETINGS)])
    assert env.is_symlink() or env.read_text() == "mine"


def test_an_older_prefix_is_replaced_whole(tmp_path: Path) -> None:
    install(tmp_path, [conda(GREETINGS)])
    env = install(tmp_path, [conda(LIBHELLO)])
    assert {p for p in files(env) if not p.startswith("conda-meta/")} == {"share/libhello/libhello.conf"}
    assert not (env / "conda-meta/greetings-data-2.0-0.json").exists()


def test_a_failure_leaves_the_older_prefix_as_it_was(tmp_path: Path) -> None:
    before = tree(install(tmp_path, [conda(GREETINGS)]))
    broken = wheel(BEACON)
    broken = replace(broken, content=broken.content[:-40])
    with pytest.raises(InstallError):
        install(tmp_path, [conda(PYTHON), broken])
    assert tree(tmp_path / "env") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", "env"]


@pytest.mark.parametrize("stage", ["extract", "link", "normalise"])
def test_killed_in_the_middle_then_run_again(tmp_path: Path, stage: str) -> None:
    items = [conda(PYTHON), conda(LIBHELLO), wheel(BEACON)]
    before = tree(install(tmp_path, [conda(GREETINGS)]))
    (tmp_path / "slice.json").write_bytes(make_slice(items))
    artifacts(tmp_path / "artifacts", items)
    script = f"""
import os, pathlib, signal
from resolver.prefix.slice_installer import from_folder, install_slice
here = pathlib.Path({str(tmp_path)!r})
def die(stage, done, total):
    if stage == {stage!r}:
        os.kill(os.getpid(), signal.SIGKILL)
install_slice((here / "slice.json").read_bytes(), here / "env", fetch=from_folder(here / "artifacts"), progress=die)
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert tree(tmp_path / "env") == before
    after = tree(install(tmp_path, items))
    assert after == tree(install(tmp_path, items))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", "env", "slice.json"]


@pytest.mark.parametrize("next_run", ["fails", "works"])
def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path, next_run: str) -> None:
    before = tree(install(tmp_path, [conda(GREETINGS)]))
    (tmp_path / "env").rename(tmp_path / ".env.samebox-old")
    if next_run == "fails":
        with pytest.raises(InstallError):
            install(tmp_path, [replace(conda(LIBHELLO), claimed_sha256="ab" * 32)])
        assert tree(tmp_path / "env") == before
    else:
        assert "share/libhello/libhello.conf" in files(install(tmp_path, [conda(LIBHELLO)]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", "env"]


def test_a_rename_that_fails_brings_the_older_prefix_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(install(tmp_path, [conda(GREETINGS)]))
    rename = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name == ".env.samebox":
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(InstallError, match=r"env: .*Device or resource busy"):
        install(tmp_path, [conda(LIBHELLO)])
    assert tree(tmp_path / "env") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["artifacts", "env"]


def test_a_second_install_at_the_same_time_is_refused(tmp_path: Path) -> None:
    staging = tmp_path / ".env.samebox"
    staging.mkdir()
    (staging / "theirs").write_text("")
    descriptor = os.open(staging, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(InstallError, match="another process is installing into"):
            install(tmp_path, [conda(GREETINGS)])
        assert files(staging) == {"theirs"}
    finally:
        os.close(descriptor)
    assert files(install(tmp_path, [conda(GREETINGS)])) >= {"share/greetings/greeting.txt"}


def test_a_missing_artifact_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    with pytest.raises(InstallError, match=r"artifacts lacks 1 artifacts: greetings-data 2\.0"):
        install_slice(make_slice([conda(GREETINGS)]), tmp_path / "env", fetch=from_folder(tmp_path / "artifacts"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InstallError, match=r"file/env: .*file"):
        install(tmp_path, [conda(GREETINGS)], prefix=tmp_path / "file" / "env")


def test_the_command_says_what_is_wrong_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = [replace(conda(GREETINGS), claimed_sha256="ab" * 32)]
    (tmp_path / "slice.json").write_bytes(make_slice(items))
    folder = artifacts(tmp_path / "artifacts", items)
    arguments = [str(tmp_path / "slice.json"), "--prefix", str(tmp_path / "env"), "--artifacts", str(folder)]
    assert slice_installer.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: https://conda.example.org/world/noarch/greetings-data-2.0-0.conda: sha256 is ")
    assert "\nhint: the file at that place is not the one that was locked" in err
    assert not (tmp_path / "env").exists()


def test_a_slice_that_is_not_there_is_an_error_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slice_installer.main([str(tmp_path / "no.json"), "--prefix", str(tmp_path / "env")]) == 2
    assert "no.json" in capsys.readouterr().err
