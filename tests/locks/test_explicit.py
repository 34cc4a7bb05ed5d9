"""Explicit files: ours come back, and those of conda and conda-lock are read."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler.explicit_environment import ExplicitEnvironmentSpec

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, LockFormatError
from resolver.locks.files import format_of, read_lock, write_lock
from resolver.locks.formats import Asked, LockFormat
from resolver.locks.formats.explicit import EXPLICIT, EXPLICIT_MD5
from resolver.model import Lock, PlatformLock
from resolver.platforms import Platform
from tests.locks.goldens import DATA, assert_golden
from tests.locks.narrowed import as_told_by
from tests.locks.three_platforms import LOCK, RECORDS
from tests.strategies import LOCKS

_BOTH = pytest.mark.parametrize("lock_format", [EXPLICIT, EXPLICIT_MD5], ids=lambda f: f.name)
_MIXED = Lock(platforms=(replace(LOCK.platforms[0], packages=RECORDS + LOCK.platforms[0].packages), LOCK.platforms[1]))

_CONDA_LINE = re.compile(
    r"(?:(?P<url_p>.+)(?:[/\\]))?(?P<fn>[^/\\#]+(?:\.tar\.bz2|\.conda))"
    r"(?:#((?P<md5>[0-9a-f]{32})|((sha256:)?(?P<sha256>[0-9a-f]{64}))))?$"
)
"""What the draft of the CEP on text spec files, and conda since 24.9, take a line by."""


@_BOTH
def test_a_lock_as_text(lock_format: LockFormat) -> None:
    assert_golden(lock_format.render(lock_format.fit(_MIXED).lock), f"explicit/golden.{lock_format.name}.txt")


@_BOTH
def test_what_is_lost_is_named(lock_format: LockFormat) -> None:
    fitted = lock_format.fit(_MIXED)
    assert [str(loss) for loss in fitted.losses] == [
        "platforms beside linux-64: a file is for one, name it with -p (osx-arm64)",
        "packages of other groups than main: place, tool",
        "the other groups that packages of main are in: both",
        "packages that are built from sources: folder, repository",
    ]


def test_an_md5_is_needed_where_md5s_are_written() -> None:
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(replace(RECORDS[0], md5=None), RECORDS[1])),))
    assert [str(loss) for loss in EXPLICIT_MD5.fit(lock).losses] == ["conda packages without an md5: python"]
    assert EXPLICIT.fit(lock).losses == ()


@_BOTH
@settings(max_examples=300)
@given(lock=LOCKS)
def test_what_fits_comes_back_as_it_was(lock_format: LockFormat, lock: Lock) -> None:
    fitted = lock_format.fit(lock).lock
    again = lock_format.parse(lock_format.render(fitted), "conda-linux-64.lock")
    assert as_told_by(again, lock_format) == as_told_by(fitted, lock_format)
    assert digest(again) == digest(fitted)
    assert again.silent_on == lock_format.silent_on


@_BOTH
@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_in_which_things_came(
    lock_format: LockFormat, lock: Lock, random: random.Random
) -> None:
    fitted = lock_format.fit(lock).lock
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in fitted.platforms
    ]
    assert lock_format.render(replace(fitted, platforms=tuple(shuffled))) == lock_format.render(fitted)


@_BOTH
def test_conda_and_rattler_take_every_line(lock_format: LockFormat) -> None:
    text = lock_format.render(lock_format.fit(_MIXED).lock)
    lines = [line for line in text.splitlines() if not line.startswith(("#", "@"))]
    assert [match["fn"] for line in lines if (match := _CONDA_LINE.match(line))] == [
        "tzdata-2024a-0.conda",
        "zlib-1.3.1-h4ab18f5_1.tar.bz2",
        "python-3.12.4-0_cpython.conda",
    ]
    spec = ExplicitEnvironmentSpec.from_str(text)
    assert str(spec.platform) == "linux-64"
    assert [package.url for package in spec.packages] == lines


@pytest.mark.parametrize("name", ["conda-linux-64.lock", "conda-linux-64.md5.lock", "here.explicit.txt"])
def test_the_file_beside_it_keeps_the_rest(name: str, tmp_path: Path) -> None:
    fitted = EXPLICIT_MD5.fit(_MIXED).lock
    write_lock(fitted, tmp_path / name)
    assert read_lock(tmp_path / name) == fitted
    assert ("md5" in name) == ("#" + "b" * 32 in (tmp_path / name).read_text())
    assert format_of(name).name == ("explicit-md5" if "md5" in name else "explicit")


def test_what_others_need_comes_first_and_a_circle_ends() -> None:
    needs = {"a": ("b",), "b": ("c", "d"), "c": ("b",), "d": (), "e": ("e", "elsewhere")}
    packages = tuple(
        replace(RECORDS[1], name=n, url=RECORDS[1].url.replace("tzdata", n), dependencies=tuple((d, "") for d in ds))
        for n, ds in needs.items()
    )
    text = EXPLICIT.render(Lock(platforms=(PlatformLock(platform="linux-64", packages=packages),)))
    assert re.findall(r"noarch/(.)-2024a", text) == ["d", "e", "a", "b", "c"]


def test_a_file_that_conda_lock_renders_is_read() -> None:
    lock = read_lock(DATA / "explicit" / "valid" / "conda-lock-renders.lock", format="explicit")
    assert [(p.kind, p.name, p.version, p.build, p.md5, p.sha256) for p in lock.on("linux-64").packages] == [
        ("conda", "libz", "1.10", "h1e3_0", "a" * 32, None),
        ("conda", "python", "3.12.4", "0_cpython", "2" * 32, None),
        ("conda", "tzdata", "2024a", "0", "c" * 32, None),
        ("pypi", "cow-talk", "1.0+local.1", None, None, "d" * 64),
        ("pypi", "yes", "1.3", None, None, "e" * 64),
    ]
    with pytest.raises(IntegrityError, match=r"libz 1\.10 .* has no sha256"):
        digest(lock)


_URL = "https://conda.example.org/main/{}/a-1.0-0.conda"


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        (f"# platform: win-64\n@EXPLICIT\n{_URL.format('noarch')}\n", "win-64"),
        (f"@EXPLICIT\n{_URL.format('osx-64')}#sha256:{'1' * 64}\n", "osx-64"),
        (f"  @EXPLICIT  \n{_URL.format('noarch')}#{'1' * 64}\n", "linux-aarch64"),
    ],
)
def test_the_platform_is_named_or_that_of_the_packages_or_asked_for(text: str, platform: str) -> None:
    lock = EXPLICIT.parse(text, "file.txt", Asked(platforms=(Platform.of("linux-aarch64"),)))
    assert [p.platform for p in lock.platforms] == [platform]


def test_a_file_of_noarch_packages_does_not_say_its_platform() -> None:
    with pytest.raises(LockFormatError, match="the file does not say which platform it is for"):
        EXPLICIT.parse(f"@EXPLICIT\n{_URL.format('noarch')}\n", "file.txt")
