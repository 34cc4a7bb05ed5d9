"""stdout is data, stderr is talk; ``--json`` everywhere, with the keys that are promised."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from io import BytesIO

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.loopback import Loopback, Reply

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def test_lock_prints_the_digest_alone(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    first, again = project.succeed("lock"), project.succeed("lock")
    assert _DIGEST.match(first.stdout.strip()) and first.stdout == again.stdout == project.succeed("digest").stdout
    assert first.told == "conda-lock.yml written\n  linux-64: 1 packages\n"
    assert again.told == "conda-lock.yml is up to date\n  linux-64: 1 packages\n"


def test_lock_json(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    dry, first, again = (project.succeed("lock", "--json", *more) for more in (("--dry-run",), (), ()))
    digest = project.succeed("digest").stdout.strip()
    common = {
        "lockfile": "conda-lock.yml",
        "digest": digest,
        "platforms": {"linux-64": 1},
        "differences": [],
        "warnings": [],
    }
    assert dry.json == {**common, "changed": True, "written": False}
    assert first.json == {**common, "changed": True, "written": True}
    assert again.json == {**common, "changed": False, "written": False}


def test_check_json(locked: Project) -> None:
    assert locked.run("check", "--json").json == {"status": "fresh", "reasons": []}
    locked.write("environment.yml", environment_yml("python", "greeter <1.2", pip=("cowtalk[loud]",)))
    stale = locked.run("check", "--json")
    assert (stale.code, stale.stderr) == (1, "")
    assert stale.json == {
        "status": "stale",
        "reasons": ["environment.yml:5: greeter <1.2 is asked for, and greeter 1.2.0 pyh0_0 is locked (linux-64)"],
    }


def test_digest_json(locked: Project) -> None:
    outcome = locked.succeed("digest", "--json")
    whole, platform = (locked.succeed("digest", *more).stdout.strip() for more in ((), ("-p", "linux-64")))
    assert outcome.json == {"lock": whole, "platforms": {"linux-64": platform}}
    assert _DIGEST.match(whole) and _DIGEST.match(platform) and whole != platform


def test_canonical_form_is_json_and_hashes_to_nothing_else_than_itself(locked: Project) -> None:
    document = json.loads(locked.succeed("digest", "--canonical").stdout)
    assert isinstance(document, dict) and document


def test_install_json(make_project: MakeProject) -> None:
    project = make_project()
    project.write("environment.yml", environment_yml("libhello", "greetings-data"))
    project.succeed("lock")
    outcome = project.succeed("install", "--prefix", "prefix", "--json")
    assert outcome.json == {"conda": 2, "wheels": 0, "warnings": []}


def test_export_to_stdout_is_a_tar_and_nothing_else(locked: Project) -> None:
    ended = subprocess.run(
        locked.command("export", "docker", "-o", "-"), cwd=locked.folder, env=locked.environ(), capture_output=True
    )
    assert ended.returncode == 0, ended.stderr
    with tarfile.open(fileobj=BytesIO(ended.stdout)) as archive:
        assert "Dockerfile" in archive.getnames()


def test_progress_goes_to_stderr_and_only_when_it_takes_long(make_project: MakeProject, server: Loopback) -> None:
    project = make_project(index=server.url)
    page = b'{"meta": {"api-version": "1.0"}, "name": "slow", "files": []}'
    server.answer("/simple/slow/", Reply(body=page, content_type="application/vnd.pypi.simple.v1+json", delay=2.5))
    project.write("requirements.in", "slow\n")
    outcome = project.run("lock")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("resolving PyPI packages …\nerror: no solution")
    assert "\x1b" not in outcome.stderr


def test_colours_are_never_in_a_pipe_and_not_asked_for_by_anything(locked: Project) -> None:
    plain = locked.run("lock", "--upgrade")
    for environ in ({"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "xterm-256color", "COLORTERM": "truecolor"}):
        outcome = locked.run("lock", "--upgrade", environ=environ)
        assert outcome.stdout == plain.stdout
        assert "\x1b" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("lock", "--help"), ("lock", "--json"), ("check",), ("digest",), ("digest", "--canonical"),
     ("export", "docker", "-o", "-")],
    ids=" ".join,
)  # fmt: skip
def test_a_closed_stdout_makes_no_traceback(arguments: tuple[str, ...], locked: Project) -> None:
    running = subprocess.Popen(
        locked.command(*arguments),
        cwd=locked.folder,
        env=locked.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None and running.stderr is not None
    running.stdout.close()
    told = running.stderr.read().decode()
    running.stderr.close()
    running.wait(timeout=60)
    assert "Traceback" not in told and "BrokenPipe" not in told and "Exception" not in told, told


def test_stdout_that_is_full_is_an_error(locked: Project) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(
            locked.command("digest", "--canonical"),
            cwd=locked.folder,
            env=locked.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert ended.returncode == 2
    assert ended.stderr == b"error: cannot write to stdout: No space left on device\n"
