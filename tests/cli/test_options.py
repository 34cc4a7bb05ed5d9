"""What each option of ``lock`` changes, and what it leaves alone."""

from __future__ import annotations

import os
from pathlib import Path
from platform import python_version

import pytest

from tests.cli.project import CHANNEL, Project, environment_yml
from tests.conda.worlds import record, write_channel

_OLD = 1_000_000_000
"""An mtime in seconds that no run of today gives a file."""


def _packages(project: Project, name: str = "conda-lock.yml") -> list[str]:
    """``PLATFORM NAME VERSION`` for each row of the lock."""
    rows: list[str] = []
    for line in (project.folder / name).read_text().partition("package:")[2].splitlines():
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        if key == "name":
            rows.append(value)
        elif key == "version":
            rows[-1] += f" {value.strip(chr(34))}"
        elif key == "platform":
            rows[-1] = f"{value} {rows[-1]}"
    return rows


def test_a_satisfied_lock_is_not_rewritten(locked: Project) -> None:
    os.utime(locked.lockfile, (_OLD, _OLD))
    before = locked.lock_bytes()
    locked.succeed("lock")
    assert (locked.lock_bytes(), locked.lockfile.stat().st_mtime) == (before, _OLD)


def test_upgrade_solves_again(project: Project) -> None:
    project.write("environment.yml", environment_yml("greeter 1.0.*", "greetings-data 1.*"))
    project.succeed("lock")
    project.write("environment.yml", environment_yml("greeter", "greetings-data"))
    before = project.lock_bytes()
    assert project.succeed("lock").told.startswith("conda-lock.yml is up to date\n")
    assert project.lock_bytes() == before
    assert project.succeed("lock", "--upgrade").told.startswith("conda-lock.yml written\n")
    assert {"linux-64 greeter 1.2.0", "linux-64 greetings-data 2.0"} <= set(_packages(project))


def test_upgrade_that_changes_nothing_writes_nothing(locked: Project) -> None:
    os.utime(locked.lockfile, (_OLD, _OLD))
    assert locked.succeed("lock", "-U").told.startswith("conda-lock.yml is up to date\n")
    assert locked.lockfile.stat().st_mtime == _OLD


