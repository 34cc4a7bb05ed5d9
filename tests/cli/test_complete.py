"""``lock --complete`` and ``lock --from``: another tool's lock gets what it lacks, and its pins are kept."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml


@pytest.fixture
def wheels(make_project: MakeProject) -> Project:
    """Locked for two platforms, wheels only."""
    project = make_project(platforms=("linux-64", "osx-arm64"))
    project.write("requirements.in", "cowtalk[loud]\n")
    project.succeed("lock")
    return project


def _without_sha256_of_conda(text: str) -> str:
    """As conda-lock writes rows of channels that have an md5 alone."""
    rows = text.split("- name:")
    return "- name:".join(re.sub(r"    sha256: .*\n", "", r) if "manager: conda" in r else r for r in rows)


def _versions(project: Project) -> dict[str, str]:
    return dict(re.findall(r'- name: (\S+)\n  version: "([^"]+)"', project.lockfile.read_text()))


def _digest(project: Project, name: str = "conda-lock.yml") -> str:
    return project.succeed("digest", name).stdout


# ------------------------------------------------------------------------------------------------ md5 → sha256


def test_md5s_are_completed_from_the_channel(locked: Project) -> None:
    whole, text = _digest(locked), locked.lockfile.read_text()
    locked.lockfile.write_text(_without_sha256_of_conda(text))
    told = locked.fail("digest")
    assert "has no sha256, so the lock has no identity\nhint: `samebox lock --complete LOCK`" in told
    outcome = locked.succeed("lock", "--complete", "conda-lock.yml")
    assert outcome.stdout == whole
    assert outcome.told == "conda-lock.yml written\n  linux-64: 6 packages, 3 completed\n"
    assert locked.lockfile.read_text() == text  # the evidence, too: nothing else has changed


def test_a_whole_lock_is_left_alone(locked: Project) -> None:
    before = locked.lockfile.stat().st_mtime_ns
    outcome = locked.succeed("lock", "--complete", "conda-lock.yml", "--json")
    assert outcome.json["changed"] is False
    assert outcome.json["completed"] == {"linux-64": []}
    assert locked.lockfile.stat().st_mtime_ns == before


def test_a_dry_run_writes_nothing(locked: Project) -> None:
    whole = _digest(locked)
    text = _without_sha256_of_conda(locked.lockfile.read_text())
    locked.lockfile.write_text(text)
    outcome = locked.succeed("lock", "--complete", "conda-lock.yml", "--dry-run", "--json")
    assert outcome.json["digest"] + "\n" == whole
    assert (outcome.json["changed"], outcome.json["written"]) == (True, False)
    assert len(outcome.json["completed"]["linux-64"]) == 3
    assert locked.lockfile.read_text() == text


def test_another_md5_is_refused_with_all_packages(locked: Project) -> None:
    text = _without_sha256_of_conda(locked.lockfile.read_text())
    locked.lockfile.write_text(re.sub(r'(    md5: ")[0-9a-f]{32}', r"\g<1>" + "0" * 32, text, count=2))
    told = locked.fail("lock", "--complete", "conda-lock.yml")
    assert told.startswith("error: 2 packages cannot be completed: ")
    assert told.count(f"the lock has the md5 {'0' * 32}, and the channel's record of it has ") == 2


def test_a_record_without_sha256_is_completed_from_the_file(
    locked: Project, fixture_channels: Path, tmp_path: Path
) -> None:
    whole, text = _digest(locked), locked.lockfile.read_text()
    channels = tmp_path / "channels"
    shutil.copytree(fixture_channels, channels)
    for path in (channels / "samebox-fixtures").glob("*/repodata.json"):
        repodata = json.loads(path.read_text())
        for records in (repodata["packages"], repodata["packages.conda"]):
            for record in records.values():
                record.pop("sha256", None)
        path.write_text(json.dumps(repodata))
    locked.write("samebox.toml", locked.settings.replace(str(fixture_channels), str(channels)))
    locked.lockfile.write_text(_without_sha256_of_conda(text))
    assert locked.succeed("lock", "--complete", "conda-lock.yml").stdout == whole
    assert locked.lockfile.read_text() == text


def test_an_explicit_file_with_md5s_is_written_elsewhere(make_project: MakeProject) -> None:
    project = make_project()
    project.write("environment.yml", environment_yml("python", "greeter"))
    project.succeed("lock")
    whole = _digest(project)
    project.succeed("export", "explicit-md5", "-o", "conda-linux-64.md5.lock", "--no-evidence")
    project.succeed("lock", "--complete", "conda-linux-64.md5.lock", "-o", "pixi.lock")
    assert _digest(project, "pixi.lock") == whole


# --------------------------------------------------------------------------------------------- one file of many


def test_bare_hashes_become_the_file_that_each_platform_takes(wheels: Project, fixture_index: Path) -> None:
    whole = _digest(wheels)
    lines = []
    versions = _versions(wheels)
    for name, version in sorted(versions.items()):
        files = sorted(p for p in fixture_index.rglob("*") if p.name.startswith(f"{name.replace('-', '_')}-{version}-"))
        hashes = sorted({hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.suffix == ".whl"})
        assert hashes
        lines.append(" \\\n".join((f"{name}=={version}", *(f"    --hash=sha256:{h}" for h in hashes))) + "\n")
    wheels.write("requirements.txt", "".join(lines))
    outcome = wheels.succeed("lock", "--complete", "requirements.txt", "-o", "new.conda-lock.yml")
    assert outcome.stdout == whole
    wheels.succeed("lock", "--complete", "requirements.txt")
    assert _digest(wheels, "requirements.txt") == whole


def test_versions_alone_become_files(wheels: Project) -> None:
    versions = _versions(wheels)
    wheels.write("requirements.txt", "".join(f"{name}=={version}\n" for name, version in versions.items()))
    outcome = wheels.succeed("lock", "--complete", "requirements.txt", "-o", "pylock.toml")
    assert outcome.stdout == _digest(wheels) == _digest(wheels, "pylock.toml")


def test_all_that_cannot_be_completed_is_named_with_the_reason(wheels: Project) -> None:
    text = f"cowtalk==1.2.0 --hash=sha256:{'1' * 64}\nno-such-cow==1\n"
    wheels.write("requirements.txt", text)
    assert wheels.fail("lock", "--complete", "requirements.txt") == (
        "error: 2 packages cannot be completed: cowtalk 1.2.0 (linux-64, osx-arm64): no file of the version 1.2.0 at "
        "the indexes has a hash that the lock has; no-such-cow 1 (linux-64, osx-arm64): no index has a project of that "
        "name\nhint: `samebox lock` locks anew from the manifest\n"
    )
    assert (wheels.folder / "requirements.txt").read_text() == text


# --------------------------------------------------------------------------------------- where it is not written


def test_a_format_that_is_only_read_wants_another_file(project: Project) -> None:
    project.write("uv.lock", 'version = 1\nrequires-python = ">=3.12"\n')
    assert project.fail("lock", "--complete", "uv.lock") == (
        "error: uv.lock: uv is read, and not written\n"
        "hint: name the file to write with -o, as pylock.toml or conda-lock.yml\n"
    )
    assert "poetry is read" in project.fail("lock", "--complete", "uv.lock", "-o", "poetry.lock")


@pytest.mark.parametrize("option", [("--upgrade",), ("-f", "environment.yml"), ("--from", "uv.lock"), ("--check",)])
def test_what_is_about_solving_is_refused(locked: Project, option: tuple[str, ...]) -> None:
    told = locked.fail("lock", "--complete", "conda-lock.yml", *option)
    assert told.startswith("error: --complete solves nothing, and ")


def test_an_output_without_complete_is_refused(locked: Project) -> None:
    assert "-o is where --complete writes" in locked.fail("lock", "-o", "new.conda-lock.yml")


# ------------------------------------------------------------------------------------------------------- --from


_POETRY = """\
[[package]]
name = "moo-words"
version = "{version}"
optional = false
python-versions = "*"
groups = ["main"]
files = [{{file = "moo_words-{version}-py3-none-any.whl", hash = "sha256:{sha256}"}}]

