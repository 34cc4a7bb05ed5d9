"""``init`` sets a project up once, and leaves what is there as it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from resolver.settings import Settings, parse_settings
from tests.cli.project import Project

_LINE = "conda-lock.yml merge=samebox linguist-generated=true\n"


def _attributes(project: Project) -> Path:
    return project.folder / ".gitattributes"


def _git(project: Project, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=project.folder, env=project.environ(), check=True, capture_output=True, text=True
    ).stdout


def test_a_new_project_gets_attributes_and_an_example(project: Project) -> None:
    (project.folder / "samebox.toml").unlink()
    outcome = project.succeed("init")
    assert outcome.told == (
        "samebox.toml written: an example, in which every line is a comment\n"
        ".gitattributes written: conda-lock.yml merge=samebox linguist-generated=true\n"
    )
    assert outcome.stdout == ""
    assert _attributes(project).read_text() == _LINE
    example = (project.folder / "samebox.toml").read_text()
    assert parse_settings(example, "samebox.toml") == Settings()


def test_the_example_is_right_once_it_is_no_comment_any_more(project: Project) -> None:
    (project.folder / "samebox.toml").unlink()
    project.succeed("init")
    lines = (project.folder / "samebox.toml").read_text().splitlines()[1:]
    settings = parse_settings("\n".join(line.removeprefix("# ") for line in lines), "samebox.toml")
    assert settings.platforms == ("linux-64", "linux-aarch64", "osx-arm64")
    assert settings.exclude_newer == "7 days"
    assert settings.for_environment("dev").sources == ("environment.yml", "dev.yml")


def test_a_second_run_writes_nothing(project: Project) -> None:
    project.succeed("init")
    os.utime(_attributes(project), (1, 1))
    outcome = project.succeed("init")
    assert outcome.told == (
        "samebox.toml has settings; left as it is\n.gitattributes has the attributes of conda-lock.yml; left as it is\n"
    )
    assert (_attributes(project).read_text(), _attributes(project).stat().st_mtime) == (_LINE, 1)


def test_settings_in_pyproject_are_settings(project: Project) -> None:
    (project.folder / "samebox.toml").unlink()
    text = "[tool.samebox]\nplatforms = ['linux-64']\n"
    project.write("pyproject.toml", text)
    assert project.succeed("init").told.startswith("pyproject.toml has settings; left as it is\n")
    assert (project.folder / "pyproject.toml").read_text() == text
    assert not (project.folder / "samebox.toml").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("*.py text", f"*.py text\n{_LINE}"),
        ("conda-lock.yml merge=ours\n", "conda-lock.yml merge=ours\nconda-lock.yml linguist-generated=true\n"),
        ("conda-lock.yml -merge linguist-generated\n", "conda-lock.yml -merge linguist-generated\n"),
        ("xconda-lock.yml merge=ours\n", f"xconda-lock.yml merge=ours\n{_LINE}"),
    ],
    ids=["another pattern", "another driver", "no merging", "another name"],
)
def test_attributes_that_are_there_stay(before: str, after: str, project: Project) -> None:
    _attributes(project).write_text(before)
    project.succeed("init")
    assert _attributes(project).read_text() == after


def test_each_environment_has_a_lock_of_its_own(project: Project) -> None:
    project.write(
        "samebox.toml", 'lockfile = "locks/my env.conda-lock.yml"\n[environments.dev]\nlockfile = "pixi.lock"\n'
    )
    project.succeed("init")
    assert _attributes(project).read_text() == (
        '"/locks/my env.conda-lock.yml" merge=samebox linguist-generated=true\n'
        "pixi.lock merge=samebox linguist-generated=true\n"
    )
    _git(project, "init", "--quiet")
    for name in ("locks/my env.conda-lock.yml", "pixi.lock"):
        assert _git(project, "check-attr", "merge", name).endswith(": merge: samebox\n")
    before = _attributes(project).read_text()
    project.succeed("init")
    assert _attributes(project).read_text() == before


def test_the_merge_driver_is_set_up_where_git_has_none(project: Project) -> None:
    _git(project, "init", "--quiet")
    project.succeed("init", "--merge-driver")
    assert _git(project, "config", "merge.samebox.driver") == "samebox git-merge-driver %O %A %B %P\n"
    assert _git(project, "config", "merge.samebox.recursive") == "binary\n"
    _git(project, "config", "merge.samebox.driver", "mine %A")
    outcome = project.succeed("init", "--merge-driver")
    assert "git config merge.samebox.driver is set to 'mine %A'; left as it is\n" in outcome.told
    assert _git(project, "config", "merge.samebox.driver") == "mine %A\n"


def test_a_merge_driver_needs_a_repository(project: Project) -> None:
    told = project.fail("init", "--merge-driver", environ={"GIT_CEILING_DIRECTORIES": "/"})
    assert told == ("error: . is in no git repository\nhint: make one with `git init`, then run this again\n")
    assert not _attributes(project).exists()


def test_another_folder(project: Project) -> None:
    (project.folder / "inner").mkdir()
    project.succeed("init", "--directory", "inner")
    assert (project.folder / "inner" / ".gitattributes").read_text() == _LINE
    assert (project.folder / "inner" / "samebox.toml").exists()
    assert project.fail("init", "--directory", "nowhere") == "error: nowhere: there is no such folder\n"
