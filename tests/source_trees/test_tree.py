"""The digest of a folder."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from resolver.errors import ManifestError, ResolverError
from resolver.source_trees import folder_at, is_folder_url, portable_url, tree_digest
from tests.source_trees.projects import commit_all, git, make_repository, write_tree

_ENVIRON = {"PATH": os.environ["PATH"]}


def _digest(folder: Path) -> str:
    return tree_digest(folder, _ENVIRON)


def _expected(*entries: tuple[str, str, bytes]) -> str:
    rows = [[path, mode, hashlib.sha256(content).hexdigest()] for path, mode, content in entries]
    return hashlib.sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def test_of_a_folder_without_git(tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"a.py": "1", "sub/ö.py": "2", "__pycache__/a.pyc": "3", "sub/__pycache__/x": "4"})
    (tmp_path / "p" / "a.py").chmod(0o775)
    (tmp_path / "p" / "sub" / "ö.py").chmod(0o600)
    (tmp_path / "p" / "link").symlink_to("sub/ö.py")
    assert _digest(tmp_path / "p") == _expected(
        ("a.py", "755", b"1"), ("link", "120000", "sub/ö.py".encode()), ("sub/ö.py", "644", b"2")
    )


def test_of_what_git_tracks(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"p/a.py": "1", "p/b.py": "2", ".gitignore": "*.log\n", "other.py": "3"})
    write_tree(tmp_path / "r", {"p/new.py": "not added", "p/x.log": "ignored"})
    assert _digest(tmp_path / "r" / "p") == _expected(("a.py", "644", b"1"), ("b.py", "644", b"2"))
    write_tree(tmp_path / "r", {"p/a.py": "changed"})
    (tmp_path / "r" / "p" / "b.py").unlink()
    assert _digest(tmp_path / "r" / "p") == _expected(("a.py", "644", b"changed"))
    git(tmp_path / "r", "add", "--all")
    assert _digest(tmp_path / "r" / "p") == _expected(("a.py", "644", b"changed"), ("new.py", "644", b"not added"))


def test_a_folder_that_git_ignores_counts_whole(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {".gitignore": "p/\n"})
    write_tree(tmp_path / "r", {"p/a.py": "1"})
    assert _digest(tmp_path / "r" / "p") == _expected(("a.py", "644", b"1"))


def test_it_is_the_same_in_a_clone(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"a.py": "1", "sub/b.py": "2"})
    git(tmp_path, "clone", "--quiet", str(tmp_path / "r"), str(tmp_path / "clone"))
    before = _digest(tmp_path / "r")
    assert _digest(tmp_path / "clone") == before
    write_tree(tmp_path / "r", {"c.py": "3"})
    commit_all(tmp_path / "r")
    assert _digest(tmp_path / "r") != before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"there is no folder .*/p$"):
        _digest(tmp_path / "p")


def test_a_repository_that_git_cannot_read(tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {".git": "gitdir: nowhere\n", "a.py": "1"})
    with pytest.raises(ResolverError, match=r"git cannot say which files it tracks"):
        _digest(tmp_path / "p")


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("file:///work/a/pkg", "/work/a", "file:./pkg/"),
        ("file:///work/a", "/work/a", "file:./"),
        ("file:///work/a/lib/x%20y/", "/work/a", "file:./lib/x%20y/"),
        ("file:///work/b", "/work/a", "file:../b/"),
        ("file:///work/a/mono#subdirectory=py", "/work/a", "file:./mono/py/"),
    ],
)
def test_portable_urls(url: str, base: str, expected: str) -> None:
    assert is_folder_url(url)
    assert portable_url(url, Path(base)) == expected
    path, _, subdirectory = url.removeprefix("file://").partition("#subdirectory=")
    assert folder_at(expected, Path(base)) == Path(path.replace("%20", " ")) / subdirectory


@pytest.mark.parametrize("url", ["file:///a/b-1-py3-none-any.whl", "file:///a/b-1.tar.gz", "https://example.org/a/"])
def test_what_is_no_folder(url: str) -> None:
    assert not is_folder_url(url)
