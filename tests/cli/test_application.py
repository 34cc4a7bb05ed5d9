"""``[docker.application]`` on the command line: what serves is locked like anything else, and files are exported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from resolver.locks.files import read_lock
from tests.cli.project import Project, environment_yml

APPLICATION = """\
[docker.application]
source = "app"
preset = "serve"
entry = "score.py"
model = "best"
server = "plain-wsgi>=1"
"""


def _serve(project: Project, application: str = APPLICATION) -> None:
    project.write("samebox.toml", project.settings + application)
    for name, text in (("app/score.py", "def run(data): ...\n"), ("app/lib/a.sh", "true\n"), ("best/w.bin", "0")):
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        project.write(name, text)
    (project.folder / "app" / "lib" / "a.sh").chmod(0o700)


@pytest.fixture
def serving(locked: Project) -> Project:
    """Locked before it was to serve."""
    _serve(locked)
    return locked


def test_the_server_is_locked_in_a_group_of_its_own_and_the_setting_is_its_origin(serving: Project) -> None:
    line = (serving.folder / "samebox.toml").read_text().splitlines().index('server = "plain-wsgi>=1"') + 1
    outcome = serving.run("check")
    assert outcome.code == 1
    assert f"samebox.toml:{line}: plain-wsgi is asked for and not locked (linux-64)" in outcome.stderr
    before = {p.name for p in read_lock(serving.lockfile).on("linux-64").in_groups(("main",))}

    serving.succeed("lock")
    lock = read_lock(serving.lockfile)
    assert {p.name for p in lock.on("linux-64").in_groups(("main",))} == before
    (server,) = (p for p in lock.on("linux-64").packages if p.name == "plain-wsgi")
    assert (server.kind, server.version, server.groups) == ("pypi", "1.0", ("serve",))
    assert f"samebox.toml:{line} asks for plain-wsgi>=1 in group serve" in serving.succeed("why", "plain-wsgi").stdout
    assert serving.run("check").stdout.strip() == "fresh"

    serving.write("samebox.toml", serving.settings)
    assert serving.run("check").code == 1
    serving.succeed("lock")
    assert "serve" not in read_lock(serving.lockfile).groups


def test_a_server_that_no_index_has_is_told_with_the_setting(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    _serve(project, APPLICATION.replace(">=1", ">=2"))
    line = (project.folder / "samebox.toml").read_text().splitlines().index('server = "plain-wsgi>=2"') + 1
    told = project.fail("lock")
    assert f"  samebox.toml:{line} asks for plain-wsgi>=2\n" in told
    assert "hint: usable versions of plain-wsgi: 1.0" in told


def test_an_export_without_the_server_in_the_lock_is_refused(serving: Project) -> None:
    told = serving.fail("export", "docker", "-o", "context")
    assert told == (
        "error: the preset serve needs plain-wsgi>=1, and the lock has no plain-wsgi in the group serve on linux-64\n"
        "hint: `samebox lock` adds it, with the preset in the settings\n"
    )
    assert not (serving.folder / "context").exists()


def test_the_context_holds_the_files_and_is_the_same_from_anywhere(serving: Project, tmp_path: Path) -> None:
    serving.succeed("lock")
    serving.succeed("export", "docker", "-o", "context")
    context = serving.folder / "context"
    files = {p.relative_to(context).as_posix(): p for p in (context / "application").rglob("*") if p.is_file()}
    assert {name: path.stat().st_mode & 0o777 for name, path in files.items()} == {
        "application/model/w.bin": 0o644,
        "application/server/scoring_server.py": 0o644,
        "application/source/lib/a.sh": 0o755,
        "application/source/score.py": 0o644,
    }
    assert '"plain-wsgi"' in (context / "locks" / "linux-64.json").read_text()

    moved = tmp_path / "moved" / "deeper"
    shutil.copytree(serving.folder, moved, ignore=shutil.ignore_patterns("context"))
    outcome = serving.run("export", "docker", str(moved / "conda-lock.yml"), "-o", "elsewhere")
    assert outcome.code == 0, outcome.stderr
    sums = (context / "context.sha256").read_text()
    assert (serving.folder / "elsewhere" / "context.sha256").read_text() == sums


@pytest.mark.parametrize(
    ("application", "message"),
    [
        (APPLICATION.replace("score.py", "scores.py"), "docker.application.entry: there is no scores.py in "),
        (APPLICATION.replace('"best"', '"worst"'), "docker.application.model: there is no file or folder "),
        (APPLICATION.replace('"app"', '"apps"'), "docker.application.source: there is no folder "),
    ],
)
def test_files_that_are_not_there_are_told(serving: Project, application: str, message: str) -> None:
    serving.succeed("lock")
    _serve(serving, application)
    assert message in serving.fail("export", "docker", "-o", "context")


def test_locking_needs_no_files(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    _serve(project, APPLICATION.replace('"app"', '"later"'))
    body = json.loads(project.succeed("lock", "--json").stdout)
    assert body["written"] is True


def test_where_the_user_manages_the_base_no_server_is_locked(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    _serve(project)
    settings = (project.folder / "samebox.toml").read_text()
    project.write("samebox.toml", settings.replace("[docker]\n", "[docker]\nuser-managed = true\n"))
    project.succeed("lock")
    assert read_lock(project.lockfile).groups == ("main",)
