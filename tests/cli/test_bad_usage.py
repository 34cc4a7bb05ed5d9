"""What is wrong on the command line or in the settings is told with the nearest thing that is right."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    about: str
    arguments: tuple[str, ...]
    told: tuple[str, ...]
    settings: str = ""
    environ: tuple[tuple[str, str], ...] = ()


USAGE = (
    Bad(
        about="command",
        arguments=("lok",),
        told=("error: there is no command 'lok'", "hint: did you mean lock?"),
    ),
    Bad(
        about="command like no other",
        arguments=("zzz",),
        told=("error: there is no command 'zzz'", "hint: samebox --help lists them"),
    ),
    Bad(
        about="option",
        arguments=("lock", "--platfrm", "linux-64"),
        told=("error: samebox lock: unrecognized arguments: --platfrm linux-64", "hint: did you mean --platform?"),
    ),
    Bad(
        about="abbreviated option",
        arguments=("lock", "--off"),
        told=("error: samebox lock: unrecognized arguments: --off", "hint: did you mean --offline?"),
    ),
    Bad(
        about="option without its value",
        arguments=("lock", "--lockfile"),
        told=(
            "error: samebox lock: argument --lockfile: expected one argument",
            "hint: `samebox lock --help` lists what it takes",
        ),
    ),
    Bad(
        about="output that is missing",
        arguments=("export", "docker"),
        told=(
            "error: samebox export: the following arguments are required: -o/--output",
            "hint: `samebox export --help` lists what it takes",
        ),
    ),
    Bad(
        about="platform",
        arguments=("lock", "-p", "linux-46"),
        told=("error: --platform: unknown platform 'linux-46'; did you mean linux-64 or linux-ppc64le?",),
    ),
    Bad(
        about="channel",
        arguments=("lock", "-c", "two words"),
        told=("error: --channel: not a channel name: 'two words'",),
    ),
    Bad(
        about="index",
        arguments=("lock", "--index-url", "simple"),
        told=(
            "error: --index-url: expected a URL, got 'simple'",
            "hint: a folder is written as file:///…, or in [mirrors]",
        ),
    ),
    Bad(
        about="Python",
        arguments=("lock", "--python", "2"),
        told=("error: --python: expected a Python version, got '2'", 'hint: write "3.12" or "3.12.7"'),
    ),
    Bad(
        about="cut-off",
        arguments=("lock", "--exclude-newer", "yesterday"),
        told=(
            "error: --exclude-newer: not an instant, a date or a span: 'yesterday'",
            "hint: write 2026-01-31T12:00:00Z, 2026-01-31, or a span such as '7 days'",
        ),
    ),
    Bad(
        about="virtual package",
        arguments=("lock", "--virtual-package", "linux-64:cuda=12"),
        told=(
            "error: --virtual-package linux-64:cuda=12: not of the form PLATFORM:NAME=VERSION",
            "hint: write linux-64:__cuda=12.4",
        ),
    ),
    Bad(
        about="virtual package of an unknown platform",
        arguments=("lock", "--virtual-package", "linux-46:__cuda=12"),
        told=("error: --virtual-package: unknown platform 'linux-46'; did you mean linux-64 or linux-ppc64le?",),
    ),
    Bad(
        about="environment without any",
        arguments=("lock", "-e", "gpu"),
        told=("error: no environment 'gpu' in the settings", "hint: there is no [environments] table"),
    ),
    Bad(
        about="environment",
        arguments=("lock", "-e", "gpus"),
        settings="[environments.gpu]\n",
        told=("error: no environment 'gpus' in the settings", "hint: did you mean gpu?"),
    ),
    Bad(
        about="group of a whole lock",
        arguments=("digest", "-g", "dev"),
        told=("error: --group selects part of one platform", "hint: give the platform too: -p linux-64"),
    ),
    Bad(
        about="platform that is not locked",
        arguments=("digest", "-p", "win-64"),
        told=("error: the lock has no platform win-64", "hint: it has: linux-64"),
    ),
    Bad(
        about="group that is not locked",
        arguments=("digest", "-p", "linux-64", "-g", "dev"),
        told=("error: the lock has no group dev", "hint: it has: main"),
    ),
    Bad(
        about="SOURCE_DATE_EPOCH",
        arguments=("export", "docker", "-o", "-"),
        environ=(("SOURCE_DATE_EPOCH", "today"),),
        told=("error: SOURCE_DATE_EPOCH is 'today'", "hint: it is a number of seconds since 1970"),
    ),
    Bad(
        about="name of a lock file",
        arguments=("lock", "--lockfile", "locked.txt"),
        told=(
            "error: {folder}/locked.txt: the name of this file is none that locks have",
            (
                "hint: known are conda-lock (conda-lock.yml), pixi (pixi.lock), pixi-v7, pylock (pylock.toml), "
                "explicit-md5 (conda-*.md5.lock), explicit (conda-*.lock), requirements (requirements.txt), "
                "uv (uv.lock), poetry (poetry.lock), pdm (pdm.lock)"
            ),
        ),
    ),
    Bad(
        about="setting",
        arguments=("lock",),
        settings="chanels = []\n",
        told=("error: samebox.toml:{line}: chanels: unknown key 'chanels'", "hint: did you mean channels?"),
    ),
    Bad(
        about="setting of an environment",
        arguments=("lock", "-e", "gpu"),
        settings="[environments.gpu]\nplatform = []\n",
        told=(
            "error: samebox.toml:{line}: environments.gpu.platform: unknown key 'platform'",
            "hint: did you mean platforms?",
        ),
    ),
)


@pytest.mark.parametrize("case", USAGE, ids=lambda case: case.about)
def test_a_wrong_usage_is_refused(case: Bad, locked: Project) -> None:
    locked.write("samebox.toml", _with(locked.settings, case.settings))
    line = len((locked.folder / "samebox.toml").read_text().splitlines()) if "environments" in case.settings else 1
    told = locked.fail(*case.arguments, environ=dict(case.environ))
    expected = [text.replace("{folder}", str(locked.folder)).replace("{line}", str(line)) for text in case.told]
    assert told.splitlines() == expected


def _with(settings: str, more: str) -> str:
    """A table goes after the rest, a key before it."""
    return settings + more if more.startswith("[") else more + settings


def test_settings_in_two_files_are_refused(locked: Project) -> None:
    locked.write("pyproject.toml", '[project]\nname = "x"\n\n[tool.samebox]\nplatforms = ["osx-arm64"]\n')
    assert locked.fail("lock") == (
        "error: pyproject.toml:5: tool.samebox: settings stand in samebox.toml and here too (platforms)\n"
        "hint: keep them in one of the two files\n"
    )


def test_without_a_command_the_help_is_shown_and_the_code_is_2(project: Project) -> None:
    bare, asked = project.run(), project.run("--help")
    assert (bare.code, asked.code) == (2, 0)
    assert bare.stdout == asked.stdout
    assert asked.stdout.startswith("usage: samebox COMMAND [OPTIONS]\n")
