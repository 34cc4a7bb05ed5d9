"""A disk that fills, an engine that goes away, a kill: a clear error, and nothing is left behind for long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import resolver
from resolver.engines import Scratch
from resolver.errors import BuildError
from resolver.model import DockerSection, PlatformLock
from tests.engines.stand_ins import StandIns
from tests.exporter.conftest import conda, lock_of

LOCAL = DockerSection(resolve_base=False)
LOCK = lock_of(PlatformLock(platform="linux-64", packages=(conda("python", "3.12.4", "linux-64", "a"),)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def scratch_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_disk_that_is_full_before_the_build_begins(
    stand_ins: StandIns, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    stand_ins.add("docker")
    with (
        resolver.Session(cache=tmp_path / "cache", environ=stand_ins.environ) as session,
        pytest.raises(BuildError, match=r"samebox-build-.*/context: cannot write: No space left on device"),
    ):
        resolver.build(LOCK, docker=LOCAL, session=session)
    assert list(small_disk.iterdir()) == []
    assert not any(" build " in call for call in stand_ins.calls())


def test_a_disk_that_fills_while_the_builder_talks(stand_ins: StandIns, small_disk: Path, scratch_place: Path) -> None:
    stand_ins.add("docker", build="seq 99999; sleep 300")
    begin = time.monotonic()
    with resolver.Session(cache=small_disk, environ=stand_ins.environ) as session:
        build = resolver.build(LOCK, docker=LOCAL, session=session)
        with pytest.raises(BuildError, match=r"logs/demo-latest-.*\.log: cannot keep the log there: No space left"):
            build.wait()
    assert time.monotonic() - begin < 60  # nobody waits for the builder
    assert list(scratch_place.iterdir()) == []


def test_an_engine_that_goes_away_is_told(stand_ins: StandIns, tmp_path: Path) -> None:
    gone = stand_ins.folder / "gone"
    said = "#7 [build 3/5] RUN install\\n#7 ...\\nERROR: failed to receive status: error reading from server: EOF"
    stand_ins.add(
        "docker",
        version=f"if [ -e {gone} ]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; else echo 26.1.5; fi",
        build=f"touch {gone}; printf '{said}\\n'; exit 1",
    )
    with resolver.Session(cache=tmp_path / "cache", environ=stand_ins.environ) as session:
        build = resolver.build(LOCK, docker=LOCAL, session=session)
        with pytest.raises(BuildError) as caught:
            build.wait()
    first, *last = caught.value.message.splitlines()
    assert first.startswith("docker build ended with 1: it does not answer any more (`")
    assert "Cannot connect to the Docker daemon" in first
    assert last == ["  ERROR: failed to receive status: error reading from server: EOF"]
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("start the docker daemon, or name another by DOCKER_HOST; all that was said is")


_BUILD = """\
import sys, tempfile, resolver
from resolver.model import DockerSection
from tests.engines.test_bad_days import LOCK
tempfile.tempdir = sys.argv[1]
with resolver.Session() as session:
    resolver.build(LOCK, docker=DockerSection(resolve_base=False), session=session).wait()
"""


def test_what_a_kill_leaves_is_removed_when_its_builder_has_ended(
    stand_ins: StandIns, scratch_place: Path, tmp_path: Path
) -> None:
    pid = stand_ins.folder / "pid"
    stand_ins.add("docker", build=f"echo $$ >{pid}; exec sleep 300")
    root = str(Path(resolver.__file__).parent.parent)
    environ = {
        **stand_ins.environ,
        "PYTHONPATH": root,
        "SAMEBOX_CACHE_DIR": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    killed = subprocess.Popen([sys.executable, "-c", _BUILD, str(scratch_place)], env=environ)
    while not (pid.exists() and pid.read_text().strip()):
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (left,) = scratch_place.iterdir()

    Scratch.make().remove()
    assert (left / "context" / "Dockerfile").is_file()  # the builder reads it still
    os.kill(int(pid.read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while left.exists() and time.monotonic() < deadline:
        Scratch.make().remove()
    assert list(scratch_place.iterdir()) == []
    assert [call.split()[1] for call in stand_ins.calls()] == ["version", "build"]  # and no name was given


def test_folders_of_builds_that_run_are_left_alone(scratch_place: Path) -> None:
    with contextlib.ExitStack() as stack:
        folders = []
        for _ in range(3):
            scratch = Scratch.make()
            stack.callback(scratch.remove)
            folders.append(scratch.path)
        assert sorted(scratch_place.iterdir()) == sorted(folders)
    assert list(scratch_place.iterdir()) == []


def test_no_place_for_the_build_is_an_error(scratch_place: Path) -> None:
    scratch_place.rmdir()
    with pytest.raises(BuildError, match="cannot make a folder for the build: No such file") as caught:
        Scratch.make()
    assert caught.value.hint == "TMPDIR names another place"
