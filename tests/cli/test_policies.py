"""Settings that decide what may be locked: what they leave out is told, kept in the evidence, and checked later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolver.locks.files import read_lock
from resolver.model import Evidence
from tests.cli.conftest import MakeProject
from tests.cli.project import CHANNEL, INDEX, Project, environment_yml
from tests.conda.worlds import record, write_channel

_DAY = 86_400_000
_2024 = 1_704_067_200_000


def _set(project: Project, line: str) -> None:
    project.write("samebox.toml", f"{line}\n{project.settings}")


def _evidence(project: Project) -> Evidence:
    evidence = read_lock(project.lockfile).evidence
    assert evidence is not None
    return evidence


# ------------------------------------------------------------------------------------------------ filters


def test_a_new_filter_makes_a_lock_stale_that_holds_what_it_hides(locked: Project) -> None:
    _set(locked, 'repodata-filters = ["greeter >=1.2"]')
    outcome = locked.run("check")
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr.splitlines() == [
        "repodata-filters leave out greeter >=1.2, and greeter 1.2.0 pyh0_0 is locked (linux-64)",
        "hint: `samebox lock` mends it",
    ]
    locked.succeed("lock")
    assert "greeter-1.0.0" in locked.lockfile.read_text()
    assert locked.run("check").stdout == "fresh\n"
    assert _evidence(locked).repodata_filters == ("greeter >=1.2",)


@pytest.mark.parametrize("filters", ['["greeter <1.2"]', '["unheard-of"]', '["*[subdir=win-64]"]', "[]"])
def test_a_filter_that_hides_nothing_of_a_lock_leaves_it_fresh(locked: Project, filters: str) -> None:
    before = locked.lock_bytes()
    _set(locked, f"repodata-filters = {filters}")
    assert locked.run("check").stdout == "fresh\n"
    locked.succeed("lock")
    assert locked.lock_bytes() == before


def test_a_filter_that_is_gone_leaves_a_lock_fresh(locked: Project) -> None:
    _set(locked, 'repodata-filters = ["greeter >=1.2"]')
    locked.succeed("lock")
    locked.write("samebox.toml", locked.settings)
    assert locked.run("check").stdout == "fresh\n"


def test_what_a_lock_does_not_keep_is_judged_by_the_filters_it_was_made_with(locked: Project) -> None:
    _set(locked, 'repodata-filters = ["greet*[license=GPL]"]')
    outcome = locked.run("check")
    assert (outcome.code, outcome.stdout) == (1, "unknown\n")
    assert outcome.stderr.splitlines()[0] == (
        "whether greeter 1.2.0 pyh0_0 is one of greet*[license=GPL], which repodata-filters leave out, is not kept "
        "in a lock (linux-64)"
    )
    locked.succeed("lock")
    assert locked.run("check").stdout == "fresh\n"


@pytest.mark.parametrize("command", ["lock", "check"])
def test_what_is_no_match_spec_is_told_with_the_file(locked: Project, command: str) -> None:
    _set(locked, 'repodata-filters = ["greeter >="]')
    assert locked.fail(command).startswith("error: samebox.toml: repodata-filters: 'greeter >=' is no MatchSpec: ")


# ------------------------------------------------------------------------------------------------ formats


def test_only_what_a_lock_holds_is_ruled_out_by_a_format(locked: Project) -> None:
    before = locked.lock_bytes()
    _set(locked, 'only-binary = [":all:"]')
    assert locked.run("check").stdout == "fresh\n"
    locked.succeed("lock")
    assert locked.lock_bytes() == before
    outcome = locked.run("check", "--no-binary", "shout")
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr.splitlines()[0] == "shout is locked as a wheel, which no-binary rules out (linux-64)"
    assert locked.run("check", "--no-binary", "greeter").stdout == "fresh\n"


# ------------------------------------------------------------------------------------------------ indexes


def test_another_index_makes_a_lock_stale(locked: Project) -> None:
    assert _evidence(locked).index_url == INDEX
    outcome = locked.run("check", "--index-url", "https://other.example.org/simple/")
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr.splitlines()[0] == (
        "cowtalk is to come from https://other.example.org/simple, and was locked from https://pypi.example.org/simple"
    )


def test_an_index_that_is_asked_first_makes_a_lock_stale_until_it_was_asked(locked: Project) -> None:
    extra = "https://pypi.example.org/private/"
    options = ("--extra-index-url", extra)
    outcome = locked.run("check", *options)
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr.splitlines()[0] == (
        "https://pypi.example.org/private is asked before https://pypi.example.org/simple now, and was not when the "
        "lock was made"
    )
    before = read_lock(locked.lockfile).platforms
    locked.succeed("lock", *options)
    assert read_lock(locked.lockfile).platforms == before
    assert locked.run("check", *options).stdout == "fresh\n"
    assert locked.run("check").stdout == "fresh\n"


# ----------------------------------------------------------------------------------------- unknown extras


def test_an_unknown_extra_is_locked_with_a_warning(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", pip=("cowtalk[lod]", "shout[x]")))
    told = project.succeed("lock").told.splitlines()
    assert told[-2:] == [
        "warning: environment.yml:6: cowtalk 1.0 has no extra lod; it has loud",
        "warning: environment.yml:7: shout 0.6 has no extra x; it has none",
    ]
    body = project.succeed("lock", "--json", "--upgrade").json
    assert body["warnings"] == [line.removeprefix("warning: ") for line in told[-2:]]


def test_an_extra_that_is_there_is_no_reason_to_warn(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", pip=("cowtalk[Loud]",)))
    assert "warning" not in project.succeed("lock").told


# -------------------------------------------------------------------------------------- times of a cut-off


@pytest.mark.parametrize(
    ("upload_times", "expected"),
    [
        ({}, (("build time", ()),)),
        ({"one": _2024, "three": _2024}, (("upload time", ()), ("build time", ("two",)))),
        ({"one": _2024}, (("build time", ()), ("upload time", ("one",)))),
    ],
)
def test_a_lock_says_which_times_decided(
    tmp_path: Path, make_project: MakeProject, upload_times: dict[str, int], expected: tuple[tuple[str, Any], ...]
) -> None:
    names = ("one", "two", "three")
    rows = [record(name, timestamp=_2024, indexed_timestamp=upload_times.get(name)) for name in names]
    write_channel(tmp_path / "channels" / CHANNEL.rpartition("/")[2], {"noarch": rows})
    project = make_project(channels=str(tmp_path / "channels"))
    project.write("environment.yml", environment_yml(*names))
    project.succeed("lock")
    assert _evidence(project).cut_off_times == ()
    project.lockfile.unlink()
    project.succeed("lock", "--exclude-newer", "2024-02-01")
    assert _evidence(project).cut_off_times == (("linux-64", expected),)


def test_a_lock_says_what_had_no_time(tmp_path: Path, make_project: MakeProject) -> None:
    rows = [
        record("one", timestamp=None),
        record("two", timestamp=_2024),
        record("two", "2.0", timestamp=_2024 + 99 * _DAY),
    ]
    write_channel(tmp_path / "channels" / CHANNEL.rpartition("/")[2], {"noarch": rows})
    project = make_project(channels=str(tmp_path / "channels"))
    project.write("environment.yml", environment_yml("one", "two"))
    project.succeed("lock", "--exclude-newer", "2024-02-01", "--missing-time", "take")
    assert _evidence(project).cut_off_times == (("linux-64", (("build time", ()), ("no time", ("one",)))),)


def test_an_unknown_extra_of_a_wheel_by_its_place_is_told_too(project: Project, fixture_index: Path) -> None:
    wheel = next(fixture_index.rglob("cowtalk-1.0-*.whl"))
    project.write("requirements.in", f"cowtalk[lod] @ {wheel.as_uri()}\n")
    told = project.succeed("lock", "-f", "requirements.in", "--python", "3.12").told.splitlines()
    assert told[-1] == "warning: requirements.in:1: cowtalk 1.0 has no extra lod; it has loud"


def test_what_came_from_a_folder_of_files_is_told_without_its_place(project: Project, fixture_index: Path) -> None:
    folder = next(fixture_index.rglob("cowtalk-1.0-*.whl")).parent
    project.write("requirements.in", "cowtalk\n")
    options = ("-f", "requirements.in", "--python", "3.12")
    project.succeed("lock", *options, "--find-links", str(folder))
    (source,) = _evidence(project).project_indexes
    assert source[0] == "find-links"
    assert "cowtalk" in source[1]
    assert project.run("check", *options, "--find-links", str(folder)).stdout == "fresh\n"
    outcome = project.run("check", *options)
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    told = "cowtalk is to come from https://pypi.example.org/simple, and was locked from find-links"
    assert told in outcome.stderr.splitlines()
