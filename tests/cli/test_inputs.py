"""The kinds of project there are: groups, named environments, pip alone, a pyproject, several files."""

from __future__ import annotations

import re

from tests.cli.project import CHANNEL, Project, environment_yml


def _groups(project: Project, name: str = "conda-lock.yml") -> dict[str, set[str]]:
    """The groups of each package of the lock."""
    groups: dict[str, set[str]] = {}
    text = (project.folder / name).read_text()
    for row in re.findall(r"- name: (\S+)\n(?:  .*\n)*?  category: (\S+)\n", text):
        groups.setdefault(row[0], set()).add(row[1])
    return groups


def test_categories_are_groups(project: Project) -> None:
    project.write("environment.yml", environment_yml("greeter", pip=("winter-coat",)))
    project.write("dev.yml", "category: dev\n" + environment_yml("libhello", pip=("shout",)))
    project.succeed("lock", "-f", "environment.yml", "-f", "dev.yml")
    assert _groups(project) == {
        "greeter": {"main"},
        "greetings-data": {"main"},
        "winter-coat": {"main"},
        "python": {"main", "dev"},
        "libhello": {"dev"},
        "shout": {"dev"},
    }
    main, both = (project.succeed("digest", "-p", "linux-64", *more).stdout for more in ((), ("-g", "dev")))
    assert main != both
    assert project.run("check", "-f", "environment.yml", "-f", "dev.yml").stdout == "fresh\n"


def test_a_named_environment_has_its_own_sources_and_lock(project: Project) -> None:
    project.write("environment.yml", environment_yml("libhello"))
    project.write("tools.yml", environment_yml("greetings-data"))
    project.write("samebox.toml", project.settings + '[environments.tools]\nsources = ["tools.yml"]\n')
    project.succeed("lock")
    project.succeed("lock", "-e", "tools")
    assert set(_groups(project)) == {"libhello"}
    assert set(_groups(project, "tools.conda-lock.yml")) == {"greetings-data"}
    assert project.run("check").stdout == project.run("check", "-e", "tools").stdout == "fresh\n"
    project.write("tools.yml", environment_yml("greeter"))
    assert [project.run("check", *more).code for more in ((), ("-e", "tools"))] == [0, 1]


def test_a_project_of_requirements_locks_without_any_conda(project: Project) -> None:
    project.write("requirements.in", "cowtalk[loud]\nOdd.Name_Project\n")
    project.write(
        "samebox.toml", project.settings.replace('"https://conda.example.org" = "/', '"https://c.example" = "/no')
    )
    project.succeed("lock", "-p", "linux-64", "-p", "osx-arm64")
    assert set(_groups(project)) == {"cowtalk", "moo-words", "odd-name-project", "shout"}
    assert "manager: conda" not in project.lockfile.read_text()
    assert project.run("check", "-p", "linux-64", "-p", "osx-arm64").stdout == "fresh\n"


def test_a_pyproject_locks_with_its_extras_groups_and_conda_packages(project: Project) -> None:
    (project.folder / "samebox.toml").unlink()
    tables = project.settings.replace("[mirrors]", "[tool.samebox.mirrors]").replace(
        "[docker]", "[tool.samebox.docker]"
    )
    settings = f'channels = ["{CHANNEL}"]\nextras = ["warm"]\n{tables}'
    project.write(
        "pyproject.toml",
        "[project]\n"
        'name = "my-app"\n'
        'version = "1.0"\n'
        'requires-python = ">=3.11"\n'
        'dependencies = ["cowtalk"]\n'
        "[project.optional-dependencies]\n"
        'warm = ["winter-coat"]\n'
        "[dependency-groups]\n"
        'dev = ["shout"]\n'
        f"[tool.samebox]\n{settings}"
        "[tool.samebox.conda]\n"
        'dependencies = ["libhello >=1.0"]\n',
    )
    project.succeed("lock")
    groups = _groups(project)
    assert groups["cowtalk"] == {"main"} and groups["libhello"] == {"main"} and groups["python"] >= {"main"}
    assert groups["winter-coat"] == {"warm"} and groups["shout"] == {"dev"}
    assert project.run("check").stdout == "fresh\n"


def test_files_of_two_kinds_merge_into_one_lock(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    project.write("requirements.txt", "cowtalk\n")
    project.succeed("lock", "-f", "environment.yml", "-f", "requirements.txt")
    assert set(_groups(project)) == {"python", "cowtalk", "moo-words"}


def test_an_empty_environment_locks_to_nothing(project: Project) -> None:
    project.write("environment.yml", "dependencies: []\n")
    project.succeed("lock")
    assert _groups(project) == {}
    assert project.run("check").stdout == "fresh\n"
    assert project.succeed("digest").stdout.startswith("sha256:")
