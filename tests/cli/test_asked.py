"""What is asked of a lock that is for many machines, or holds several environments: a platform, a Python, a name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.project import Project

_DATA = Path(__file__).parents[1] / "locks" / "data"

_POETRY = """\
[[package]]
name = "bits"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = [
    {{file = "bits-1.0-cp311-cp311-{linux}.whl", hash = "sha256:{one}"}},
    {{file = "bits-1.0-cp312-cp312-{linux}.whl", hash = "sha256:{two}"}},
    {{file = "bits-1.0-cp312-cp312-win_amd64.whl", hash = "sha256:{three}"}},
]

[metadata]
lock-version = "2.1"
python-versions = ">=3.10"
content-hash = "{one}"
""".format(linux="manylinux_2_17_x86_64", one="1" * 64, two="2" * 64, three="3" * 64)


@pytest.fixture
def foreign(project: Project) -> Project:
    project.write("poetry.lock", _POETRY)
    return project


def _canonical(project: Project, *arguments: str) -> str:
    return project.succeed("digest", "poetry.lock", "--canonical", *arguments).stdout


def test_a_platform_is_asked_for(foreign: Project) -> None:
    assert '"win-64":' in _canonical(foreign, "-p", "win-64")
    assert "3" * 64 in _canonical(foreign, "-p", "win-64")
    assert "2" * 64 in _canonical(foreign, "-p", "linux-64")
    assert "bits 1.0 (pypi), locked for win-64" in foreign.succeed("why", "poetry.lock", "bits", "-p", "win-64").stdout
    assert foreign.succeed("tree", "poetry.lock", "-p", "win-64").stdout == "win-64\nbits 1.0 (pypi)\n"


def test_a_platform_that_the_lock_is_not_for_is_refused(foreign: Project) -> None:
    assert "bits 1.0 has no file for osx-64" in foreign.fail("digest", "poetry.lock", "-p", "osx-64")


def test_the_python_of_the_settings_is_asked_for(foreign: Project) -> None:
    foreign.write("samebox.toml", 'python = "3.11"\n' + foreign.settings)
    assert "1" * 64 in _canonical(foreign, "-p", "linux-64")
    foreign.write("samebox.toml", 'python = "3.9"\n' + foreign.settings)
    assert "this lock is for Python '>=3.10', and not for 3.9" in foreign.fail(
        "digest", "poetry.lock", "-p", "linux-64"
    )


def test_one_of_several_environments(project: Project) -> None:
    shutil.copy(_DATA / "pixi" / "v6.pixi.lock", project.folder / "pixi.lock")
    assert project.succeed("tree", "pixi.lock", "-e", "docs").stdout == "linux-64\ntzdata 2024b\n"
    assert project.succeed("digest", "pixi.lock", "-e", "docs").stdout.startswith("sha256:")
    assert "python 3.12.7" in project.succeed("tree", "pixi.lock", "-p", "linux-64").stdout
    assert "no-such" in project.fail("digest", "pixi.lock", "-e", "no-such")


def test_a_name_where_there_is_one_environment_is_refused(locked: Project) -> None:
    assert "--environment gpu: conda-lock.yml holds one environment" in locked.fail("digest", "-e", "gpu")
