"""Images with an application: what is in its folders counts, and a health check is not left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import resolver
from resolver.errors import NotRepresentable
from resolver.model import Application, DockerSection, HealthCheck, PlatformLock
from tests.engines.stand_ins import StandIns
from tests.exporter.conftest import conda, lock_of, wheel

SERVER = dataclasses.replace(wheel("waitress", "3.0.2", "e"), groups=("serve",))
LOCK = lock_of(PlatformLock(platform="linux-64", packages=(conda("python", "3.12.4", "linux-64", "a"), SERVER)))


@pytest.fixture
def session(stand_ins: StandIns, tmp_path: Path) -> Iterator[resolver.Session]:
    with resolver.Session(cache=tmp_path / "cache", environ=stand_ins.environ) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("def run(data): ...\n")
    return tmp_path / "app"


def section(application: Application) -> DockerSection:
    return DockerSection(
        base_image=f"debian:bookworm-slim@sha256:{'9' * 64}", resolve_base=False, application=application
    )


def serve(folder: Path) -> DockerSection:
    return section(Application(source=str(folder), preset="serve", entry="main.py"))


def test_what_is_in_its_folder_counts_and_where_the_folder_is_does_not(
    stand_ins: StandIns, session: resolver.Session, folder: Path
) -> None:
    stand_ins.add("docker")

    def key() -> str:
        return str(resolver.build(LOCK, docker=serve(folder), session=session).key)

    first = key()
    folder = folder.rename(folder.with_name("elsewhere"))
    assert key() == first
    (folder / "main.py").write_text("def run(data): return 1\n")
    assert key() != first


@pytest.mark.parametrize("engine", ["docker", "podman", "buildah"])
def test_a_health_check_is_kept_by_each_engine(
    stand_ins: StandIns, session: resolver.Session, folder: Path, engine: str
) -> None:
    stand_ins.add(engine)
    quiet = Application(source=str(folder), preset="train", entry="main.py")
    checked = dataclasses.replace(quiet, health_check=HealthCheck(command=("true",)))
    for docker, healthy in ((section(quiet), False), (section(checked), True), (serve(folder), True)):
        resolver.build(LOCK, docker=docker, session=session).wait()
        built = stand_ins.calls()[-1]
        assert ("--format=docker" in built) == (healthy and engine != "docker")
        assert ("\nHEALTHCHECK " in (stand_ins.folder / "Dockerfile").read_text()) == healthy


def test_a_lock_without_the_server_is_refused_before_anything_is_asked(
    stand_ins: StandIns, session: resolver.Session, folder: Path
) -> None:
    stand_ins.add("docker")
    packages = tuple(p for p in LOCK.on("linux-64").packages if p.groups == ("main",))
    lock = dataclasses.replace(LOCK, platforms=(PlatformLock(platform="linux-64", packages=packages),))
    with pytest.raises(NotRepresentable, match="no waitress in the group serve"):
        resolver.build(lock, docker=serve(folder), session=session)
    assert stand_ins.calls() == []
