"""Projects against the fixture channel and the fixture index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.project import Project, environment_yml
from tests.loopback import Loopback, loopback

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path, fixture_channels: Path, fixture_index: Path) -> MakeProject:
    """Makes a project; ``channels`` and ``index`` are other places for the canonical URLs than the fixtures' folders."""

    def make(name: str = "project", *, channels: str | None = None, index: str | None = None, **options: str) -> Project:
        places = {"channels": channels or str(fixture_channels), "index": index or str(fixture_index)}
        return Project(tmp_path / name, **places, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """One that has no manifest yet."""
    return make_project()


@pytest.fixture
def locked(project: Project) -> Project:
    """One that is locked: python, greeter and what they need from conda, and cowtalk with an extra from PyPI."""
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk[loud]",)))
    project.succeed("lock")
    return project


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running