[metadata]
lock-version = "2.1"
python-versions = ">=3.10"
content-hash = "{sha256}"
"""


def _version(project: Project, name: str) -> str:
    return _versions(project)[name]


def test_the_pins_of_another_lock_are_kept(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", pip=("moo-words",)))
    project.succeed("lock")
    newest = _version(project, "moo-words")
    assert newest != "1.0"
    project.write("poetry.lock", _POETRY.format(version="1.0", sha256="1" * 64))
    project.succeed("lock", "--from", "poetry.lock")
    assert _version(project, "moo-words") == "1.0"
    assert project.run("check").stdout == "fresh\n"
    project.succeed("lock")  # a fresh lock stays as it is
    assert _version(project, "moo-words") == "1.0"


def test_pins_that_do_not_satisfy_are_let_go(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", pip=("moo-words>1.0",)))
    project.write("poetry.lock", _POETRY.format(version="1.0", sha256="1" * 64))
    project.succeed("lock", "--from", "poetry.lock")
    assert _version(project, "moo-words") != "1.0"


def test_conda_packages_with_an_md5_alone_are_pins_too(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", "greeter<1.2"))
    project.succeed("lock")
    pinned = _version(project, "greeter")
    project.succeed("export", "explicit-md5", "-o", "conda-linux-64.md5.lock", "--no-evidence")
    project.lockfile.unlink()
    project.write("environment.yml", environment_yml("python", "greeter"))
    project.succeed("lock", "--from", "conda-linux-64.md5.lock")
    kept = _version(project, "greeter")
    project.succeed("lock", "--upgrade")
    assert (kept, _version(project, "greeter") != pinned) == (pinned, True)


def test_from_and_upgrade_contradict_each_other(locked: Project) -> None:
    assert locked.fail("lock", "--upgrade", "--from", "uv.lock") == (
        "error: --from and --upgrade do not go together\nhint: leave one of them out\n"
    )


def test_a_lock_to_take_pins_from_must_be_there(locked: Project) -> None:
    assert "poetry.lock: there is no such lock" in locked.fail("lock", "--from", "poetry.lock")
