"""``--offline`` takes what an earlier run left, and ``--refresh`` takes nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.cli.test_bad_index import from_folder
from tests.loopback import JSON, Loopback, Reply


@pytest.fixture
def served(make_project: MakeProject, server: Loopback, fixture_channels: Path, fixture_index: Path) -> Project:
    """A project whose channel and index are both ``server``."""
    project = make_project(channels=f"{server.url}/conda", index=f"{server.url}/pypi")
    for subdir in ("linux-64", "noarch"):
        repodata = fixture_channels / "samebox-fixtures" / subdir / "repodata.json"
        server.answer(
            f"/conda/samebox-fixtures/{subdir}/repodata.json",
            Reply(body=repodata.read_bytes(), content_type="application/json"),
        )
    answer = from_folder(fixture_index)
    server.answer("/pypi/*", lambda request: answer(type(request)(path=request.path[5:], headers=request.headers)))
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk[loud]",)))
    return project


def test_offline_before_any_run_fails_clearly(served: Project, server: Loopback) -> None:
    told = served.fail("lock", "--offline")
    assert told.startswith("error: cannot read the channels https://conda.example.org/samebox-fixtures: ")
    assert "hint: " in told
    served.write("environment.yml", environment_yml(pip=("cowtalk",)))
    assert served.fail("lock", "--offline") == (
        "error: cowtalk: its page of https://pypi.example.org/simple/ was never read before, and --offline is on\n"
        "hint: run once without --offline\n"
    )
    assert server.requests == []


def test_offline_after_a_run_gives_the_same_lock_and_asks_nothing(served: Project, server: Loopback) -> None:
    served.succeed("lock")
    before, asked = served.lock_bytes(), len(server.requests)
    served.lockfile.unlink()
    served.succeed("lock", "--offline")
    assert (served.lock_bytes(), len(server.requests)) == (before, asked)


def test_refresh_asks_again_and_without_it_a_young_page_is_not_asked_for(served: Project, server: Loopback) -> None:
    served.succeed("lock")
    page = "/pypi/simple/shout/"
    first = server.paths.count(page)
    assert first == 1
    server.answer(
        page, Reply(body=b'{"meta": {"api-version": "1.0"}, "name": "shout", "files": []}', content_type=JSON)
    )
    served.succeed("lock", "--upgrade")
    assert server.paths.count(page) == first
    told = served.fail("lock", "--upgrade", "--refresh")
    assert "shout" in told
    assert server.paths.count(page) == first + 1


def test_install_and_vendored_export_work_offline_once_the_artifacts_are_there(
    served: Project, server: Loopback, fixture_channels: Path
) -> None:
    served.write("environment.yml", environment_yml("libhello", "greetings-data"))
    served.succeed("lock")
    told = served.fail("install", "--prefix", "prefix", "--offline")
    assert "--offline is on" in told
    for subdir, name in (("linux-64", "libhello-1.1-h1_0.conda"), ("noarch", "greetings-data-2.0-0.conda")):
        content = (fixture_channels / "samebox-fixtures" / subdir / name).read_bytes()
        server.answer(f"/conda/samebox-fixtures/{subdir}/{name}", Reply(body=content))
    served.succeed("install", "--prefix", "prefix")
    asked = len(server.requests)
    served.succeed("install", "--prefix", "other", "--offline")
    assert len(server.requests) == asked
