"""Repositories by the system's git. All of them are real and local."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, ResolverError
from resolver.mirrors import Mirrors
from resolver.source_trees import Git, parse_git_url
from tests.loopback import Reply, loopback
from tests.source_trees.projects import commit_all, git, make_repository, static, write_tree

_URL = "git+https://git.example.org/team/tool.git"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What a mirror has of ``_URL``."""
    folder = tmp_path / "served" / "team" / "tool.git"
    make_repository(folder, {"pyproject.toml": static(), "sub/pyproject.toml": static("inner")})
    return folder


@pytest.fixture
def opened(tmp_path: Path, repository: Path) -> Git:
    return _git(tmp_path)


def _git(tmp_path: Path, *, offline: bool = False, path: str | None = None) -> Git:
    mirrors = Mirrors((("https://git.example.org", str(tmp_path / "served")),))
    environ = {"PATH": os.environ["PATH"] if path is None else path, "HOME": str(tmp_path)}
    return Git(tmp_path / "cache", mirrors=mirrors, offline=offline, environ=environ)


def _commit(opened: Git, revision: str | None) -> str:
    return opened.commit_of(parse_git_url(_URL if revision is None else f"{_URL}@{revision}"))


def test_what_revisions_are(opened: Git, repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "light")
    git(repository, "tag", "--annotate", "--message", "a release", "v1.0")
    git(repository, "branch", "feature/x")
    write_tree(repository, {"new.txt": "new"})
    second = commit_all(repository)
    found = {r: _commit(opened, r) for r in (None, "main", "light", "v1.0", "feature/x", "refs/tags/v1.0", first[:8])}
    assert found == {
        None: second,
        "main": second,
        "light": first,
        "v1.0": first,
        "feature/x": first,
        "refs/tags/v1.0": first,
        first[:8]: first,
    }


def test_a_branch_comes_before_a_tag_of_the_same_name(opened: Git, repository: Path) -> None:
    git(repository, "tag", "same")
    write_tree(repository, {"new.txt": "new"})
    second = commit_all(repository)
    git(repository, "branch", "same")
    assert _commit(opened, "same") == second


def test_a_full_commit_is_taken_as_it_is(tmp_path: Path) -> None:
    assert _commit(_git(tmp_path, offline=True), "AB" * 20) == "ab" * 20


@pytest.mark.parametrize(("revision", "what"), [("nonesuch", "nonesuch"), ("abcdef1", "abcdef1")])
def test_a_revision_that_is_not_there(opened: Git, revision: str, what: str) -> None:
    with pytest.raises(IndexUnavailable, match=rf"/team/tool\.git: has no branch, tag or commit {what}"):
        _commit(opened, revision)


def test_a_commit_that_is_not_there(opened: Git) -> None:
    with pytest.raises(IndexUnavailable, match=rf"tool\.git: has no commit {'ab' * 20}"):
        opened.read(parse_git_url(_URL), "ab" * 20, "pyproject.toml")


def test_files_of_a_commit(opened: Git, repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    write_tree(repository, {"pyproject.toml": "changed"})
    commit_all(repository)
    top, sub = parse_git_url(_URL), parse_git_url(f"{_URL}#subdirectory=sub")
    assert opened.read(top, first, "pyproject.toml") == static().encode()
    assert opened.read(sub, first, "pyproject.toml") == static("inner").encode()
    assert opened.read(sub, first, "setup.py") is None


def test_only_that_commit_is_fetched_and_once(opened: Git, repository: Path, tmp_path: Path) -> None:
    write_tree(repository, {"new.txt": "new"})
    second = commit_all(repository)
    kept = opened.fetch(parse_git_url(_URL), second)
    assert git(kept, "rev-list", "--all", "--count") == "1"
    shutil.rmtree(repository)
    assert _git(tmp_path, offline=True).read(parse_git_url(_URL), second, "new.txt") == b"new"


def test_a_check_out_has_the_history_that_versions_are_made_of(opened: Git, repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "v1.0")
    write_tree(repository, {"new.txt": "new"})
    second = commit_all(repository)
    opened.fetch(parse_git_url(_URL), second)
    folder = opened.check_out(parse_git_url(f"{_URL}#subdirectory=sub"), second, tmp_path / "tree")
    assert folder == tmp_path / "tree" / "sub"
    assert (tmp_path / "tree" / "new.txt").read_text() == "new"
    assert git(tmp_path / "tree", "describe", "--tags").startswith("v1.0-1-g")


def test_without_git(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(ResolverError, match=r"git is needed, and there is none on the PATH") as error:
        _commit(_git(tmp_path, path=str(tmp_path / "empty")), "main")
    assert error.value.hint == "install git"


def test_offline(tmp_path: Path) -> None:
    opened = Git(tmp_path / "cache", mirrors=Mirrors(), offline=True, environ={"PATH": os.environ["PATH"]})
    with pytest.raises(IndexUnavailable, match=r"git\.example\.org/team/tool\.git: cannot be asked, because --offline"):
        _commit(opened, "main")


def test_git_that_a_hook_runs_in_does_not_lead_elsewhere(tmp_path: Path, repository: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "GIT_DIR": str(tmp_path / "elsewhere"), "GIT_INDEX_FILE": "nowhere"}
    mirrors = Mirrors((("https://git.example.org", str(tmp_path / "served")),))
    opened = Git(tmp_path / "cache", mirrors=mirrors, offline=False, environ=environ)
    assert _commit(opened, "main") == git(repository, "rev-parse", "HEAD")


def test_credentials_reach_the_server_and_nothing_else(tmp_path: Path) -> None:
    secret = "s3cr3t-t0k3n"
    with loopback() as server:
        server.answer("/team/*", Reply(status=403, body=b"no"))
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TOKEN": secret}
        opened = Git(tmp_path / "cache", mirrors=Mirrors(), offline=False, environ=environ)
        address = server.url.removeprefix("http://")
        url = f"git+http://someone:${{TOKEN}}@{address}/team/tool.git"
        with pytest.raises(IndexUnavailable) as error:
            opened.commit_of(parse_git_url(f"{url}@main"))
        sent = [request.headers.get("authorization", "") for request in server.requests]
    assert sent and sent[0].startswith("Basic ")
    assert secret not in error.value.message and "someone" not in error.value.message
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert not any(secret.encode() in content for content in kept)