def test_dry_run_writes_nothing(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    outcome = project.succeed("lock", "--dry-run")
    assert outcome.told == "conda-lock.yml would change (dry run)\n  linux-64: 1 packages\n"
    assert sorted(path.name for path in project.folder.iterdir()) == ["environment.yml", "samebox.toml"]
    project.succeed("lock")
    assert outcome.stdout == project.succeed("digest").stdout


def test_platforms_of_the_command_line_win(project: Project) -> None:
    project.write("environment.yml", "platforms: [win-64]\n" + environment_yml("libhello"))
    project.succeed("lock", "-p", "osx-64", "-p", "linux-aarch64")
    assert _packages(project) == ["linux-aarch64 libhello 1.1", "osx-64 libhello 1.1"]
    project.succeed("lock")
    assert _packages(project) == ["win-64 libhello 1.1"]


def test_channels_of_the_command_line_win(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", channel="https://conda.example.org/nowhere"))
    project.succeed("lock", "-c", "https://conda.example.org/samebox-golden", "-c", CHANNEL)
    assert _packages(project) == ["linux-64 python 3.12.4"]
    project.succeed("lock", "-c", CHANNEL, "-c", "https://conda.example.org/samebox-golden")
    assert _packages(project) == [f"linux-64 python {python_version()}"]


def test_the_lockfile_of_the_command_line_is_relative_to_the_working_folder(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    below = project.folder / "below"
    below.mkdir()
    outcome = project.run("lock", "--directory", "..", "--lockfile", "my.conda-lock.yml", cwd=below)
    assert outcome.code == 0, outcome.stderr
    assert [path.name for path in below.iterdir()] == ["my.conda-lock.yml"]
    assert not project.lockfile.exists()


def test_a_manifest_elsewhere_brings_its_folder(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    outcome = project.run("lock", "-f", str(project.folder / "environment.yml"), cwd=project.home)
    assert outcome.code == 0, outcome.stderr
    assert project.lockfile.exists()
    assert b"environment.yml" in (project.lock_bytes() or b"") and str(project.folder).encode() not in (
        project.lock_bytes() or b""
    )


def test_a_virtual_package_decides_what_is_chosen(project: Project) -> None:
    project.write("environment.yml", environment_yml("number-kernel"))
    project.succeed("lock")
    assert "number-kernel-2024a-plain_0" in project.lockfile.read_text()
    project.succeed("lock", "--virtual-package", "linux-64:__cuda=12.4")
    assert "number-kernel-2024a-cuda_1" in project.lockfile.read_text()


def test_conda_override_variables_are_heard(project: Project) -> None:
    project.write("environment.yml", environment_yml("hello-tool", "number-kernel"))
    project.succeed("lock", environ={"CONDA_OVERRIDE_CUDA": "12.4"})
    assert "number-kernel-2024a-cuda_1" in project.lockfile.read_text()
    told = project.fail("lock", "--upgrade", environ={"CONDA_OVERRIDE_GLIBC": "2.12"})
    assert "conda's hello-tool 0.9 needs __glibc >=2.17" in told
    # an empty value takes the package away, as it does for conda
    assert "__glibc" in project.fail("lock", "--upgrade", environ={"CONDA_OVERRIDE_GLIBC": ""})


@pytest.mark.parametrize("command", ["lock", "check"])
def test_a_variable_of_conda_that_holds_no_version_is_refused(project: Project, command: str) -> None:
    project.write("environment.yml", environment_yml("number-kernel"))
    project.succeed("lock")
    told = project.fail(command, environ={"CONDA_OVERRIDE_GLIBC": "abc"})
    assert told == (
        "error: CONDA_OVERRIDE_GLIBC: 'abc' is no version in numbers, as 2.28\n"
        "hint: an empty value takes __glibc away; unset it for the default\n"
    )


def test_the_version_of_a_virtual_package_is_judged_where_it_is_written(project: Project) -> None:
    project.write("environment.yml", environment_yml("number-kernel"))
    told = project.fail("lock", "--virtual-package", "linux-64:__cuda=new")
    assert told == "error: --virtual-package linux-64:__cuda=new: 'new' is no version in numbers, as 12.4\n"
    project.write("samebox.toml", f'{project.settings}[virtual-packages.linux-64]\n__glibc = "abc"\n')
    told = project.fail("lock")
    assert told.startswith("error: samebox.toml:9: virtual-packages.linux-64.__glibc: 'abc' is no version in numbers")


def test_a_virtual_package_that_is_another_makes_a_lock_stale(project: Project) -> None:
    project.write("environment.yml", environment_yml("number-kernel"))
    project.succeed("lock")
    changed = ("--virtual-package", "linux-64:__cuda=12.4")
    outcome = project.run("check", *changed)
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr.splitlines()[0] == (
        "the lock was made for other virtual packages: __cuda 12.4 is not among them (linux-64)"
    )
    project.succeed("lock", *changed)
    assert "number-kernel-2024a-cuda_1" in project.lockfile.read_text()
    assert project.run("check", *changed).stdout == "fresh\n"
    outcome = project.run("check")
    assert (outcome.code, outcome.stderr.splitlines()[0]) == (
        1,
        "the lock was made for the virtual package __cuda 12.4, which is gone (linux-64)",
    )


def test_a_cut_off_limits_both_worlds_and_is_kept_as_an_instant(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", "greeter", pip=("moo-words",)))
    project.succeed("lock")
    newest = _packages(project)
    first_days = "2024-01-16T00:00:00+02:00"
    outcome = project.run("check", "--exclude-newer", first_days)
    assert (outcome.code, outcome.stderr.splitlines()[0]) == (
        1,
        "nothing newer than 2024-01-15T22:00:00Z is wanted, and the lock was made without a cut-off",
    )
    project.succeed("lock", "--exclude-newer", first_days)
    older = _packages(project)
    assert {"linux-64 greeter 1.2.0", "linux-64 moo-words 1.1"} <= set(newest)
    assert {"linux-64 greeter 1.0.0", "linux-64 moo-words 1.0"} <= set(older)
    assert "2024-01-15T22:00:00Z" in project.lockfile.read_text()
    # what is older than that instant is older than a later one too, and a span begins where it is read
    for cut_off, code in ((first_days, 0), ("2024-02-01", 0), ("7 days", 0), ("2024-01-10", 1)):
        assert project.run("check", "--exclude-newer", cut_off).code == code, cut_off
    assert project.run("check").code == 0


def test_python_of_the_command_line_chooses_the_wheels(project: Project) -> None:
    project.write("requirements.in", 'winter-coat; python_version < "3.12"\nshout; python_version >= "3.12"\n')
    project.succeed("lock", "--python", "3.11")
    assert _packages(project) == ["linux-64 winter-coat 1.0"]
    project.succeed("lock", "--python", "3.12")
    assert _packages(project) == ["linux-64 shout 0.6"]


def test_the_channel_priority(project: Project, tmp_path: Path) -> None:
    """From the settings, under an option; a lock that was made with another one is stale."""
    other = "https://conda.example.org/other"
    channels = tmp_path / "channels"
    write_channel(channels / "samebox-fixtures", {"linux-64": [record("lib", "1.0")]})
    write_channel(channels / "other", {"linux-64": [record("lib", "2.0")]})
    rules = project.settings.partition('"https://conda.example.org"')
    mirrored = f'{rules[0]}"https://conda.example.org" = "{channels}"\n'
    project.write("samebox.toml", f'channel-priority = "disabled"\n{mirrored}')
    project.write("environment.yml", f"channels: ['{CHANNEL}', '{other}']\ndependencies: [lib]\n")
    project.succeed("lock")
    assert _packages(project) == ["linux-64 lib 2.0"]
    assert project.succeed("check").stdout == "fresh\n"
    stale = project.run("check", "--channel-priority", "strict")
    assert stale.stderr.splitlines()[0] == ("the lock was made with channel-priority = disabled, and strict is wanted")
    project.succeed("lock", "--channel-priority", "strict")
    assert _packages(project) == ["linux-64 lib 1.0"]
    project.write("samebox.toml", f'channel-priority = "lax"\n{mirrored}')
    assert project.fail("lock").startswith("error: samebox.toml:1: channel-priority")
