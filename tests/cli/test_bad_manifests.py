"""What is wrong in a manifest is told with its file and line, and nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.project import Project

_HEAD = "channels: [https://conda.example.org/samebox-fixtures]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    about: str
    text: str
    told: str
    name: str = "environment.yml"


CASES = (
    Bad(
        about="YAML that is none",
        text=_HEAD + "dependencies:\n- python\n  - pip: [\n",
        told="error: environment.yml:4: bad YAML: mapping values are not allowed here",
    ),
    Bad(
        about="a conda version that is none",
        text=_HEAD + "dependencies:\n- python >>3\n",
        told="error: environment.yml:3: not a conda spec: 'python >>3': not a version: '3'",
    ),
    Bad(
        about="a version of a requirement that is none",
        text=_HEAD + "dependencies:\n- python\n- pip:\n  - cowtalk==1.x\n",
        told="error: environment.yml:5: not a requirement: 'cowtalk==1.x':",
    ),
    Bad(
        about="a marker that is none",
        text=_HEAD + "dependencies:\n- python\n- pip:\n  - cowtalk; sys_platfrom == 'linux'\n",
        told="error: environment.yml:5: not a requirement: \"cowtalk; sys_platfrom == 'linux'\":",
    ),
    Bad(
        about="a platform that is none",
        text="platforms: [linux-46]\ndependencies: [python]\n",
        told="error: environment.yml:1: platforms: unknown platform 'linux-46'; "
        "did you mean linux-64 or linux-ppc64le?",
    ),
    Bad(
        about="a key that is none",
        text="dependancies: [python]\n",
        told="error: environment.yml:1: unknown key 'dependancies'",
    ),
    Bad(
        about="bytes that are not UTF-8",
        text=_HEAD + "name: caf\udce9\n",
        told="error: environment.yml: not UTF-8",
    ),
    Bad(
        about="a line of a requirements file",
        name="requirements.in",
        text="cowtalk\nmoo-words >>1\n",
        told="error: requirements.in:2: not a requirement: 'moo-words >>1':",
    ),
    Bad(
        about="a requirements file that includes one that is not there",
        name="requirements.in",
        text="cowtalk\n-r nowhere.txt\n",
        told="error: requirements.in:2:",
    ),
    Bad(
        about="a pyproject that is not TOML",
        name="pyproject.toml",
        text="[project]\nname = 'x'\ndependencies = [\n",
        told="error: pyproject.toml:",
    ),
    Bad(
        about="a requirement of a pyproject",
        name="pyproject.toml",
        text="[project]\nname = 'x'\nversion = '1'\ndependencies = [\n  'cowtalk',\n  'moo-words >>1',\n]\n",
        told="error: pyproject.toml:6:",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
@pytest.mark.parametrize("command", ["lock", "check"])
def test_a_bad_manifest_is_refused_with_its_line(case: Bad, command: str, locked: Project) -> None:
    (locked.folder / "environment.yml").unlink()
    (locked.folder / case.name).write_text(case.text, errors="surrogateescape")
    assert locked.fail(command).startswith(case.told)


def test_a_manifest_that_is_not_there_is_named(locked: Project) -> None:
    assert locked.fail("lock", "-f", "nowhere.yml") == (
        "error: nowhere.yml: cannot be read: No such file or directory\n"
    )


def test_a_folder_without_a_manifest_says_what_to_write(project: Project) -> None:
    assert project.fail("lock") == (
        f"error: nothing to lock in {project.folder}\nhint: write an environment.yml, or name a manifest with -f\n"
    )


def test_a_project_folder_that_is_not_there_is_named(project: Project) -> None:
    assert project.fail("lock", "--directory", "nowhere") == "error: nowhere: there is no such folder\n"


def test_conda_packages_without_a_channel_are_refused(project: Project) -> None:
    project.write("environment.yml", "channels: [nodefaults]\ndependencies: [python]\n")
    project.write("samebox.toml", "channels = []\n")
    assert project.fail("lock") == (
        "error: environment.yml:2: python is asked from conda, but no channel is given\n"
        "hint: list channels in the manifest, in the settings, or with -c\n"
    )
