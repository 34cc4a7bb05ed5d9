"""Engines, base images and one server for all that a thin build downloads."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resolver.exporter import docker_context, installer_wheels, write_directory
from resolver.exporter.docker.wheelhouse import checker_wheel
from resolver.locks.files import read_lock
from resolver.model import DockerSection, Lock
from tests.docker.engines import Buildah, Builder, Docker, DockerDaemon, Store, docker_daemon, write_archive
from tests.docker.places import Place, buildah_place, docker_place, podman_place
from tests.docker.worlds import artifact_path, download_wheel, samebox, write_project
from tests.registry.programs import DockerRegistry, docker_registry

BASE = "samebox-test/plain:1"
PYTHON_BASE = "samebox-test/python:1"

NOTE = 'a "quoted" $HOME \\ value'
DOCKER = {
    "base-image": BASE,
    "build-image": PYTHON_BASE,
    "resolve-base": False,
    "command": ["greet", "$HOME"],
    "labels": {"org.example.note": NOTE},
}
"""The project's ``[docker]``."""

Vendor = Callable[..., Path]
"""Writes a vendored context of a lock and, if need be, a ``DockerSection``."""

_WHEELS = (*installer_wheels("linux-64"), checker_wheel())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of an engine go to one worker (with ``--dist loadgroup``): so it is started once in a run, and what one
    test has built serves the others as a cache."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent:
            asked = getattr(item, "callspec", None)
            builders = {*(asked.params.values() if asked else ()), *item.fixturenames}
            group = next((name for name in ("buildah", "old") if name in builders), "buildkit")
            group = "buildah" if "podman" in builders else group  # they share one store
            item.add_marker(pytest.mark.xdist_group(f"docker-{group}"))


def _cache() -> Path:
    return Path(os.environ.get("SAMEBOX_TEST_CACHE") or Path.home() / ".cache" / "samebox-tests")


def require(condition: bool, what: str) -> None:
    """Without an engine the tests are skipped on a developer's machine; in CI that is a failure."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; run .ci/prepare-docker")
    pytest.skip(f"{what}; run .ci/prepare-docker as root")


def base_tar(name: str) -> Path:
    """The files of a base image that .ci/prepare-docker has made."""
    tars = sorted(_cache().glob(f"debian-bookworm-{name}-*.tar"))
    require(bool(tars), f"there is no base image debian-bookworm-{name} in {_cache()}")
    return tars[-1]


@pytest.fixture(scope="session")
def base_archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ...]]:
    """The base images ``BASE`` and ``PYTHON_BASE``, to be loaded into an engine."""
    folder = tmp_path_factory.mktemp("bases")
    for name, tag in (("plain", BASE), ("python", PYTHON_BASE)):
        write_archive(base_tar(name), tag, folder / f"{name}.tar")
    yield tuple(sorted(folder.iterdir()))
    shutil.rmtree(folder)  # pytest keeps the folders of the last runs, and images are large


@contextlib.contextmanager
def _daemon(root: Path, store: Store, bases: tuple[Path, ...]) -> Iterator[DockerDaemon]:
    require(os.geteuid() == 0, "only root can start dockerd")
    require(shutil.which("dockerd", path=f"/usr/sbin:{os.environ['PATH']}") is not None, "dockerd is not installed")
    with docker_daemon(root, store=store) as running:
        for archive in bases:
            running.load(archive)
        yield running


@pytest.fixture(scope="session")
def daemon(base_archives: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerDaemon]:
    """A daemon with containerd's image store."""
    with _daemon(tmp_path_factory.mktemp("engine") / "docker", "containerd", base_archives) as running:
        yield running


@pytest.fixture(scope="session")
def old_daemon(base_archives: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerDaemon]:
    """A daemon with Docker's own image store."""
    with _daemon(tmp_path_factory.mktemp("engine") / "docker", "overlay2", base_archives) as running:
        yield running


