"""py-rattler, which pixi's own crates are in, judges what is written: it takes it, finds the same packages, and (in the
version that it writes itself, 7) rewrites it to the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rattler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolver.locks.formats import LockFormat
from resolver.locks.formats.pixi import FORMAT, PIXI_7
from resolver.locks.formats.pixi.yaml import scalar
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.strategies import LOCKS, PLATFORMS

_DATA = Path(__file__).parent / "data" / "pixi"
_NO_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _judged(text: str, folder: Path) -> Any:
    (folder / "pixi.lock").write_text(text)
    return rattler.LockFile.from_path(folder / "pixi.lock")


def _rewritten(text: str, folder: Path) -> str:
    _judged(text, folder).to_path(folder / "again.lock")
    return (folder / "again.lock").read_text()


def _packages(lock_file: Any) -> dict[str, dict[tuple[bool, str], tuple[Any, ...]]]:
    environment = dict(lock_file.environments())["default"]
    found: dict[str, dict[tuple[bool, str], tuple[Any, ...]]] = {}
    for platform in environment.platforms():
        rows = found.setdefault(str(platform.subdir), {})
        for package in environment.packages(platform) or ():
            is_conda = hasattr(package, "package_record")
            name = getattr(package.name, "normalized", package.name)
            rows[is_conda, name] = (package.location, _sha256(package, is_conda))
    return found


def _sha256(package: Any, is_conda: bool) -> str | None:
    if is_conda:
        digest = package.package_record.sha256
    else:
        try:
            digest = package.hashes.sha256
        except AttributeError:  # there are none at all
            digest = None
    return digest.hex() if digest else None


_MADE = ("rattler.v4", "rattler.v5", "rattler.v6", "rattler.v7")


@pytest.mark.parametrize("name", ["v3", "v4", "v5", "v6", "v7", *_MADE, "written.v6", "written.v7"])
def test_rattler_finds_what_is_read(name: str, tmp_path: Path) -> None:
    text = (_DATA / f"{name}.pixi.lock").read_text()
    lock = FORMAT.parse(text, name)
    theirs = _packages(_judged(text, tmp_path))
    ours = {p.platform: {(x.kind == "conda", x.name) for x in p.packages} for p in lock.platforms}
    assert {platform: set(rows) for platform, rows in theirs.items()} == ours


def test_rattler_writes_the_golden_bytes_again(tmp_path: Path) -> None:
    text = (_DATA / "written.v7.pixi.lock").read_text()
    assert _rewritten(text, tmp_path) == text


@pytest.mark.parametrize("lock_format", [FORMAT, PIXI_7], ids=["v6", "v7"])
@settings(max_examples=60, deadline=None, suppress_health_check=_NO_CHECKS)
@given(lock=LOCKS)
def test_rattler_takes_what_is_written(lock_format: LockFormat, lock: Lock, tmp_path: Path) -> None:
    fitted = lock_format.fit(lock).lock
    theirs = _packages(_judged(lock_format.render(fitted), tmp_path))
    assert set(theirs) == {p.platform for p in fitted.platforms}
    for platform in fitted.platforms:
        rows = theirs[platform.platform]
        assert set(rows) == {(p.kind == "conda", p.name) for p in platform.packages}
        for package in platform.packages:
            assert rows[package.kind == "conda", package.name][1] == package.sha256


@settings(max_examples=100, deadline=None, suppress_health_check=_NO_CHECKS)
@given(lock=LOCKS)
def test_rattler_rewrites_version_7_to_the_same_bytes(lock: Lock, tmp_path: Path) -> None:
    text = PIXI_7.render(PIXI_7.fit(lock).lock)
    if '"' not in text:  # control characters are escaped otherwise
        assert _rewritten(text, tmp_path) == text


_TEXTS = st.text(st.sampled_from("aeETn019.-+_ :#'!&*?|><=%@`[]{},~xbo$é/\\日"), min_size=1, max_size=7)


@settings(max_examples=40, deadline=None, suppress_health_check=_NO_CHECKS)
@given(texts=st.lists(_TEXTS, min_size=20, max_size=60))
def test_scalars_are_quoted_where_rattler_quotes_them(texts: list[str], tmp_path: Path) -> None:
    head, tail = (
        "version: 7\nplatforms: []\nenvironments:\n  default:\n    channels:\n",
        "    packages: {}\npackages: []\n",
    )
    given_text = head + "".join(f"    - url: {json.dumps(text)}\n" for text in texts) + tail
    expected = head + "".join(f"    - url: {scalar(text)}\n" for text in texts) + tail
    assert _rewritten(given_text, tmp_path) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=_NO_CHECKS)
@given(
    needs=st.lists(
        st.tuples(
            st.sampled_from(["a", "b-c", "d1"]),
            st.lists(
                st.sampled_from([">=1", "<2", "!=1.5", "==1.*", ">=1.0rc1", "~=1.2", "!=2.0", "<=3!1"]), max_size=4
            ),
            st.sets(st.sampled_from(PLATFORMS), min_size=1),
        ),
        max_size=6,
    )
)
def test_requirements_stand_as_rattler_prints_them(
    needs: list[tuple[str, list[str], set[str]]], tmp_path: Path
) -> None:
    lock = Lock(
        platforms=tuple(
            PlatformLock(
                platform=platform,
                packages=(
                    LockedPackage(
                        kind="pypi",
                        name="w",
                        version="1.0",
                        file_name="w-1.0-py3-none-any.whl",
                        url="https://files.example.org/w-1.0-py3-none-any.whl",
                        sha256="a" * 64,
                        dependencies=tuple((name, ",".join(bounds)) for name, bounds, on in needs if platform in on),
                    ),
                ),
            )
            for platform in PLATFORMS
        )
    )
    text = PIXI_7.render(lock)
    assert _rewritten(text, tmp_path) == text
    assert PIXI_7.parse(text, "pixi.lock") == PIXI_7.fit(lock).lock
