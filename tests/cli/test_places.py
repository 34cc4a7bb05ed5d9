"""Requirements that name a place, sdists and where files come from: the command from the manifest to the lock."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import resolver
from resolver.locks.files import read_lock
from resolver.model import LockedPackage
from resolver.session import Session
from tests.cli.conftest import MakeProject
from tests.cli.project import Project
from tests.source_trees.projects import (
    commit_all,
    dynamic_files,
    git,
    make_repository,
    pkg_info,
    sdist_bytes,
    static,
    write_tree,
)


def _locked(project: Project) -> dict[str, LockedPackage]:
    lock = read_lock(project.lockfile)
    return {package.name: package for package in lock.on("linux-64").packages}


def _with_git(project: Project) -> Path:
    """A folder that stands for ``https://git.example.org``."""
    served = project.folder.parent / "served"
    served.mkdir()
    project.settings += f'"https://git.example.org" = "{served}"\n'
    project.write("samebox.toml", project.settings)
    return served


def _status(project: Project, *arguments: str) -> tuple[str, list[str]]:
    answer: Any = project.run("check", "--json", *arguments).json
    return answer["status"], answer["reasons"]


# -------------------------------------------------------------------------------------------- repositories


def test_a_branch_is_locked_to_its_commit(project: Project) -> None:
    served = _with_git(project)
    files = {"py/pyproject.toml": static("tool", "0.3", "moo-words>=1")}
    commit = make_repository(served / "tool.git", files)
    project.write("requirements.in", "tool @ git+https://git.example.org/tool.git@main#subdirectory=py\n")
    project.succeed("lock")
    locked = _locked(project)
    assert sorted(locked) == ["moo-words", "tool"]
    tool = locked["tool"]
    assert (tool.kind, tool.version, tool.url) == ("vcs", "0.3", "git+https://git.example.org/tool.git")
    assert (tool.commit, tool.subdirectory, tool.sha256) == (commit, "py", None)
    text = project.lockfile.read_text()
    assert f'  url: "git+https://git.example.org/tool.git@{commit}#subdirectory=py"\n' in text
    assert f'    sha256: "{commit}"\n' in text
    assert _status(project) == ("fresh", [])


def test_a_moved_branch_is_followed_by_an_upgrade_alone(project: Project) -> None:
    served = _with_git(project)
    repository = served / "tool.git"
    first = make_repository(repository, {"pyproject.toml": static("tool", "0.3")})
    project.write("requirements.in", "tool @ git+https://git.example.org/tool.git@main\n")
    project.succeed("lock")
    write_tree(repository, {"pyproject.toml": static("tool", "0.4")})
    second = commit_all(repository)
    project.succeed("lock")
    assert _locked(project)["tool"].commit == first
    project.succeed("lock", "--upgrade")
    assert (_locked(project)["tool"].commit, _locked(project)["tool"].version) == (second, "0.4")


def test_another_revision_place_or_folder_makes_the_lock_stale(project: Project) -> None:
    served = _with_git(project)
    commit = make_repository(
        served / "tool.git", {"pyproject.toml": static("tool"), "py/pyproject.toml": static("tool")}
    )
    git(served / "tool.git", "tag", "v1")
    url = "git+https://git.example.org/tool.git"
    project.write("requirements.in", f"tool @ {url}@main\n")
    project.succeed("lock")
    for changed, status, reason in (
        (f"{url}@{commit}", "fresh", ""),
        (f"{url}@{'ab' * 20}", "stale", f"tool is asked for at {'ab' * 20}, and is locked at {commit}"),
        (f"{url}@main#subdirectory=py", "stale", f"and is locked from {url}"),
        ("git+https://git.example.org/other.git@main", "stale", f"and is locked from {url}"),
        (f"{url}@v1", "unknown", f"whether v1 of {url} is {commit} is not known"),
    ):
        project.write("requirements.in", f"tool @ {changed}\n")
        said, reasons = _status(project)
        assert said == status, changed
        assert all(reason in line for line in reasons) and bool(reasons) == bool(reason), reasons


def test_credentials_of_a_repository_stay_out_of_the_lock(project: Project) -> None:
    served = _with_git(project)
    make_repository(served / "tool.git", {"pyproject.toml": static("tool")})
    project.write("requirements.in", "tool @ git+https://${NAME}:${TOKEN}@git.example.org/tool.git\n")
    outcome = project.succeed("lock", environ={"NAME": "someone", "TOKEN": "s3cr3t"})
    assert _locked(project)["tool"].url == "git+https://git.example.org/tool.git"
    everything = project.lockfile.read_text() + outcome.stdout + outcome.stderr
    assert "s3cr3t" not in everything and "someone" not in everything


# ------------------------------------------------------------------------------------------------- folders


