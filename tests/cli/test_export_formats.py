"""``export FORMAT``: what is written, what is not rewritten, and what is said of a loss."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import resolver
from resolver.cli.export import _READ_ONLY
from resolver.locks.formats import FORMATS
from tests.cli.conftest import MakeProject
from tests.cli.project import CHANNEL, Project, environment_yml

_OLD = 1_000_000_000
"""An mtime in seconds that no run of today gives a file."""

_PYPROJECT = f"""\
[project]
name = "cows"
version = "1"
dependencies = ["cowtalk"]

[dependency-groups]
dev = ["shout"]

[tool.samebox.conda]
channels = ["{CHANNEL}"]
dependencies = ["python"]
"""


@pytest.fixture
def both(make_project: MakeProject) -> Project:
    """Locked for two platforms: conda packages and wheels."""
    project = make_project(platforms=("linux-64", "osx-arm64"))
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk[loud]",)))
    project.succeed("lock")
    return project


@pytest.fixture
def wheels(make_project: MakeProject) -> Project:
    """Locked for two platforms, wheels only."""
    project = make_project(platforms=("linux-64", "osx-arm64"))
    project.write("requirements.in", "cowtalk[loud]\n")
    project.succeed("lock")
    return project


def _files(project: Project) -> list[str]:
    return sorted(path.name for path in project.folder.iterdir())


def _digest(project: Project, name: str) -> str:
    return project.succeed("digest", name).stdout


# ---------------------------------------------------------------------------------------------- what is written


def test_the_formats_that_are_only_read_are_known() -> None:
    assert set(_READ_ONLY) == {lock_format.name for lock_format in FORMATS if lock_format.write is None}


def test_a_lock_in_another_format_is_the_same_lock(both: Project) -> None:
    outcome = both.succeed("export", "pixi", "-o", "pixi.lock")
    assert (outcome.stdout, outcome.told) == (
        "",
        "pixi.lock written (linux-64: 6 packages; osx-arm64: 6 packages)\n",
    )
    assert _digest(both, "pixi.lock") == _digest(both, "conda-lock.yml")
    both.succeed("export", "conda-lock", "pixi.lock", "-o", "again.conda-lock.yml")
    assert (both.folder / "again.conda-lock.yml").read_bytes() == both.lock_bytes()  # evidence and all


def test_wheels_in_each_format_that_takes_them(wheels: Project) -> None:
    expected = _digest(wheels, "conda-lock.yml")
    for name, file_name in (("pylock", "pylock.toml"), ("requirements", "requirements.txt"), ("pixi", "pixi.lock")):
        wheels.succeed("export", name, "-o", file_name)
        assert _digest(wheels, file_name) == expected
        assert wheels.run("check", "--lockfile", file_name, "-f", "requirements.in").stdout == "fresh\n"


def test_without_evidence_there_is_one_file(wheels: Project) -> None:
    wheels.succeed("export", "requirements", "-o", "requirements.txt", "--no-evidence")
    assert "requirements.txt.evidence.json" not in _files(wheels)
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    assert "requirements.txt.evidence.json" in _files(wheels)


def test_stdout_takes_the_text_and_nothing_else(wheels: Project) -> None:
    before = _files(wheels)
    outcome = wheels.succeed("export", "requirements", "-o", "-")
    assert _files(wheels) == before
    assert outcome.told == ""
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    assert outcome.stdout == (wheels.folder / "requirements.txt").read_text()


def test_one_platform(both: Project) -> None:
    both.succeed("export", "conda-lock", "-o", "linux.conda-lock.yml", "-p", "linux-64")
    lock = resolver.read_lock(both.folder / "linux.conda-lock.yml")
    assert [p.platform for p in lock.platforms] == ["linux-64"]
    digest = both.succeed("digest", "-p", "linux-64").stdout
    assert both.succeed("digest", "-p", "linux-64", "linux.conda-lock.yml").stdout == digest
    assert both.fail("export", "conda-lock", "-o", "x.conda-lock.yml", "-p", "win-64") == (
        "error: the lock has no platform win-64\nhint: it has: linux-64, osx-arm64\n"
    )


def test_a_file_for_each_platform(both: Project) -> None:
    told = both.fail("export", "explicit", "-o", "conda.lock")
    assert told.splitlines()[1] == (
        "hint: name one platform with -p, or write a file for each: -o 'NAME-{platform}.lock'"
    )
    outcome = both.succeed("export", "explicit", "-o", "conda-{platform}.lock")
    assert outcome.told == (
        "conda-linux-64.lock written (linux-64: 6 packages)\nconda-osx-arm64.lock written (osx-arm64: 6 packages)\n"
    )
    (both.folder / "conda-osx-arm64.lock").unlink()
    checked = both.run("export", "explicit", "-o", "conda-{platform}.lock", "--check", "--no-evidence")
    assert (checked.code, checked.stdout) == (1, "stale\n")
    assert checked.told == (
        "conda-osx-arm64.lock does not exist\n"
        "hint: `samebox export explicit -o 'conda-{platform}.lock' --no-evidence` mends it\n"
    )
    both.succeed("export", "explicit", "-o", "conda-{platform}.lock")
    for platform in ("linux-64", "osx-arm64"):
        digest = both.succeed("digest", "-p", platform).stdout
        assert both.succeed("digest", "-p", platform, f"conda-{platform}.lock").stdout == digest


def test_groups(make_project: MakeProject) -> None:
    project = make_project()
    project.write("pyproject.toml", _PYPROJECT)
    project.succeed("lock")
    outcome = project.succeed("export", "pixi", "-o", "pixi.lock")
    assert outcome.told == (
        "note: pixi has no groups, and holds main alone; left out: dev (see -g)\n"
        "pixi.lock written (linux-64: 3 packages)\n"
    )
    outcome = project.succeed("export", "pixi", "-o", "pixi.lock", "-g", "main", "-g", "dev")
    assert outcome.told == "pixi.lock written (linux-64: 4 packages)\n"
    both = project.succeed("digest", "-p", "linux-64", "-g", "dev").stdout
    assert project.succeed("digest", "-p", "linux-64", "pixi.lock").stdout == both
    project.succeed("export", "conda-lock", "-o", "dev.conda-lock.yml", "-g", "dev")
    lock = resolver.read_lock(project.folder / "dev.conda-lock.yml")
    assert [(p.name, p.groups) for p in lock.on("linux-64").packages] == [("python", ("dev",)), ("shout", ("dev",))]
    assert project.fail("export", "pixi", "-o", "pixi.lock", "-g", "docs") == (
        "error: the lock has no group docs\nhint: it has: dev, main\n"
    )


_TWO_ENVIRONMENTS = """\
version: 6
environments:
  default:
    channels:
    - url: https://conda.example.org/main/
    packages:
      linux-64:
      - conda: https://conda.example.org/main/linux-64/zlib-1.3-h0_0.conda
  test:
    channels:
    - url: https://conda.example.org/main/
    packages:
      linux-64:
      - conda: https://conda.example.org/main/linux-64/pip-24-h0_0.conda
