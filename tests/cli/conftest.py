"""Projects against the fixture channel and the fixture index."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.cli.project import Project, environment_yml
from tests.loopback import start_server

__all__ = ["MakeProject", "start_server"]


class MakeProject(Protocol):
    """Makes a project; ``channels`` and ``index`` are other places for the canonical URLs than the fixtures."""

    def __call__(
        self,
        name: str = ...,
        *,
        channels: str | None = ...,
        index: str | None = ...,
        platforms: tuple[str, ...] = ...,
    ) -> Project: ...


@pytest.fixture
def make_project(tmp_path: Path, fixture_channels: Path, fixture_index: Path) -> MakeProject:
    def make(
        name: str = "project",
        *,
        channels: str | None = None,
        index: str | None = None,
        platforms: tuple[str, ...] = ("linux-64",),
    ) -> Project:
        return Project(
            tmp_path / name,
            channels=channels or str(fixture_channels),
            index=index or str(fixture_index),
            platforms=platforms,
        )

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
