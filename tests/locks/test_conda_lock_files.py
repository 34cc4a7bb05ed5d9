"""Locks as conda-lock itself writes them, or has written them."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, LockFormatError, NotRepresentable, ResolverError
from resolver.locks.files import format_of, parse_lock, read_lock, render_lock, write_lock
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Lock, LockedPackage, PlatformLock

_DATA = Path(__file__).parent / "data"


def test_a_lock_of_today() -> None:
    lock = read_lock(_DATA / "as-conda-lock-writes.conda-lock.yml")
    assert (lock.channels, lock.sources) == (
        ("https://conda.anaconda.org/conda-forge", "https://conda.example.org/t/$TOKEN/private"),
        ("environment.yml",),
    )
    assert (lock.name, lock.evidence) == (None, None)
    found = {p.name: p for p in lock.on("linux-64").packages}
    assert list(found) == ["openssl", "zlib", "requests", "mylib"]
    openssl, zlib, requests, mylib = found.values()
    assert (openssl.version, openssl.build, openssl.subdir) == ("3.1.0", "h0b41bf4_0", "linux-64")
    assert openssl.dependencies == (("ca-certificates", ""), ("libgcc-ng", ">=12"))
    assert (zlib.version, zlib.build, zlib.groups) == ("1.10", "h166bdaf_4", ("dev", "docs"))
    assert (zlib.sha256, zlib.md5) == ("1" * 64, "1" * 32)
    assert (requests.kind, requests.file_name) == ("pypi", "requests-2.28.2-py3-none-any.whl")
    assert (mylib.kind, mylib.commit, mylib.sha256) == ("vcs", "0123456789abcdef0123456789abcdef01234567", None)


def test_a_lock_of_the_oldest_form() -> None:
    lock = read_lock(_DATA / "oldest-form.conda-lock.yml")
    assert (lock.channels, lock.sources) == (("https://conda.anaconda.org/conda-forge", "defaults"), ())
    tzdata, nohash = lock.on("osx-arm64").packages
    assert (tzdata.name, tzdata.build, tzdata.subdir, tzdata.groups) == ("tzdata", "h0c530f3_0", "noarch", ("main",))
    assert (nohash.version, nohash.dependencies) == ("1", (("a", ""), ("b", "")))
    with pytest.raises(IntegrityError, match=r"tzdata 2024a \(noarch\) has no sha256, so the lock has no identity"):
        digest(lock)


@pytest.mark.parametrize("name", ["as-conda-lock-writes", "oldest-form"])
def test_such_a_lock_comes_back_as_it_was(name: str) -> None:
    lock = read_lock(_DATA / f"{name}.conda-lock.yml")
    assert FORMAT.parse(FORMAT.render(lock), "x") == lock


def test_which_file_names_are_locks(tmp_path: Path) -> None:
    assert format_of("a/b/conda-lock.yml") is format_of("gpu.conda-lock.yml") is format_of("x", name="conda-lock")
    with pytest.raises(LockFormatError, match=r"lock.json: the name of this file is none that locks have") as error:
        format_of("lock.json")
    assert (error.value.hint or "").startswith("known are conda-lock (conda-lock.yml)")
    with pytest.raises(LockFormatError, match="not a format of locks: pipfile"):
        format_of("Pipfile.lock", name="pipfile")
    with pytest.raises(ResolverError, match="there is no such lock"):
        read_lock(tmp_path / "conda-lock.yml")


def test_a_lock_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_text("old")
    package = LockedPackage(kind="conda", name="a", version="1", url="https://c.example.org/m/noarch/a-1-0.conda")
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),))
    with pytest.raises(
        NotRepresentable, match=r"conda-lock has no place for all of this lock: conda packages without an md5: a$"
    ):
        write_lock(lock, path)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


@pytest.mark.parametrize(
    "package",
    [
        LockedPackage(kind="vcs", name="a", version="1", url="https://git.example.org/a", commit="0" * 40),
        LockedPackage(kind="directory", name="a", version="1", url="file:///src/a", tree="0" * 64),
    ],
)
def test_what_the_format_would_read_as_something_else_is_not_written(package: LockedPackage) -> None:
    with pytest.raises(NotRepresentable, match=r"has no place for all of this lock: sources that are no .*: a$"):
        FORMAT.render(Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),)))


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge/label/dev", "conda-forge/label/dev"),
        ("https://conda.anaconda.org/defaults", "https://conda.anaconda.org/defaults"),
        ("https://conda.anaconda.org/nodefaults", "https://conda.anaconda.org/nodefaults"),
        ("https://conda.anaconda.org/t/${TOKEN}/private", '"https://conda.anaconda.org/t/${TOKEN}/private"'),
        ("https://conda.anaconda.org/conda-forge/", "https://conda.anaconda.org/conda-forge/"),
        ("https://conda.example.org/main", "https://conda.example.org/main"),
        ("defaults", "defaults"),
    ],
)
def test_channels_of_the_default_server_are_written_by_name(url: str, written: str) -> None:
    """conda-lock compares them by their spelling, and its own files have names."""
    text = render_lock(Lock(platforms=(), channels=(url,)))
    assert f"  channels:\n  - url: {written}\n" in text
    assert parse_lock(text).channels == (url,)