def _with_folder(project: Project) -> Path:
    return write_tree(
        project.folder / "lib" / "my-tool",
        {"pyproject.toml": static("tool", "0.3", "moo-words"), "tool.py": "print('hello')\n"},
    )


@pytest.mark.parametrize("line", ["-e './lib/my-tool'", "./lib/my-tool", "tool @ file:lib/my-tool"])
def test_a_folder_is_locked_by_its_tree(project: Project, line: str) -> None:
    folder = _with_folder(project)
    project.write("requirements.in", f"{line}\n")
    project.succeed("lock")
    tool = _locked(project)["tool"]
    assert (tool.kind, tool.version, tool.url) == ("directory", "0.3", "file:./lib/my-tool/")
    assert tool.tree is not None and len(tool.tree) == 64
    assert str(project.folder) not in project.lockfile.read_text()
    assert _status(project) == ("fresh", [])
    (folder / "tool.py").write_text("print('bye')\n")
    status, reasons = _status(project)
    assert (status, len(reasons)) == ("stale", 1)
    assert "requirements.in:1: the folder ./lib/my-tool/ changed since it was locked" in reasons[0]
    project.succeed("lock")
    changed = _locked(project)["tool"].tree
    assert changed not in (None, tool.tree)
    assert _status(project) == ("fresh", [])


def test_the_lock_is_the_same_wherever_the_project_lies(make_project: MakeProject) -> None:
    locks = []
    for name in ("one", "another"):
        project = make_project(name)
        _with_folder(project)
        project.write("requirements.in", "./lib/my-tool\n")
        project.succeed("lock")
        locks.append(project.lock_bytes())
    assert locks[0] == locks[1] is not None


def test_a_folder_that_is_gone(project: Project) -> None:
    project.write("requirements.in", "tool @ file:lib/tool\n")
    assert "requirements.in:1: there is no folder" in project.fail("lock")


# -------------------------------------------------------------------------------------------------- sdists


def _serve(project: Project, name: str, *files: tuple[str, bytes, dict[str, object]]) -> None:
    """A project of an index of one's own, which is asked before the fixtures'."""
    index = project.folder.parent / "own"
    page = index / "simple" / name
    page.mkdir(parents=True)
    rows = []
    for filename, content, more in files:
        (index / filename).write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        rows.append({"filename": filename, "url": f"../../{filename}", "hashes": {"sha256": sha256}, **more})
    body = {"meta": {"api-version": "1.1"}, "name": name, "files": rows}
    (page / "index.json").write_text(json.dumps(body))
    if "own.example.org" not in project.settings:
        asked = 'extra-index-urls = ["https://own.example.org/simple/"]'
        rule = f'"https://own.example.org" = "{index}"'
        project.settings = f"{asked}\n{project.settings}{rule}\n"
        project.write("samebox.toml", project.settings)


def test_an_sdist_with_static_metadata_is_locked_without_a_build(project: Project) -> None:
    content = sdist_bytes("made-7.0", {"PKG-INFO": pkg_info("made", "7.0", "Requires-Dist: moo-words")})
    _serve(project, "made", ("made-7.0.tar.gz", content, {}))
    project.write("requirements.in", "made\n")
    project.succeed("lock")
    made = _locked(project)["made"]
    assert (made.kind, made.file_name, made.sha256) == ("pypi", "made-7.0.tar.gz", hashlib.sha256(content).hexdigest())
    assert "moo-words" in _locked(project)
    assert _status(project) == ("fresh", [])
    assert "these packages must be built and cannot be installed as they are: made" in project.fail(
        "install", "--prefix", str(project.folder / "env")
    )


def test_a_build_needs_permission_and_happens_once(project: Project) -> None:
    calls = project.folder.parent / "calls.txt"
    files = {**dynamic_files("moo-words>=1", calls), "PKG-INFO": pkg_info("made", "7.0", metadata_version="2.1")}
    _serve(project, "made", ("made-7.0.tar.gz", sdist_bytes("made-7.0", files), {}))
    project.write("requirements.in", "made\n")
    told = project.fail("lock")
    assert "--allow-builds=made" in told and "requirements.in:1 asks for made" in told
    assert "--allow-builds=made" in project.fail("lock", "--allow-builds=other")
    assert not calls.exists()
    project.succeed("lock", "--allow-builds=made")
    assert sorted(_locked(project)) == ["made", "moo-words"]
    before = project.lock_bytes()
    project.lockfile.unlink()
    project.write("samebox.toml", "allow-builds = true\n" + project.settings)
    project.succeed("lock")
    assert (project.lock_bytes(), calls.read_text()) == (before, "built\n")