packages:
- conda: https://conda.example.org/main/linux-64/pip-24-h0_0.conda
  sha256: {a}
  md5: {a32}
- conda: https://conda.example.org/main/linux-64/zlib-1.3-h0_0.conda
  sha256: {b}
  md5: {b32}
""".format(a="a" * 64, a32="a" * 32, b="b" * 64, b32="b" * 32)


def test_one_of_several_environments(project: Project) -> None:
    project.write("pixi.lock", _TWO_ENVIRONMENTS)
    for name, expected in ((None, "zlib"), ("default", "zlib"), ("test", "pip")):
        option = () if name is None else ("-e", name)
        text = project.succeed("export", "explicit", "pixi.lock", "-o", "-", *option).stdout
        assert next(line for line in text.splitlines() if line.startswith("https")).count(f"/{expected}-") == 1
    told = project.fail("export", "explicit", "pixi.lock", "-o", "-", "-e", "docs")
    assert told.splitlines()[1] == "hint: it has: default, test"


def test_an_environment_of_a_format_that_has_one(both: Project) -> None:
    assert both.fail("export", "pixi", "-o", "pixi.lock", "-e", "test") == (
        "error: --environment test: conda-lock.yml holds one environment, which has no name there\n"
        "hint: leave the option out\n"
    )


# ----------------------------------------------------------------------------------------------------- losses


def test_a_loss_is_refused_with_the_names(both: Project) -> None:
    before = _files(both)
    assert both.fail("export", "pylock", "-o", "pylock.toml") == (
        "error: pylock has no place for all of this lock: conda packages: greeter, greetings-data, python\n"
        "hint: write another format, or accept the loss with --allow-loss\n"
    )
    assert _files(both) == before


def test_a_loss_that_is_allowed_is_listed(both: Project) -> None:
    outcome = both.succeed("export", "pylock", "-o", "pylock.toml", "--allow-loss")
    assert outcome.told == (
        "lost: conda packages: greeter, greetings-data, python\n"
        "pylock.toml written (linux-64: 3 packages; osx-arm64: 3 packages)\n"
    )
    lock = resolver.read_lock(both.folder / "pylock.toml")
    assert [p.name for p in lock.on("linux-64").packages] == ["cowtalk", "moo-words", "shout"]


def test_nothing_is_written_where_one_of_several_files_cannot_be(both: Project) -> None:
    text = both.lockfile.read_text()
    row = text.index("  platform: osx-arm64\n")
    md5 = text.index("    md5:", row)
    end = text.index("\n", md5) + 1
    both.lockfile.write_text(text[:md5] + text[end:])
    before = _files(both)
    told = both.fail("export", "explicit-md5", "-o", "conda-{platform}.md5.lock")
    assert "conda packages without an md5" in told
    assert _files(both) == before


def test_a_lock_that_says_nothing_about_dependencies(both: Project) -> None:
    both.succeed("export", "explicit", "-o", "conda-linux-64.lock", "-p", "linux-64", "--no-evidence")
    outcome = both.succeed("export", "pixi", "conda-linux-64.lock", "-o", "pixi.lock")
    assert outcome.told.splitlines()[0] == (
        "note: conda-linux-64.lock says nothing about dependencies: whoever reads the output finds none"
    )


# -------------------------------------------------------------------------------------------------- unchanged


def test_what_is_up_to_date_is_not_rewritten(wheels: Project) -> None:
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    outputs = [wheels.folder / name for name in ("requirements.txt", "requirements.txt.evidence.json")]
    before = [path.read_bytes() for path in outputs]
    for path in outputs:
        os.utime(path, (_OLD, _OLD))
    outcome = wheels.succeed("export", "requirements", "-o", "requirements.txt")
    assert outcome.told == "requirements.txt is up to date (linux-64: 3 packages; osx-arm64: 3 packages)\n"
    assert [path.stat().st_mtime for path in outputs] == [_OLD, _OLD]
    outputs[0].write_text(outputs[0].read_text() + "# a line more\n")
    assert wheels.succeed("export", "requirements", "-o", "requirements.txt").told.startswith(
        "requirements.txt written"
    )
    assert [path.read_bytes() for path in outputs] == before
    assert outputs[1].stat().st_mtime == _OLD


def _check(project: Project, name: str = "requirements.txt") -> tuple[int, str, str]:
    outcome = project.run("export", "requirements", "-o", name, "--check")
    return outcome.code, outcome.stdout, outcome.told


def test_check_says_what_is_stale_and_writes_nothing(wheels: Project) -> None:
    hint = "hint: `samebox export requirements -o requirements.txt` mends it\n"
    both = "requirements.txt does not exist\nrequirements.txt.evidence.json does not exist\n"
    assert _check(wheels) == (1, "stale\n", both + hint)
    assert "requirements.txt" not in _files(wheels)
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    assert _check(wheels) == (0, "fresh\n", "")
    path = wheels.folder / "requirements.txt"
    path.write_text(path.read_text().replace("cowtalk==", "cowtalk==="))
    edited = path.read_bytes()
    assert _check(wheels) == (1, "stale\n", "requirements.txt is not what would be written\n" + hint)
    assert path.read_bytes() == edited


def test_a_lock_that_moves_on_makes_its_export_stale(wheels: Project) -> None:
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    wheels.write("requirements.in", "moo-words\n")
    wheels.succeed("lock")
    assert _check(wheels)[0] == 1
    wheels.succeed("export", "requirements", "-o", "requirements.txt")
    assert _check(wheels)[0] == 0


# ---------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("pixi", "-o", "conda-lock.yml"),
            "error: conda-lock.yml is the lock itself\nhint: name another file with -o\n",
        ),
        (
            ("pixi", "-o", "-", "--check"),
            "error: --check compares with a file, and - is none\nhint: name the file with -o\n",
        ),
        (
            ("pixi", "-o", "pixi.lock", "--strategy", "thin"),
            "error: --strategy says nothing about pixi\nhint: leave it out\n",
        ),
        (("docker", "-o", "context", "--check"), "error: --check says nothing about docker\nhint: leave it out\n"),
        (
            ("pixi", "missing.conda-lock.yml", "-o", "pixi.lock"),
            "error: missing.conda-lock.yml: there is no such lock\nhint: make it with `samebox lock`\n",
        ),
        (
            ("pixi", "environment.yml", "-o", "pixi.lock"),
            "error: environment.yml: the name of this file is none that locks have\n",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], told: str, both: Project) -> None:
    assert both.fail("export", *arguments).startswith(told)


def test_a_link_to_the_lock_is_the_lock(both: Project) -> None:
    (both.folder / "pixi.lock").symlink_to("conda-lock.yml")
    assert both.fail("export", "pixi", "-o", "pixi.lock").startswith("error: pixi.lock is the lock itself\n")


def test_the_bytes_do_not_depend_on_the_machine(wheels: Project, tmp_path: Path) -> None:
    texts = set()
    for seed, zone, language in (("1", "UTC", "C"), ("7", "Asia/Kathmandu", "de_DE.UTF-8")):
        environ = {"PYTHONHASHSEED": seed, "TZ": zone, "LANG": language}
        for name in ("pixi", "pylock", "requirements"):
            texts.add((name, wheels.succeed("export", name, "-o", "-", environ=environ).stdout))
    assert len(texts) == 3
