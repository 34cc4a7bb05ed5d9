"""A build context on disk: whole, or not there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.build_context import BuildContext, ContextFile
from resolver.errors import BuildError
from resolver.exporter import DEFAULT_EPOCH, context_entries, docker_context, tar_bytes, write_directory
from resolver.exporter.archive import ArchiveEntry
from resolver.model import Lock


@pytest.fixture(params=[0o022, 0o077, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def _tree(folder: Path) -> bytes:
    """The folder as a canonical tar: whatever is in it, and its modes."""
    return tar_bytes(
        ArchiveEntry(
            path=path.relative_to(folder).as_posix(),
            kind="directory" if path.is_dir() else "file",
            mode=path.stat().st_mode & 0o777,
            content=None if path.is_dir() else path.read_bytes(),
        )
        for path in folder.rglob("*")
    )


def test_the_folder_holds_what_the_tar_holds(lock: Lock, tmp_path: Path, umask: int) -> None:
    context = docker_context(lock)
    write_directory(context, tmp_path / "deep" / "ctx")
    assert _tree(tmp_path / "deep" / "ctx") == tar_bytes(context_entries(context))
    times = {int(path.stat().st_mtime) for path in (tmp_path / "deep" / "ctx", *(tmp_path / "deep" / "ctx").rglob("*"))}
    assert times == {DEFAULT_EPOCH}
    assert (tmp_path / "deep" / "ctx").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["ctx"]


def test_modes_and_sources_are_kept(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(b"PK")
    (tmp_path / "wheel").chmod(0o600)
    files = (
        ContextFile(path="run", content=b"#!", mode=0o755),
        ContextFile(path="a/wheel", source=str(tmp_path / "wheel")),
    )
    write_directory(BuildContext(files=files), tmp_path / "ctx", epoch=1_000_000_000)
    assert (tmp_path / "ctx/a/wheel").read_bytes() == b"PK"
    assert (tmp_path / "ctx/a/wheel").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "ctx/run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "ctx/a").stat().st_mtime == 1_000_000_000


def test_a_file_of_the_same_size_has_another_time(tmp_path: Path) -> None:
    """BuildKit looks at nothing else to see whether a file has changed."""
    times = []
    for number, text in enumerate((b"1.0", b"1.1", b"1.0")):
        context = tmp_path / str(number) / "ctx"
        write_directory(BuildContext(files=(ContextFile(path="lock", content=text),)), context, epoch=1)
        times.append((context / "lock").stat().st_mtime_ns)
    assert times[0] == times[2] != times[1]
    assert {time // 1_000_000_000 for time in times} == {1}


def test_sha256sum_accepts_the_list(lock: Lock, tmp_path: Path) -> None:
    write_directory(docker_context(lock), tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "context.sha256"], cwd=tmp_path, check=True)


def test_an_earlier_context_is_replaced(lock: Lock, tmp_path: Path) -> None:
    target = tmp_path / "ctx"
    write_directory(docker_context(lock, variables=(("OLD", "1"),)), target)
    (target / "__empty__").mkdir()
    write_directory(docker_context(lock, platforms=("linux-64",)), target)
    assert _tree(target) == tar_bytes(context_entries(docker_context(lock, platforms=("linux-64",))))
    assert [path.name for path in tmp_path.iterdir()] == ["ctx"]


@pytest.mark.parametrize("name", ["notes.txt", "locks/mine.json"])
def test_a_folder_with_other_files_is_refused(lock: Lock, tmp_path: Path, name: str) -> None:
    write_directory(docker_context(lock), tmp_path / "ctx")
    (tmp_path / "ctx" / name).write_text("mine")
    with pytest.raises(BuildError, match=f"{name} is not part of the build context there"):
        write_directory(docker_context(lock), tmp_path / "ctx")
    assert (tmp_path / "ctx" / name).read_text() == "mine"


def test_a_file_changed_by_hand_is_not_overwritten(lock: Lock, tmp_path: Path) -> None:
    write_directory(docker_context(lock), tmp_path / "ctx")
    with (tmp_path / "ctx/Dockerfile").open("a") as dockerfile:
        dockerfile.write("RUN mine\n")
    with pytest.raises(BuildError, match="Dockerfile was changed by hand"):
        write_directory(docker_context(lock), tmp_path / "ctx")
    assert (tmp_path / "ctx/Dockerfile").read_text().endswith("RUN mine\n")


def test_a_folder_of_something_else_is_refused(lock: Lock, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("name: x\n")
    with pytest.raises(BuildError, match="is not empty and is no earlier build context"):
        write_directory(docker_context(lock), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["environment.yml"]


def test_a_file_in_the_place_is_refused(lock: Lock, tmp_path: Path) -> None:
    (tmp_path / "ctx").write_text("")
    with pytest.raises(BuildError, match="ctx is not a folder"):
        write_directory(docker_context(lock), tmp_path / "ctx")


def test_an_error_leaves_what_was_there(lock: Lock, tmp_path: Path) -> None:
    target = tmp_path / "ctx"
    write_directory(docker_context(lock), target)
    before = _tree(target)
    broken = BuildContext(files=(ContextFile(path="x", source=str(tmp_path / "gone")),))
    with pytest.raises(BuildError, match="gone: cannot write: No such file"):
        write_directory(broken, target)
    assert _tree(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["ctx"]
