"""The law of the prefix: the slice and the path decide every byte, every mode and every time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.conda_packages import CondaFile, CondaPackage
from fixtures.distributions import Distribution
from resolver.prefix import slice_installer
from tests.prefix.world import (
    ALMANAC,
    BEACON,
    GREETER,
    GREETINGS,
    HELLO_TOOL,
    LIBHELLO,
    PLATFORM,
    PYTHON,
    Entry,
    artifacts,
    conda,
    make_slice,
    tree,
    wheel,
)

TOOLS = CondaPackage(
    name="tools",
    version="1.0",
    subdir=PLATFORM,
    files=(
        CondaFile(path="bin/tool", content=b"#!/bin/sh\n", mode=0o4775),
        CondaFile(path="bin/link", link="tool"),
        CondaFile(path="lib/__pycache__/m.cpython-312.pyc", content=b"old"),
        CondaFile(path="lib/m.py", content=b"", mode=0o600),
    ),
)
LANTERN = Distribution(
    project="lantern",
    version="1.0",
    files=(("lantern.py", "LIGHT = 1\n"), ("lantern-1.0.data/scripts/light", "#!python\nprint('on')\n")),
)
ITEMS = [
    *map(conda, (PYTHON, GREETER, GREETINGS, LIBHELLO, HELLO_TOOL, ALMANAC, TOOLS)),
    wheel(BEACON),
    wheel(LANTERN, kind="archive"),
]
UMASKS = {"loose": 0o000, "usual": 0o022, "tight": 0o077}


def run(
    world: Path, prefix: Path, *options: str, umask: int = 0o022, cwd: Path | None = None, **variables: str
) -> None:
    """The installer as a Dockerfile runs it: as a file, in a process of its own."""
    command = [sys.executable, slice_installer.__file__, str(world / "slice.json"), "--prefix", str(prefix)]
    environ = {"PATH": os.environ["PATH"], "HOME": str(world), **variables}
    done = subprocess.run(
        [*command, *options], check=False, capture_output=True, text=True, umask=umask, cwd=cwd, env=environ
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "slice.json").write_bytes(make_slice(ITEMS))
    artifacts(folder / "artifacts", ITEMS)
    return folder


@pytest.fixture(scope="module")
def reference(world: Path) -> dict[str, Entry]:
    run(world, world / "first", "--artifacts", str(world / "artifacts"), "--target-prefix", "/opt/env")
    return tree(world / "first")


@pytest.mark.parametrize(
    ("umask", "variables"),
    [
        ("loose", {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "1", "LC_ALL": "C"}),
        ("tight", {"TZ": "America/New_York", "PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8"}),
        ("usual", {"PYTHONHASHSEED": "3", "SOURCE_DATE_EPOCH": "1", "PYTHONUTF8": "0"}),
    ],
)
def test_everything_around_may_differ(
    world: Path, reference: dict[str, Entry], tmp_path: Path, umask: str, variables: dict[str, str]
) -> None:
    options = ("--artifacts", str(world / "artifacts"), "--target-prefix", "/opt/env")
    elsewhere = tmp_path / "another folder with spaces"
    elsewhere.mkdir()
    run(world, elsewhere / "prefix", *options, umask=UMASKS[umask], cwd=elsewhere, **variables)
    assert tree(elsewhere / "prefix") == reference


def test_the_target_prefix_gives_what_an_install_in_place_gives(world: Path, tmp_path: Path) -> None:
    options = ("--artifacts", str(world / "artifacts"))
    run(world, tmp_path / "env", *options)
    run(world, tmp_path / "moved", *options, "--target-prefix", str(tmp_path / "env"))
    assert tree(tmp_path / "moved") == tree(tmp_path / "env")


def test_downloads_and_a_cache_give_what_a_folder_gives(
    world: Path, reference: dict[str, Entry], tmp_path: Path
) -> None:
    for item in ITEMS:
        place = tmp_path / "mirror" / item.url.removeprefix("https://")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(item.content)
    rules = [
        f"--mirror=https://{host}={tmp_path / 'mirror' / host}" for host in ("conda.example.org", "files.example.org")
    ]
    options = (*rules, "--cache", str(tmp_path / "cache"), "--target-prefix", "/opt/env")
    run(world, tmp_path / "downloaded", *options)
    assert tree(tmp_path / "downloaded") == reference
    (tmp_path / "mirror").rename(tmp_path / "gone")
    run(world, tmp_path / "cached", *options)
    assert tree(tmp_path / "cached") == reference


def test_the_epoch_is_the_time_of_everything_and_changes_nothing_else(
    world: Path, reference: dict[str, Entry], tmp_path: Path
) -> None:
    options = ("--artifacts", str(world / "artifacts"), "--target-prefix", "/opt/env", "--epoch", "1700000000")
    run(world, tmp_path / "env", *options)
    later = {path: (kind, mode, 1_700_000_000 * 10**9, data) for path, (kind, mode, _, data) in reference.items()}
    assert tree(tmp_path / "env") == later


def test_installing_again_over_it_changes_nothing(world: Path, reference: dict[str, Entry], tmp_path: Path) -> None:
    options = ("--artifacts", str(world / "artifacts"), "--target-prefix", "/opt/env")
    run(world, tmp_path / "env", *options)
    (tmp_path / "env" / "lib" / "m.py").write_text("changed by hand")
    (tmp_path / "env" / "added").write_text("by hand")
    run(world, tmp_path / "env", *options)
    assert tree(tmp_path / "env") == reference
    assert [p.name for p in tmp_path.iterdir()] == ["env"]
