"""Metadata by a real build, in an environment of its own. The backend lies in the tree: no network is needed."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.errors import IntegrityError
from resolver.indexes import DistributionFile, InvalidMetadata, MetadataCache
from resolver.source_trees import Builds
from resolver.transport import Transport
from tests.source_trees.projects import dynamic_files, sdist_bytes, write_tree


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls.txt"


@pytest.fixture
def builds(tmp_path: Path) -> Iterator[Builds]:
    transport, cache = Transport(environ={}, offline=True), MetadataCache(tmp_path / "cache", now=lambda: 0.0)
    yield Builds(transport, cache=cache)
    cache.close()
    transport.close()


def _sdist(folder: Path, content: bytes) -> DistributionFile:
    path = folder / "made-7.0.tar.gz"
    path.write_bytes(content)
    return DistributionFile(
        filename=path.name, url=path.as_uri(), sha256=hashlib.sha256(content).hexdigest(), size=len(content)
    )


def test_an_sdist_is_built_once_for_ever(builds: Builds, calls: Path, tmp_path: Path) -> None:
    file = _sdist(tmp_path, sdist_bytes("made-7.0", dynamic_files("moo-words>=1", calls)))
    built = builds.metadata_of_sdist(file)
    assert (built.name, built.version, built.requires_dist) == ("made", "7.0", ("moo-words>=1",))
    (tmp_path / "made-7.0.tar.gz").unlink()
    again = Builds(Transport(environ={}), cache=MetadataCache(tmp_path / "cache", now=lambda: 1e9))
    assert again.metadata_of_sdist(file) == built
    assert calls.read_text() == "built\n"


def test_what_is_not_what_was_promised_is_not_built(builds: Builds, calls: Path, tmp_path: Path) -> None:
    file = _sdist(tmp_path, sdist_bytes("made-7.0", dynamic_files("moo-words>=1", calls)))
    (tmp_path / "made-7.0.tar.gz").write_bytes(sdist_bytes("made-7.0", dynamic_files("moo-words>=2", calls)))
    with pytest.raises(IntegrityError, match=r"made-7\.0\.tar\.gz"):
        builds.metadata_of_sdist(file)
    assert not calls.exists()


def test_a_backend_that_fails_is_quoted(builds: Builds, tmp_path: Path) -> None:
    files = {**dynamic_files("x"), "backend.py": "raise RuntimeError('the compiler is missing')\n"}
    with pytest.raises(InvalidMetadata, match=r"made-7\.0\.tar\.gz: the build of its metadata failed: .*") as error:
        builds.metadata_of_sdist(_sdist(tmp_path, sdist_bytes("made-7.0", files)))
    assert "the compiler is missing" in error.value.message


def test_a_build_that_needs_the_network_is_refused_offline(builds: Builds, tmp_path: Path) -> None:
    files = dynamic_files("x")
    files["pyproject.toml"] = files["pyproject.toml"].replace("requires = []", 'requires = ["no-such-backend"]')
    with pytest.raises(InvalidMetadata, match=r"its build needs no-such-backend, and --offline is on"):
        builds.metadata_of_sdist(_sdist(tmp_path, sdist_bytes("made-7.0", files)))


def test_the_sources_stay_as_they_are(builds: Builds, tmp_path: Path) -> None:
    from resolver.source_trees.builds import copy_tree

    folder = write_tree(tmp_path / "made", dynamic_files("x"))
    before = sorted(path.name for path in folder.iterdir())
    built = builds.metadata(("file:./made/", "0" * 64), "made", lambda place: copy_tree(folder, place))
    assert (built.name, sorted(path.name for path in folder.iterdir())) == ("made", before)


def test_an_sdist_cannot_write_outside(builds: Builds, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("../escaped.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(InvalidMetadata, match=r"not a sane source distribution"):
        builds.metadata_of_sdist(_sdist(tmp_path, stream.getvalue()))
    assert not list(tmp_path.rglob("escaped.txt"))
