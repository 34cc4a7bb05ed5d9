"""What a lock lacks, and where it is taken from: the core, with lookups made of plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from resolver.errors import IndexUnavailable, IntegrityError
from resolver.indexes import DistributionFile
from resolver.locks.completion import Lookups, complete, lacking
from resolver.locks.formats.targets import target_with
from resolver.model import Artifact, Lock, LockedPackage, PlatformLock
from resolver.platforms import Platform, PythonTarget

_FILES = "https://files.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hashes:
    sha256: str = "0" * 64
    md5: str = "0" * 32


def _refuse(*_: object) -> Any:
    raise AssertionError("this is not to be looked up")


def _completed(package: LockedPackage, *, pythons: Sequence[str] = ("3.12.4",), **lookups: Any) -> LockedPackage:
    unasked: dict[str, Callable[..., Any]] = dict.fromkeys(("records", "files", "hashes", "tree", "commit"), _refuse)
    targets = [target_with(Platform.of("linux-64"), PythonTarget(version=version), "x") for version in pythons]
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),))
    found = complete(lock, Lookups(**{**unasked, "targets": lambda _: targets, **lookups}))
    return found.platforms[0].packages[0]


def _project(**fields: Any) -> LockedPackage:
    return LockedPackage(**{"kind": "pypi", "name": "bits", "version": "1.0", "url": "", **fields})


def _file(name: str, mark: str | None) -> DistributionFile:
    return DistributionFile(filename=name, url=f"{_FILES}/{name}", sha256=mark * 64 if mark else None, size=7)


_WHEEL = "bits-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
_PAGE = (
    _file("bits-1.0.tar.gz", "1"),
    _file(_WHEEL, "2"),
    _file("bits-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "3"),
    _file("bits-1.0-cp312-cp312-win_amd64.whl", "4"),
    _file("bits-1.0.0-py3-none-any.whl", "5"),
    _file("bits-2.0-py3-none-any.whl", "6"),
)


def test_a_whole_package_lacks_nothing() -> None:
    assert lacking(_project(url=f"{_FILES}/{_WHEEL}", sha256="2" * 64)) is None
    assert lacking(_project(sha256="2" * 64)) == "its URL"


@pytest.mark.parametrize(
    ("hashes", "chosen"),
    [
        ("12", _WHEEL),
        ("123456", "bits-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
        ("15", "bits-1.0.0-py3-none-any.whl"),
        ("1", "bits-1.0.tar.gz"),
        ("14", "bits-1.0.tar.gz"),
    ],
)
def test_the_best_file_with_one_of_the_hashes_is_taken(hashes: str, chosen: str) -> None:
    candidates = tuple(Artifact(url="", sha256=mark * 64) for mark in hashes)
    package = _project(candidates=candidates) if len(hashes) > 1 else _project(sha256=hashes * 64)
    found = _completed(package, files=lambda _: (_PAGE,))
    assert (found.file_name, found.url, found.candidates, found.size) == (chosen, f"{_FILES}/{chosen}", (), 7)
    assert found.sha256 == next(file.sha256 for file in _PAGE if file.filename == chosen)
    assert replace(found, file_name=None, url="", candidates=package.candidates, size=None, sha256=package.sha256) == (
        package
    )


def test_a_hash_is_looked_for_at_all_indexes_and_a_version_at_the_first() -> None:
    other = (_file("bits-1.0-py2.py3-none-any.whl", "9"),)
    assert _completed(_project(sha256="2" * 64), files=lambda _: (other, _PAGE)).file_name == _WHEEL
    assert _completed(_project(), files=lambda _: (other, _PAGE)).sha256 == "9" * 64


def test_a_file_without_a_hash_at_the_index_is_hashed() -> None:
    page = (_file(_WHEEL, None),)
    hashes = {f"{_FILES}/{_WHEEL}": _Hashes(sha256="8" * 64)}
    assert _completed(_project(sha256="8" * 64), files=lambda _: (page,), hashes=hashes.__getitem__).url
    with pytest.raises(IntegrityError, match=r"bits 1.0 \(linux-64\): no file with a hash that the lock has"):
        _completed(_project(sha256="7" * 64), files=lambda _: (page,), hashes=hashes.__getitem__)


def test_candidates_with_urls_need_no_index() -> None:
    candidates = tuple(Artifact(url=f.url, sha256=f.sha256 or "") for f in _PAGE[:2])
    assert _completed(_project(candidates=candidates)).file_name == _WHEEL


def test_the_newest_python_that_has_all_files_is_chosen() -> None:
    page = tuple(_file(f"bits-1.0-cp{v}-cp{v}-manylinux_2_17_x86_64.whl", v[-1]) for v in ("311", "312"))
    found = _completed(_project(), pythons=("3.14.7", "3.12.4", "3.11.4"), files=lambda _: (page,))
    assert found.sha256 == "2" * 64
    with pytest.raises(IntegrityError, match=r"is for linux-64 with Python 3\.14"):
        _completed(_project(), pythons=("3.14.7",), files=lambda _: (page,))


@pytest.mark.parametrize("url", [f"{_FILES}/{_WHEEL}", ""])
def test_an_md5_must_be_that_of_the_file(url: str) -> None:
    package = _project(url=url, md5="a" * 32)
    files = (_PAGE[1:2],)
    found = _completed(package, files=lambda _: files, hashes=lambda _: _Hashes(sha256="2" * 64, md5="a" * 32))
    assert (found.sha256, found.md5) == ("2" * 64, "a" * 32)
    with pytest.raises(IntegrityError, match=f"the lock has the md5 {'a' * 32}, and the file at .* has {'b' * 32}"):
        _completed(package, files=lambda _: files, hashes=lambda _: _Hashes(md5="b" * 32))


def test_repositories_folders_and_archives() -> None:
    url = "git+https://git.example.org/a"
    commits = {f"{url}@main": "c" * 40}
    vcs = LockedPackage(kind="vcs", name="a", version="", url=f"{url}@main")
    found = _completed(vcs, commit=commits.__getitem__)
    assert (found.url, found.commit) == (url, "c" * 40)
    assert _completed(replace(vcs, url="git+ssh://git@git.example.org/a"), commit=lambda _: "c" * 40).url == (
        "git+ssh://git@git.example.org/a"
    )
    folder = LockedPackage(kind="directory", name="a", version="", url="file:./a/")
    assert _completed(folder, tree=lambda text: "d" * 64 if text == "file:./a/" else "").tree == "d" * 64
    archive = LockedPackage(kind="archive", name="a", version="", url=f"{_FILES}/a-1.tar.gz")
    assert _completed(archive, hashes=lambda _: _Hashes()).sha256 == "0" * 64
    candidates = (Artifact(url="", sha256="1" * 64), Artifact(url="", sha256="2" * 64))
    with pytest.raises(IntegrityError, match=r"has the sha256 0+, and the lock has others"):
        _completed(replace(archive, candidates=candidates), hashes=lambda _: _Hashes())


def test_a_channel_that_does_not_answer_is_the_reason_for_all_of_its_packages() -> None:
    def records(platform: str, packages: Sequence[LockedPackage]) -> Any:
        raise IndexUnavailable("https://conda.example.org/main: answered 503")

    packages = tuple(
        LockedPackage(
            kind="conda", name=name, version="1", url=f"https://conda.example.org/main/noarch/{name}-1-0.conda"
        )
        for name in ("a", "b")
    )
    lock = Lock(platforms=tuple(PlatformLock(platform=p, packages=packages) for p in ("linux-64", "osx-64")))
    lookups = Lookups(
        records=records, files=_refuse, hashes=_refuse, tree=_refuse, commit=_refuse, targets=lambda _: ()
    )
    with pytest.raises(IntegrityError) as error:
        complete(lock, lookups)
    assert error.value.message == (
        "2 packages cannot be completed: a 1 (linux-64, osx-64), b 1 (linux-64, osx-64): "
        "https://conda.example.org/main: answered 503"
    )


def test_what_is_known_by_another_hash_alone_is_not_taken_unchecked() -> None:
    package = _project(other_hashes=("sha512:" + "f" * 128,))
    with pytest.raises(IntegrityError, match=r"bits 1.0 \(linux-64\): it is known by sha512 only, not by sha256"):
        _completed(package)
