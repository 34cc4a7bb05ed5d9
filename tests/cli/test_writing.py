"""A lock is written whole or not at all: full disk, kill, two processes at once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml

_SMALL = environment_yml("greetings-data")
_LARGE = environment_yml("python", "greeter", "libhello", pip=("cowtalk[loud]",))


@pytest.fixture
def project(project: Project) -> Project:
    """One whose lock no longer satisfies: the next run writes another."""
    project.write("environment.yml", _SMALL)
    project.succeed("lock")
    project.write("environment.yml", _LARGE)
    return project


def _start(project: Project, *arguments: str, preexec: Callable[[], object] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        project.command(*arguments),
        cwd=project.folder,
        env=project.environ(PYTHONDONTWRITEBYTECODE="1"),  # a limit would cut compiled modules short, for all others
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preexec,
    )


def test_a_file_size_limit_in_the_middle_of_writing_leaves_the_old_lock(project: Project) -> None:
    project.succeed("lock", "--dry-run")  # fills the cache, so that nothing else has to be written under the limit
    before = project.lock_bytes()
    assert before is not None

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), len(before)))

    ended = _start(project, "lock", preexec=limit)
    _, stderr = ended.communicate(timeout=60)
    assert ended.returncode == 2
    assert b"error: conda-lock.yml: cannot write: File too large\nhint: the old file is untouched\n" in stderr
    assert project.lock_bytes() == before
    assert _temporaries(project) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_old_lock(small_disk: Path, make_project: MakeProject) -> None:
    project = make_project("disk/project")
    # the cache and the home stay where there is room
    project.cache = small_disk.parent / "cache"
    project.write("environment.yml", _SMALL)
    project.succeed("lock")
    project.write("environment.yml", _LARGE)
    (project.folder / "filler").write_bytes(bytes(_free(small_disk)))
    assert project.fail("lock") == (
        "error: conda-lock.yml: cannot write: No space left on device\nhint: the old file is untouched\n"
    )
    assert _temporaries(project) == []


def _free(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def test_a_folder_that_cannot_be_written_to_leaves_nothing(project: Project) -> None:
    assert project.run("lock", "--lockfile", "nowhere/conda-lock.yml").told == (
        f"error: {project.folder}/nowhere/conda-lock.yml: cannot write: No such file or directory\n"
    )


def test_a_kill_while_writing_leaves_the_old_lock_or_the_new_one(project: Project) -> None:
    """The process kills itself, through patched calls of the standard library, at each step of writing in turn."""
    old = project.lock_bytes()
    project.succeed("lock", "--dry-run")
    left: list[bytes | None] = []
    for step in ("write", "fsync", "chmod", "replace", "replaced"):
        ended = subprocess.run(
            [sys.executable, "-c", _KILLED_AT, step, "lock"],
            cwd=project.folder,
            env=project.environ(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        left.append(project.lock_bytes())
        assert len(_temporaries(project)) <= 1
        for path in _temporaries(project):
            path.unlink()
    assert left[:4] == [old] * 4
    assert left[4] is not None and left[4] != old
    assert project.run("check").code == 0


_KILLED_AT = """
import os, signal, sys
from pathlib import Path
step = sys.argv.pop(1)

def killed(path):
    # only what belongs to the lock file counts, not the caches
    if "conda-lock.yml" in str(path):
        os.kill(os.getpid(), signal.SIGKILL)

class Stream:
    def __init__(self, stream): self.stream = stream
    def __enter__(self): return self
    def __exit__(self, *details): self.stream.close()
    def __getattr__(self, name): return getattr(self.stream, name)
    def write(self, content):
        self.stream.write(content[: len(content) // 2])
        self.stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)

fdopen, fsync, chmod, replace = os.fdopen, os.fsync, Path.chmod, Path.replace
name_of = lambda descriptor: os.readlink(f"/proc/self/fd/{descriptor}")
if step == "write":
    os.fdopen = lambda d, mode: Stream(fdopen(d, mode)) if "conda-lock" in name_of(d) else fdopen(d, mode)
if step == "fsync":
    os.fsync = lambda descriptor: (killed(name_of(descriptor)), fsync(descriptor))
if step == "chmod":
    Path.chmod = lambda self, mode: (killed(self), chmod(self, mode))
if step == "replace":
    Path.replace = lambda self, target: (killed(target), replace(self, target))
if step == "replaced":
    Path.replace = lambda self, target: (replace(self, target), killed(target))
from resolver.cli.main import run
run()
"""


def test_kills_at_any_moment_leave_the_old_lock_or_the_new_one(project: Project) -> None:
    old = project.lock_bytes()
    project.succeed("lock", "--dry-run")
    outcomes = set()
    for number in range(8):
        running = _start(project, "lock")
        time.sleep(0.15 + 0.08 * number)
        running.kill()
        running.communicate()
        outcomes.add(project.lock_bytes())
    project.succeed("lock")
    assert outcomes <= {old, project.lock_bytes()}
    assert len(_temporaries(project)) <= 8


def test_two_processes_at_once_both_succeed(project: Project) -> None:
    running = [_start(project, "lock", "--upgrade") for _ in range(3)]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    assert len({stdout for stdout, _ in ended}) == 1
    assert project.run("check").code == 0
    assert _temporaries(project) == []
    assert sorted(path.name for path in project.folder.iterdir()) == [
        "conda-lock.yml",
        "environment.yml",
        "samebox.toml",
    ]


def test_the_mode_of_a_lock_is_kept_and_a_new_one_follows_the_umask(project: Project) -> None:
    project.lockfile.chmod(0o640)
    project.succeed("lock")
    assert project.lockfile.stat().st_mode & 0o777 == 0o640
    project.lockfile.unlink()
    ended = _start(project, "lock", preexec=lambda: os.umask(0o027))
    ended.communicate(timeout=60)
    assert project.lockfile.stat().st_mode & 0o777 == 0o640


def test_a_lock_behind_a_symbolic_link_is_written_through_it(project: Project) -> None:
    real = project.folder / "locks"
    real.mkdir()
    target = real / "conda-lock.yml"
    project.lockfile.rename(target)
    project.lockfile.symlink_to("locks/conda-lock.yml")
    project.succeed("lock")
    assert project.lockfile.is_symlink()
    assert project.run("check").code == 0


def _temporaries(project: Project) -> list[Path]:
    return sorted(project.folder.glob(".*.tmp"))
