"""The text of a lock and of its slices, as files to read."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from resolver.errors import IntegrityError, NotRepresentable
from resolver.locks.formats.conda_lock import FORMAT
from resolver.locks.slices import artifacts_of, required_glibc, slice_of
from resolver.model import Artifact, Evidence, Lock, LockedPackage, PlatformLock, Root, VirtualPackage

_DATA = Path(__file__).parent / "data"

_PYTHON = LockedPackage(
    kind="conda",
    name="python",
    version="3.12.4",
    build="0_cpython",
    subdir="linux-64",
    file_name="python-3.12.4-0_cpython.conda",
    url="https://conda.example.org/main/linux-64/python-3.12.4-0_cpython.conda",
    sha256="1" * 64,
    md5="2" * 32,
    size=31_000_000,
    dependencies=(("__glibc", ">=2.17"), ("libz", ">=1.3,<2.0a0"), ("libz", "1.3.*"), ("tzdata", "")),
    groups=("dev", "main"),
)
_LIBZ = LockedPackage(
    kind="conda",
    name="libz",
    version="1.10",
    build="h1e3_0",
    subdir="linux-64",
    file_name="libz-1.10-h1e3_0.tar.bz2",
    url="https://conda.example.org/main/linux-64/libz-1.10-h1e3_0.tar.bz2",
    sha256="1e" + "3" * 62,
    md5="a" * 32,
)
_TZDATA = LockedPackage(
    kind="conda",
    name="tzdata",
    version="2024a",
    build="0",
    subdir="noarch",
    file_name="tzdata-2024a-0.conda",
    url="https://conda.example.org/main/noarch/tzdata-2024a-0.conda",
    sha256="b" * 64,
    md5="c" * 32,
)
_WHEEL = LockedPackage(
    kind="pypi",
    name="cow-talk",
    version="1.0+local.1",
    file_name="cow_talk-1.0+local.1-py3-none-any.whl",
    url="https://files.example.org/cow_talk-1.0%2Blocal.1-py3-none-any.whl",
    sha256="d" * 64,
    dependencies=(("yes", ">=0.5,!=0.6"),),
)
_YES = LockedPackage(
    kind="archive",
    name="yes",
    version="1e3",
    file_name="yes-1e3-py3-none-any.whl",
    url="file:///srv/wheels/yes-1e3-py3-none-any.whl",
    sha256="e" * 64,
    groups=("dev",),
)
_REPOSITORY = LockedPackage(
    kind="vcs",
    name="tool",
    version="0.1",
    url="git+https://git.example.org/tool.git",
    commit="0123456789" * 4,
    groups=("sources",),
)

LOCK = Lock(
    name='it\'s: a "name" – ünïcode 🐄',
    platforms=(
        PlatformLock(platform="linux-64", packages=(_PYTHON, _LIBZ, _TZDATA, _WHEEL, _YES, _REPOSITORY)),
        PlatformLock(platform="osx-arm64", packages=(_TZDATA,)),
    ),
    channels=("https://conda.example.org/main", "https://conda.example.org/t/${TOKEN}/other"),
    sources=("environment.yml", "../requirements dev.in"),
    content_hash=(("linux-64", "4" * 64), ("osx-arm64", "5" * 64)),
    evidence=Evidence(
        roots=(
            ("linux-64", (Root(kind="conda", requirement="python[version='3.12.*']", origin="environment.yml:5"),)),
        ),
        virtual_packages=(("linux-64", (VirtualPackage(name="__glibc", version="2.28"),)),),
        pythons=(("linux-64", "3.12.4"),),
        cut_off="2024-06-01T00:00:00Z",
        variables=(("GREETING", "it's"),),
    ),
)


def _assert_golden(found: str, name: str) -> None:
    expected = (_DATA / name).read_text(encoding="utf-8")
    difference = difflib.unified_diff(expected.splitlines(), found.splitlines(), name, "found", lineterm="")
    assert found == expected, "\n" + "\n".join(difference)


def test_a_lock_as_text() -> None:
    _assert_golden(FORMAT.render(LOCK), "golden.conda-lock.yml")


def test_an_empty_lock_as_text() -> None:
    _assert_golden(FORMAT.render(Lock(platforms=())), "empty.conda-lock.yml")
    assert FORMAT.parse(FORMAT.render(Lock(platforms=())), "x") == Lock(platforms=())


@pytest.mark.parametrize(
    ("groups", "name"), [(("main",), "golden.main.slice.json"), (("main", "dev"), "golden.main-dev.slice.json")]
)
def test_a_slice(groups: tuple[str, ...], name: str) -> None:
    _assert_golden(slice_of(LOCK, "linux-64", groups).decode(), name)


def test_the_order_of_groups_and_of_packages_is_no_input_of_a_slice() -> None:
    linux = PlatformLock(platform="linux-64", packages=LOCK.on("linux-64").packages[::-1])
    other = Lock(platforms=(linux,), evidence=LOCK.evidence)
    assert slice_of(other, "linux-64", ("dev", "main")) == slice_of(LOCK, "linux-64", ("main", "dev"))


def test_a_lock_that_was_read_gives_the_slice_of_the_one_that_was_written() -> None:
    again = FORMAT.parse(FORMAT.render(LOCK), "conda-lock.yml")
    assert slice_of(again, "linux-64", ("dev", "main")) == slice_of(LOCK, "linux-64", ("dev", "main"))


def test_what_must_be_built_is_in_no_slice() -> None:
    sdist = LockedPackage(
        kind="pypi", name="ore", version="1", url="https://f.example.org/ore-1.tar.gz", sha256="f" * 64
    )
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(sdist, _REPOSITORY, _WHEEL)),))
    with pytest.raises(NotRepresentable, match=r"must be built .*: ore \(pypi\), tool \(vcs\)$"):
        slice_of(lock, "linux-64", ("main", "sources"))


def test_what_has_no_sha256_is_in_no_slice() -> None:
    unhashed = LockedPackage(kind="pypi", name="a", version="1", url="https://f.example.org/a-1-py3-none-any.whl")
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(unhashed,)),))
    with pytest.raises(IntegrityError, match="a 1 has no sha256: it cannot be checked"):
        slice_of(lock, "linux-64", ("main",))


def test_the_artifacts_of_a_slice() -> None:
    assert artifacts_of(LOCK, "osx-arm64", ("main",)) == (
        Artifact(
            url="https://conda.example.org/main/noarch/tzdata-2024a-0.conda",
            sha256="b" * 64,
            md5="c" * 32,
        ),
    )


def test_the_glibc_of_a_platform() -> None:
    assert [required_glibc(LOCK, p) for p in ("linux-64", "linux-aarch64", "osx-arm64")] == ["2.28", "", ""]
    assert required_glibc(Lock(platforms=LOCK.platforms), "linux-64") == ""
