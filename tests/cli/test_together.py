"""`samebox lock` says where platforms differ."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import MakeProject
from tests.cli.project import environment_yml
from tests.conda.worlds import record, write_channel

_BOTH = ("linux-64", "osx-arm64")


def _channels(folder: Path, count: int) -> str:
    names = [f"lib{number:02}" for number in range(count)]
    linux = [record("same"), *(record(name, "2.0") for name in names)]
    osx = [record("same"), *(record(name, "1.0") for name in names)]
    write_channel(folder / "samebox-fixtures", {"linux-64": linux, "osx-arm64": osx})
    return str(folder)


def test_differences_are_told(tmp_path: Path, make_project: MakeProject) -> None:
    project = make_project(channels=_channels(tmp_path / "channels", 1), platforms=_BOTH)
    project.write("environment.yml", environment_yml("same", "lib00"))
    told = [
        "  linux-64: 2 packages",
        "  osx-arm64: 2 packages",
        "differs: lib00 linux-64 2.0, osx-arm64 1.0",
    ]
    assert project.succeed("lock").told.splitlines() == ["conda-lock.yml written", *told]
    again = project.succeed("lock")
    assert again.told.splitlines() == ["conda-lock.yml is up to date", *told]
    assert project.succeed("lock", "--json").json["differences"] == [
        {"kind": "conda", "name": "lib00", "versions": {"linux-64": "2.0", "osx-arm64": "1.0"}}
    ]


def test_many_differences_are_counted(tmp_path: Path, make_project: MakeProject) -> None:
    project = make_project(channels=_channels(tmp_path / "channels", 12), platforms=_BOTH)
    project.write("environment.yml", environment_yml(*(f"lib{number:02}" for number in range(12))))
    lines = [line for line in project.succeed("lock").told.splitlines() if line.startswith("differs: ")]
    assert lines[:10] == [f"differs: lib{number:02} linux-64 2.0, osx-arm64 1.0" for number in range(10)]
    assert lines[10:] == ["differs: 12 packages in all"]
    assert len(project.succeed("lock", "--json").json["differences"]) == 12
