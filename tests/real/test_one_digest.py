"""Each real lock has one digest in all formats that can carry it, whole or platform by platform."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from rattler import LockFile
from rattler.explicit_environment import ExplicitEnvironmentSpec

from resolver.canonicalizer import digest
from resolver.locks.files import read_lock, write_lock
from resolver.locks.formats import FORMATS, LockFormat
from resolver.model import Lock, LockedPackage
from tests.real.projects import MANIFESTS, Locked, Workshop

pytestmark = [pytest.mark.sample, pytest.mark.network]

_BOTH_WORLDS = {"conda-lock", "pixi", "pixi-v7"}
_ONE_PLATFORM = {"explicit", "explicit-md5"}
_PYPI_ONLY = {"pylock", "requirements"}
_WRITTEN = [lock_format for lock_format in FORMATS if lock_format.write is not None]
_PYPI_MANIFESTS = {"plain-requirements"}


@pytest.fixture(params=MANIFESTS)
def locked(request: pytest.FixtureRequest, workshop: Workshop) -> Locked:
    locked = workshop.locked(request.param)
    assert locked.done.code == 0, locked.done.stderr
    return locked


def test_every_written_format_is_tried() -> None:
    assert {lock_format.name for lock_format in _WRITTEN} == _BOTH_WORLDS | _ONE_PLATFORM | _PYPI_ONLY


@pytest.mark.parametrize("lock_format", _WRITTEN, ids=lambda f: f.name)
def test_the_digest_is_the_same(locked: Locked, lock_format: LockFormat, tmp_path: Path) -> None:
    whole = read_lock(locked.lockfile)
    for lock in _parts(whole) if lock_format.name in _ONE_PLATFORM else [whole]:
        losses = [loss.message for loss in lock_format.fit(lock).losses]
        if lock_format.name in _PYPI_ONLY and _has_conda(lock):
            assert losses == ["conda packages"]
            continue
        assert losses == []
        path = tmp_path / f"{lock.platforms[0].platform}.{lock_format.name}"
        write_lock(lock, path, format=lock_format.name)
        again = read_lock(path, format=lock_format.name)
        assert digest(again) == digest(lock)
        # the sidecar keeps what the format does not; pixi's spells the bounds of wheels in its own way
        assert _meant(again) == _meant(lock)


def test_py_rattler_reads_what_we_write(locked: Locked, tmp_path: Path) -> None:
    lock = read_lock(locked.lockfile)
    ours = {(p.platform, package.name) for p in lock.platforms for package in p.packages}
    for name in ("pixi", "pixi-v7"):
        path = tmp_path / f"{name}.lock"
        write_lock(lock, path, format=name)
        environment = LockFile.from_path(path).environment("default")
        assert environment is not None
        found = {
            (str(platform), package.name)
            for platform in environment.platforms()
            for package in environment.packages(platform) or ()
        }
        assert found == ours
    LockFile.from_path(tmp_path / "pixi-v7.lock").to_path(tmp_path / "again.lock")
    assert (tmp_path / "again.lock").read_bytes() == (tmp_path / "pixi-v7.lock").read_bytes()
    for part in _parts(lock):
        path = tmp_path / f"conda-{part.platforms[0].platform}.lock"
        write_lock(part, path, format="explicit")
        conda = sorted(p.url for p in part.platforms[0].packages if p.kind == "conda")
        assert sorted(str(e.url).partition("#")[0] for e in ExplicitEnvironmentSpec.from_path(path).packages) == conda


def _meant(lock: Lock) -> list[object]:
    """The lock with the bounds of its wheels as what they mean."""
    around: list[object] = [replace(lock, platforms=())]
    for platform in lock.platforms:
        for package in platform.packages:
            bounds = [(name, _bounds(package, text)) for name, text in package.dependencies]
            around.append((platform.platform, replace(package, dependencies=()), bounds))
    return around


def _bounds(package: LockedPackage, text: str) -> object:
    return text if package.kind == "conda" else SpecifierSet(text)


def _parts(lock: Lock) -> list[Lock]:
    return [replace(lock, platforms=(platform,)) for platform in lock.platforms]


def _has_conda(lock: Lock) -> bool:
    return any(package.kind == "conda" for platform in lock.platforms for package in platform.packages)
