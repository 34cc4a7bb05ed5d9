"""`samebox lock` on a lock that is there: what is kept, what is let go, and when nothing is written."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.conda.worlds import record, write_channel

_OLD = 1_000_000_000
"""An mtime in seconds that no run of today gives a file."""


@pytest.fixture
def channels(tmp_path: Path) -> Path:
    folder = tmp_path / "channels"
    _publish(folder, "1.0")
    return folder


def _publish(folder: Path, *versions: str) -> None:
    records = [record(name, version) for name in ("app", "lib", "tool") for version in versions]
    write_channel(folder / "samebox-fixtures", {"linux-64": records})


@pytest.fixture
def project(make_project: MakeProject, channels: Path) -> Project:
    """One that was locked before version 2.0 of everything came."""
    project = make_project(channels=str(channels))
    project.write("environment.yml", environment_yml("app", "lib"))
    project.succeed("lock")
    _publish(channels, "1.0", "1.5", "2.0")
    return project


def _locked(project: Project) -> list[str]:
    return re.findall(r"/([a-z]+-[0-9.]+)-0\.conda", project.lockfile.read_text())


def test_adding_a_package_keeps_the_others(project: Project) -> None:
    project.write("environment.yml", environment_yml("app", "lib", "tool"))
    project.succeed("lock")
    assert _locked(project) == ["app-1.0", "lib-1.0", "tool-2.0"]


def test_upgrade_keeps_nothing(project: Project) -> None:
    project.succeed("lock", "--upgrade")
    assert _locked(project) == ["app-2.0", "lib-2.0"]


def test_some_packages_are_upgraded(project: Project) -> None:
    project.succeed("lock", "-P", "lib")
    assert _locked(project) == ["app-1.0", "lib-2.0"]
    project.succeed("lock", "--upgrade-package", "lib==1.5", "-P", "app")
    assert _locked(project) == ["app-2.0", "lib-1.5"]
    assert project.succeed("lock").told.startswith("conda-lock.yml is up to date\n")


def test_an_upgrade_of_what_is_not_there_is_refused(project: Project) -> None:
    assert project.fail("lock", "-P", "libb") == (
        "error: --upgrade-package libb: neither the lock nor the manifest has a package of that name\n"
        "hint: did you mean lib?\n"
    )


def test_another_version_of_samebox_rewrites_nothing(project: Project, channels: Path) -> None:
    _publish(channels, "1.0")
    (tools,) = re.findall(r"\[\[\\?\"samebox\\?\",\\?\"[^\]]*\]", project.lockfile.read_text())
    project.edit_lock(tools, tools.replace("0.1.0", "9.9.9"))
    os.utime(project.lockfile, (_OLD, _OLD))
    before = project.lock_bytes()
    assert project.succeed("check").stdout == "fresh\n"
    for arguments in ((), ("--upgrade",), ("-P", "lib")):
        outcome = project.succeed("lock", "--json", *arguments)
        assert (outcome.json["changed"], outcome.json["written"]) == (False, False)
    assert (project.lock_bytes(), project.lockfile.stat().st_mtime) == (before, _OLD)


def test_upgrade_that_finds_only_other_evidence_writes_nothing(project: Project, channels: Path) -> None:
    """A record of another name has come: the channel's digest is another, and the packages are the same."""
    folder = channels / "samebox-fixtures"
    write_channel(folder, {"linux-64": [record("app"), record("lib"), record("lib", "0.1")]})
    before = project.lock_bytes()
    project.succeed("lock", "-U")
    assert project.lock_bytes() == before


def test_add_keeps_the_pins(project: Project) -> None:
    project.succeed("add", "tool")
    assert _locked(project) == ["app-1.0", "lib-1.0", "tool-2.0"]


def test_a_lock_made_elsewhere_is_kept_too(project: Project) -> None:
    """conda-lock's own files have no evidence of ours."""
    text = project.lockfile.read_text()
    project.lockfile.write_text("".join(line for line in text.splitlines(keepends=True) if "samebox." not in line))
    project.write("environment.yml", environment_yml("app", "lib", "tool"))
    project.succeed("lock")
    assert _locked(project) == ["app-1.0", "lib-1.0", "tool-2.0"]


def test_json_of_a_partial_upgrade(project: Project) -> None:
    body = project.succeed("lock", "-P", "lib", "--dry-run", "--json").json
    assert json.dumps(body["platforms"]) == '{"linux-64": 2}'
    assert (body["changed"], body["written"]) == (True, False)
    assert _locked(project) == ["app-1.0", "lib-1.0"]
