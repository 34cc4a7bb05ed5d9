"""``check`` finds what was edited, by hand or in the manifest, and says it with the line; it asks no network."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.cli.project import CHANNEL, Project, environment_yml

_BEFORE = environment_yml("python", "greeter", pip=("cowtalk[loud]",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    about: str
    reasons: tuple[str, ...]
    manifest: str = _BEFORE
    lock: Callable[[str], str] = str
    arguments: tuple[str, ...] = ()


def _row(name: str) -> re.Pattern[str]:
    return re.compile(rf"- name: {name}\n(?:  .*\n)+")


def _without(name: str) -> Callable[[str], str]:
    return lambda text: _row(name).sub("", text)


def _with_another(name: str, copy_of: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        row = _row(copy_of).search(text)
        assert row is not None
        return text + row.group().replace(copy_of, name)

    return edit


def _with_version(name: str, old: str, new: str) -> Callable[[str], str]:
    return lambda text: _row(name).sub(lambda row: row.group().replace(f'"{old}"', f'"{new}"'), text)


CASES = (
    Drift(
        about="a spec edited",
        manifest=environment_yml("python", "greeter <1.2", pip=("cowtalk[loud]",)),
        reasons=("environment.yml:5: greeter <1.2 is asked for, and greeter 1.2.0 pyh0_0 is locked (linux-64)",),
    ),
    Drift(
        about="a requirement edited",
        manifest=environment_yml("python", "greeter", pip=("cowtalk[loud]", "shout<0.6")),
        reasons=("environment.yml:8: shout<0.6 is asked for, and shout 0.6 is locked (linux-64)",),
    ),
    Drift(
        about="a spec added",
        manifest=environment_yml("python", "greeter", "libhello", pip=("cowtalk[loud]",)),
        reasons=("environment.yml:6: libhello is asked for and not locked (linux-64)",),
    ),
    Drift(
        about="a requirement added",
        manifest=environment_yml("python", "greeter", pip=("cowtalk[loud]", "winter-coat")),
        reasons=("environment.yml:8: winter-coat is asked for and not locked (linux-64)",),
    ),
    Drift(
        about="a spec removed",
        manifest=environment_yml("python", pip=("cowtalk[loud]",)),
        reasons=(
            "greeter is locked, and nothing asks for it (linux-64)",
            "greetings-data is locked, and nothing asks for it (linux-64)",
        ),
    ),
    Drift(
        about="a conda package removed from the lock",
        lock=_without("greetings-data"),
        reasons=("greeter needs greetings-data, which is not locked (linux-64)",),
    ),
    Drift(
        about="a wheel removed from the lock",
        lock=_without("moo-words"),
        reasons=("cowtalk needs moo-words, which is not locked (linux-64)",),
    ),
    Drift(
        about="a conda package added to the lock",
        lock=_with_another("stowaway", copy_of="greetings-data"),
        reasons=("stowaway is locked, and nothing asks for it (linux-64)",),
    ),
    Drift(
        about="a wheel added to the lock",
        lock=_with_another("stowaway", copy_of="moo-words"),
        reasons=("stowaway is locked, and nothing asks for it (linux-64)",),
    ),
    Drift(
        about="the version of a conda package edited in the lock",
        lock=_with_version("greetings-data", "2.0", "1.0"),
        reasons=("greeter needs greetings-data >=2.0, and greetings-data 1.0 0 is locked (linux-64)",),
    ),
    Drift(
        about="the version of a wheel edited in the lock",
        lock=_with_version("moo-words", "1.1", "0.9"),
        reasons=("cowtalk needs moo-words >=1, and moo-words 0.9 is locked (linux-64)",),
    ),
    Drift(
        about="a platform added",
        arguments=("-p", "linux-64", "-p", "osx-arm64"),
        reasons=("the platform is not locked (osx-arm64)",),
    ),
    Drift(
        about="a platform taken away",
        arguments=("-p", "osx-arm64"),
        reasons=(
            "the platform is not locked (osx-arm64)",
            "the platform is locked but no longer asked for (linux-64)",
        ),
    ),
    Drift(
        about="a channel changed",
        arguments=("-c", "https://conda.example.org/samebox-golden"),
        reasons=("the channels are https://conda.example.org/samebox-golden, and the lock was made from " + CHANNEL,),
    ),
    Drift(
        about="a variable changed",
        manifest=_BEFORE + "variables:\n  MOOD: calm\n",
        reasons=("the variables are not those that the lock holds",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_drift_is_found_and_told(case: Drift, locked: Project) -> None:
    locked.write("environment.yml", case.manifest)
    text = locked.lockfile.read_text()
    locked.lockfile.write_text(case.lock(text))
    before = locked.lock_bytes()
    outcome = locked.run("check", *case.arguments)
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    mended_by = " ".join(("samebox", "lock", *case.arguments))
    assert outcome.stderr.splitlines() == [*case.reasons, f"hint: `{mended_by}` mends it"]
    assert locked.lock_bytes() == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_lock_mends_what_check_finds(case: Drift, locked: Project) -> None:
    locked.write("environment.yml", case.manifest)
    locked.lockfile.write_text(case.lock(locked.lockfile.read_text()))
    locked.succeed("lock", *case.arguments)
    outcome = locked.run("check", *case.arguments)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "fresh\n", "")


def test_without_evidence_what_extras_were_locked_is_unknown(locked: Project) -> None:
    _strip_evidence(locked)
    outcome = locked.run("check")
    assert (outcome.code, outcome.stdout) == (1, "unknown\n")
    assert outcome.stderr.splitlines()[0] == (
        "environment.yml:7: whether cowtalk[loud] was locked with its extras is not kept in this lock (linux-64)"
    )


def test_without_evidence_and_extras_a_lock_is_fresh(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk",)))
    project.succeed("lock")
    _strip_evidence(project)
    assert project.run("check").stdout == "fresh\n"


def _strip_evidence(project: Project) -> None:
    text, count = re.subn(r"  custom_metadata:\n(?:    .*\n)+", "", project.lockfile.read_text())
    assert count == 1
    project.lockfile.write_text(text)


def test_lines_that_move_leave_a_lock_fresh(locked: Project) -> None:
    locked.write("environment.yml", "# a comment\n" + _BEFORE)
    before = locked.lock_bytes()
    assert locked.run("check").stdout == "fresh\n"
    locked.succeed("lock")
    assert locked.lock_bytes() == before


def test_check_asks_no_network_and_reads_no_cache(locked: Project) -> None:
    locked.write("samebox.toml", locked.settings.replace('= "/', '= "/nowhere'))
    assert locked.run("check", environ={"SAMEBOX_CACHE_DIR": "/dev/null/nowhere"}).stdout == "fresh\n"