@pytest.fixture(scope="session")
def buildah(
    daemon: DockerDaemon, base_archives: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Buildah]:
    program = shutil.which("buildah")
    require(program is not None, "buildah is not installed")
    builder = Buildah(daemon=daemon, program=str(program), root=tmp_path_factory.mktemp("buildah"))
    for archive in base_archives:
        builder.load(archive)
    yield builder
    builder.close()


@pytest.fixture(params=["old", "buildkit", "buildah"])
def builder(request: pytest.FixtureRequest) -> Builder:
    """Each builder in turn."""
    if request.param == "buildah":
        made: Buildah = request.getfixturevalue("buildah")
        return made
    daemon = "daemon" if request.param == "buildkit" else "old_daemon"
    return Docker(daemon=request.getfixturevalue(daemon), buildkit=request.param == "buildkit")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(params=["old", "buildkit", "buildah"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each engine as its user has it, with ``BASE``."""
    if request.param == "buildah":
        return buildah_place(request.getfixturevalue("buildah"), BASE, tmp_path)
    if request.param == "podman":
        return podman_place(request.getfixturevalue("buildah"), BASE, tmp_path)
    daemon: DockerDaemon = request.getfixturevalue("daemon" if request.param == "buildkit" else "old_daemon")
    registry: DockerRegistry = request.getfixturevalue("registry")
    return docker_place(daemon, registry, BASE, buildkit=request.param == "buildkit")


@pytest.fixture(scope="session")
def samebox_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command's cache in this test run."""
    return tmp_path_factory.mktemp("samebox-cache")


@pytest.fixture(scope="session")
def project(
    fixture_channels: Path, fixture_index: Path, samebox_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The quickstart, locked by the command."""
    folder = tmp_path_factory.mktemp("docker") / "project"
    write_project(folder, fixture_channels, fixture_index, DOCKER)
    samebox("lock", folder=folder, cache=samebox_cache)
    return folder


@pytest.fixture(scope="session")
def lock(project: Path) -> Lock:
    return read_lock(project / "conda-lock.yml")


@pytest.fixture(scope="session")
def installer_files() -> dict[str, Path]:
    """What a build stage or a check needs on linux-64, by file name."""
    return {w.file_name: download_wheel(w, _cache() / "wheels") for w in _WHEELS}


@pytest.fixture
def vendor(fixture_channels: Path, fixture_index: Path, installer_files: dict[str, Path], tmp_path: Path) -> Vendor:
    """Write the vendored context of a lock, and give its folder."""

    def write(lock: Lock, docker: DockerSection | None = None) -> Path:
        context = docker_context(
            lock,
            docker=docker or DockerSection(base_image=BASE, build_image=PYTHON_BASE),
            strategy="vendored",
            artifact_path=lambda artifact: artifact_path(artifact, fixture_channels, fixture_index),
            wheel_path=lambda wheel: installer_files[wheel.file_name],
        )
        write_directory(context, tmp_path / "context")
        return tmp_path / "context"

    return write


@pytest.fixture(scope="session")
def server(
    fixture_channels: Path,
    fixture_index: Path,
    installer_files: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The URL of a loopback server: ``conda/``, ``pypi/``, and the installer's own index ``simple/``."""
    root = tmp_path_factory.mktemp("server")
    lay_out_downloads(root, fixture_channels, fixture_index, installer_files)
    handler = functools.partial(_QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def lay_out_downloads(root: Path, channels: Path, index: Path, installer_files: dict[str, Path]) -> None:
    """Below ``root``: ``conda/``, ``pypi/`` and ``simple/``."""
    (root / "conda").symlink_to(channels)
    (root / "pypi").symlink_to(index)
    for wheel in _WHEELS:
        page = root / "simple" / wheel.name
        page.mkdir(parents=True)
        (page / wheel.file_name).symlink_to(installer_files[wheel.file_name])
        (page / "index.html").write_text(f'<!DOCTYPE html><a href="{wheel.file_name}">{wheel.file_name}</a>\n')


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """A test run's output is no access log."""


@pytest.fixture
def tag() -> str:
    """A name that no other test uses."""
    return f"samebox-test/image:{os.getpid()}-{time.monotonic_ns()}"
