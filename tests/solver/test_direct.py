"""What a manifest names by a place: wheels, sdists, repositories and folders."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, IntegrityError, ManifestError, NotRepresentable
from resolver.mirrors import Mirrors
from resolver.solver.direct import DirectFile, DirectPlaces, read_direct_files
from resolver.solver.policy import FilePolicy
from resolver.source_trees import Builds, Git, SourceTrees, is_folder_url, portable_url, tree_digest
from resolver.transport import Transport
from tests.solver.worlds import requirements
from tests.source_trees.projects import dynamic_files, make_repository, pkg_info, sdist_bytes, static, write_tree

_ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def transport() -> Iterator[Transport]:
    opened = Transport(environ={})
    yield opened
    opened.close()


def _places(transport: Transport, base: Path, *may_be_built: str) -> DirectPlaces:
    mirrors = Mirrors((("https://git.example.org", str(base / "served")),))
    git, builds = Git(base / "git", mirrors=mirrors, offline=False, environ=_ENVIRON), Builds(transport)
    trees = SourceTrees(git=git, builds=builds, base=base, environ=_ENVIRON)
    policy = FilePolicy(builds=frozenset(may_be_built))
    return DirectPlaces(transport=transport, trees=trees, builds=builds, policy=policy)


@pytest.fixture
def places(transport: Transport, tmp_path: Path) -> DirectPlaces:
    return _places(transport, tmp_path)


@pytest.fixture
def wheel(fixture_index: Path) -> Path:
    return next(fixture_index.rglob("cowtalk-1.0-py3-none-any.whl"))


def test_a_wheel_on_disk(places: DirectPlaces, wheel: Path) -> None:
    asked = requirements(f"cowtalk[loud] @ {wheel.as_uri()}", "shout")
    (url, file), *rest = read_direct_files(asked, places).items()
    assert (url, rest) == (wheel.as_uri(), [])
    assert file.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (file.url, file.filename, file.size) == (wheel.as_uri(), wheel.name, wheel.stat().st_size)
    assert (file.metadata.name, file.metadata.version) == ("cowtalk", "1.0")
    assert file.metadata.requires_dist == ("moo-words>=1", 'shout>=0.5; extra == "loud"')


def test_a_promised_hash_is_taken_as_promised(places: DirectPlaces, wheel: Path) -> None:
    promised = "AB" * 32
    asked = requirements(f"cowtalk @ {wheel.as_uri()}#sha256={promised}")
    (file,) = read_direct_files(asked, places).values()
    assert (file.sha256, file.url) == (promised.lower(), wheel.as_uri())


def test_two_promises(places: DirectPlaces, wheel: Path) -> None:
    asked = requirements(f"cowtalk @ {wheel.as_uri()}#sha256={'a' * 64} --hash=sha256:{'b' * 64}")
    with pytest.raises(IntegrityError, match=r"requirements.in:1: cowtalk is asked for with two sha256s"):
        read_direct_files(asked, places)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("a @ https://files.example.org/a-1.exe", NotRepresentable, "a-1.exe, which is neither a wheel nor an sdist"),
        ("a @ git+https://git.example.org/a.git@main", IndexUnavailable, "git.example.org/a.git: git cannot read it"),
        ("a @ file:///nowhere/", ManifestError, "requirements.in:1: there is no folder .*/nowhere"),
        ("a @ file:///nowhere/a-1-py3-none-any.whl", IndexUnavailable, "/nowhere/a-1-py3-none-any.whl"),
    ],
)
def test_what_cannot_be_locked(places: DirectPlaces, line: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_direct_files(requirements(line), places)


def test_a_wheel_of_another_project(places: DirectPlaces, wheel: Path) -> None:
    with pytest.raises(ManifestError, match=r"requirements.in:1: shout is asked for from .*, a wheel of cowtalk"):
        read_direct_files(requirements(f"shout @ {wheel.as_uri()}"), places)


def test_a_wheel_that_is_none(places: DirectPlaces, tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any.whl"):
        read_direct_files(requirements(f"a @ {(tmp_path / 'a-1-py3-none-any.whl').as_uri()}"), places)


def _read(line: str, places: DirectPlaces, base: Path) -> DirectFile:
    """Folders are named relative to ``base``, as the lock will have them."""
    (asked,) = requirements(line)
    assert asked.url is not None
    url = portable_url(asked.url, base) if is_folder_url(asked.url) else asked.url
    (file,) = read_direct_files([replace(asked, url=url)], places).values()
    return file


def test_an_sdist_that_tells_what_it_needs(places: DirectPlaces, tmp_path: Path) -> None:
    content = sdist_bytes("tool-1.0", {"PKG-INFO": pkg_info("tool", "1.0", "Requires-Dist: shout")})
    (tmp_path / "tool-1.0.tar.gz").write_bytes(content)
    file = _read(f"tool @ {(tmp_path / 'tool-1.0.tar.gz').as_uri()}", places, tmp_path)
    assert (file.kind, file.filename, file.sha256) == (
        "archive",
        "tool-1.0.tar.gz",
        hashlib.sha256(content).hexdigest(),
    )
    assert file.metadata.requires_dist == ("shout",)


def test_a_repository(places: DirectPlaces, tmp_path: Path) -> None:
    files = {"pyproject.toml": static("outer"), "py/pyproject.toml": static("tool", "0.3", "shout>=0.5")}
    commit = make_repository(tmp_path / "served" / "tool.git", files)
    file = _read("tool @ git+https://git.example.org/tool.git@main#subdirectory=py", places, tmp_path)
    assert (file.kind, file.commit, file.sha256, file.tree) == ("vcs", commit, None, None)
    assert file.url == f"git+https://git.example.org/tool.git@{commit}#subdirectory=py"
    assert (file.metadata.version, file.metadata.requires_dist) == ("0.3", ("shout>=0.5",))


def test_a_folder(places: DirectPlaces, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "tool", {"pyproject.toml": static("tool", "0.3", "shout"), "tool.py": ""})
    file = _read(f"tool @ {folder.as_uri()}", places, tmp_path)
    assert (file.kind, file.url, file.tree) == ("directory", "file:./tool/", tree_digest(folder, _ENVIRON))
    assert file.metadata.requires_dist == ("shout",)


def _sources(tmp_path: Path) -> dict[str, str]:
    """The same project in each of the forms that a source has, by the requirement that names it."""
    files = dynamic_files("moo-words>=1")
    write_tree(tmp_path / "made", files)
    make_repository(tmp_path / "served" / "made.git", files)
    (tmp_path / "made-7.0.tar.gz").write_bytes(
        sdist_bytes("made-7.0", {**files, "PKG-INFO": pkg_info("made", "7.0", metadata_version="2.1")})
    )
    return {
        "directory": f"made @ {(tmp_path / 'made').as_uri()}",
        "vcs": "made @ git+https://git.example.org/made.git",
        "archive": f"made @ {(tmp_path / 'made-7.0.tar.gz').as_uri()}",
    }


@pytest.mark.parametrize("kind", ["directory", "vcs", "archive"])
def test_what_must_be_built_is_built_where_that_is_permitted(transport: Transport, tmp_path: Path, kind: str) -> None:
    line = _sources(tmp_path)[kind]
    file = _read(line, _places(transport, tmp_path, "made"), tmp_path)
    assert (file.kind, file.metadata.version, file.metadata.requires_dist) == (kind, "7.0", ("moo-words>=1",))


@pytest.mark.parametrize("kind", ["directory", "vcs", "archive"])
def test_what_must_be_built_and_is_not_permitted(transport: Transport, tmp_path: Path, kind: str) -> None:
    line = _sources(tmp_path)[kind]
    with pytest.raises(ManifestError, match=r"requirements.in:1: what made needs is only known by building") as error:
        _read(line, _places(transport, tmp_path, "another"), tmp_path)
    assert error.value.hint == "permit that with --allow-builds=made, or build a wheel of it and name that"


def test_a_folder_of_another_project(places: DirectPlaces, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "tool", {"pyproject.toml": static("tool")})
    with pytest.raises(ManifestError, match=r"other is asked for from file:\./tool/, the source of tool"):
        _read(f"other @ {folder.as_uri()}", places, tmp_path)