def test_formats(project: Project) -> None:
    wheel_less = sdist_bytes("cowtalk-9.0", {"PKG-INFO": pkg_info("cowtalk", "9.0")})
    _serve(project, "cowtalk", ("cowtalk-9.0.tar.gz", wheel_less, {}))
    project.write("requirements.in", "cowtalk\n")
    told = project.fail("lock", "--only-binary", "other,CowTalk")
    assert "it has source distributions only (1), and --only-binary leaves these out" in told
    project.succeed("lock", "--no-binary=:all:")
    assert _locked(project)["cowtalk"].file_name == "cowtalk-9.0.tar.gz"
    assert "only-binary and no-binary" in project.fail("lock", "-U", "--no-binary=a", "--only-binary=a")


# -------------------------------------------------------------------------------------------- where from


def test_find_links_are_asked_first(project: Project, fixture_index: Path) -> None:
    wheel = next(fixture_index.rglob("cowtalk-1.0-py3-none-any.whl"))
    (project.folder / "wheels").mkdir()
    (project.folder / "wheels" / wheel.name).write_bytes(wheel.read_bytes())
    project.write("requirements.in", "cowtalk\n")
    project.succeed("lock")
    assert _locked(project)["cowtalk"].url.startswith("https://pypi.example.org/")
    project.succeed("lock", "-U", "--find-links", "wheels")
    here = f"file://{project.folder}/wheels/{wheel.name}"
    assert _locked(project)["cowtalk"].url == here
    project.write("samebox.toml", 'find-links = ["wheels"]\n' + project.settings)
    project.succeed("lock", "-U")
    assert _locked(project)["cowtalk"].url == here


def test_an_index_for_one_project(project: Project) -> None:
    content = sdist_bytes("shout-99", {"PKG-INFO": pkg_info("shout", "99")})
    _serve(project, "shout", ("shout-99.tar.gz", content, {}))
    main = project.settings
    project.write("requirements.in", "shout\nmoo-words\n")
    project.write("samebox.toml", main + '[index-for]\nShout = "https://pypi.example.org/simple/"\n')
    project.succeed("lock")
    assert _locked(project)["shout"].url.startswith("https://pypi.example.org/")
    project.write("samebox.toml", main)
    project.succeed("lock", "-U")
    assert _locked(project)["shout"].version == "99"


def test_overrides_are_part_of_what_a_lock_is_for(project: Project) -> None:
    project.write("requirements.in", "cowtalk\n")
    project.succeed("lock")
    newest = _locked(project)["moo-words"].version
    project.write("samebox.toml", 'overrides = ["moo-words==1.0"]\n' + project.settings)
    assert _status(project) == ("stale", ["the overrides are not those that the lock was made with (none)"])
    project.succeed("lock")
    assert (newest, _locked(project)["moo-words"].version) == ("1.1", "1.0")
    assert _status(project) == ("fresh", [])


# --------------------------------------------------------------------------------------------- the cut-off


def test_files_without_a_time_are_refused_or_taken_as_the_user_says(project: Project) -> None:
    content = sdist_bytes("made-7.0", {"PKG-INFO": pkg_info("made", "7.0")})
    _serve(project, "made", ("made-7.0.tar.gz", content, {}))
    project.write("requirements.in", "made\n")
    cut_off = ("--exclude-newer", "2024-02-01")
    assert "made 7.0 tells no upload time, and the cut-off leaves such out" in project.fail("lock", *cut_off)
    project.succeed("lock", *cut_off, "--missing-time=take")
    evidence = read_lock(project.lockfile).evidence
    assert evidence is not None
    assert dict(evidence.cut_off_policy) == {
        "conda": "upload time (indexed_timestamp), else build time (timestamp)",
        "pypi": "upload time",
        "missing-time": "take",
    }
    assert _status(project, *cut_off, "--missing-time=take") == ("fresh", [])
    assert _status(project, *cut_off)[0] == "stale"


def test_a_span_counts_back_from_each_solve_and_is_kept_as_an_instant(project: Project) -> None:
    project.write("requirements.in", "moo-words\n")
    project.write("samebox.toml", 'exclude-newer = "7 days"\n' + project.settings)
    environment = resolver.read_environment(directory=project.folder, environ={})
    found = []
    for now in (datetime(2024, 1, 22, tzinfo=UTC), datetime(2026, 1, 22, tzinfo=UTC)):
        with Session(mirrors=environment.settings.mirrors, cache=project.cache, environ={}) as session:
            locked = resolver.lock(environment, session=session, now=now)
        assert locked.evidence is not None
        found.append((locked.evidence.cut_off, locked.on("linux-64").packages[0].version))
    assert found == [("2024-01-15T00:00:00Z", "1.0"), ("2026-01-15T00:00:00Z", "1.1")]


def test_a_lock_with_an_instant_is_kept_while_it_satisfies(project: Project) -> None:
    project.write("requirements.in", "moo-words\n")
    project.write("samebox.toml", 'exclude-newer = "1 minute"\n' + project.settings)
    project.succeed("lock")
    before = project.lock_bytes()
    project.succeed("lock")
    assert project.lock_bytes() == before
