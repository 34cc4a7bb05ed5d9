"""Files: one writer at a time, and nothing half written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolver.errors import ResolverError
from resolver.files import FileLock, write_atomic

_HOLD = """
import sys, time
from pathlib import Path
from resolver.files import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def _holder(path: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLD, path, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    with _holder(tmp_path / "a" / "lock", 0.4) as process, FileLock(tmp_path / "a" / "lock"):
        assert process.wait(5) == 0


def test_waiting_ends_after_the_time(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock", 60) as process:
        begun = time.monotonic()
        with (
            pytest.raises(ResolverError, match=r"another process has held .*/lock for 0 seconds"),
            FileLock(tmp_path / "lock", timeout=0.2),
        ):
            pytest.fail("it is held")
        assert time.monotonic() - begun < 30
        process.kill()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock", 60) as process:
        process.kill()
    with FileLock(tmp_path / "lock", timeout=0):
        pass


def test_threads_and_calls_wait_for_each_other_too(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / "lock"),
        pytest.raises(ResolverError, match="has held"),
        FileLock(tmp_path / "lock", timeout=0),
    ):
        pytest.fail("it is held")
    with FileLock(tmp_path / "lock", timeout=0):
        pass


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    (tmp_path / "a").chmod(0o604)
    write_atomic(tmp_path / "a", b"2")
    assert (stat.S_IMODE((tmp_path / "a").stat().st_mode), (tmp_path / "a").read_bytes()) == (0o604, b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "inside").write_text("")
    with pytest.raises(ResolverError, match="cannot write"):
        write_atomic(tmp_path / "a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
