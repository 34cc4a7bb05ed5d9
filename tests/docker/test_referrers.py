"""A base named by a tag of a registry, an image pushed there, and the way back from the image to its lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import resolver
from resolver.model import DockerSection, Lock
from tests.docker.conftest import BASE, PYTHON_BASE
from tests.docker.engines import Buildah, DockerDaemon
from tests.docker.worlds import CONDA, PYPI
from tests.registry.programs import DockerRegistry, docker_registry

pytestmark = pytest.mark.docker

_INDEXES = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    name: str
    environ: dict[str, str]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, daemon: DockerDaemon) -> Iterator[DockerRegistry]:
    """It has both base images, by tags."""
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        for name, tag in (("plain:1", BASE), ("python:1", PYTHON_BASE)):
            daemon.call("tag", tag, f"{running.host}/{name}")
            daemon.call("push", "--quiet", f"{running.host}/{name}")
            daemon.call("image", "rm", f"{running.host}/{name}")
        yield running


@pytest.fixture(params=["old", "buildkit", "buildah"])
def engine(request: pytest.FixtureRequest, registry: DockerRegistry, tmp_path: Path) -> Engine:
    """Each builder with an image store that has the bases under no name of the registry."""
    if request.param == "buildah":
        return Engine(name="buildah", environ=_of_buildah(request.getfixturevalue("buildah"), registry, tmp_path))
    daemon: DockerDaemon = request.getfixturevalue("daemon" if request.param == "buildkit" else "old_daemon")
    environ = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(daemon.client).parent), os.environ["PATH"])),
        "DOCKER_HOST": f"unix://{daemon.socket}",
        "DOCKER_BUILDKIT": str(int(request.param == "buildkit")),
    }
    return Engine(name="docker", environ=environ)


def _of_buildah(buildah: Buildah, registry: DockerRegistry, folder: Path) -> dict[str, str]:
    root = buildah.root
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{root / "storage"}"\nrunroot = "{root / "run"}"\n'
    )
    (folder / "registries.conf").write_text(f'[[registry]]\nlocation = "{registry.host}"\ninsecure = true\n')
    return {
        **os.environ,
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }


def _command(*arguments: str | Path, folder: Path, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "resolver", *map(str, arguments)]
    environ = {**environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _digest_of(registry: DockerRegistry, name: str) -> str:
    """What the registry itself says that a tag is."""
    repository, _, tag = name.partition(":")
    accept = {
        "Accept": f"{_INDEXES}, application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.v2+json"
    }
    request = urllib.request.Request(f"http://{registry.host}/v2/{repository}/manifests/{tag}", headers=accept)
    with urllib.request.urlopen(request, timeout=10) as answer:
        digest: str = answer.headers["Docker-Content-Digest"]
        return digest


def test_from_a_lock_to_an_image_and_back(
    project: Path,
    lock: Lock,
    engine: Engine,
    registry: DockerRegistry,
    server: str,
    fixture_channels: Path,
    fixture_index: Path,
    samebox_cache: Path,
    tmp_path: Path,
) -> None:
    lockfile = tmp_path / "conda-lock.yml"
    lockfile.write_bytes((project / "conda-lock.yml").read_bytes())
    name = f"box-{tmp_path.name.replace('_', '-').strip('-').lower()}:1"
    docker = DockerSection(
        base_image=f"{registry.host}/plain:1", build_image=f"{registry.host}/python:1", command=("greet", "you")
    )
    mirrors = ((CONDA, str(fixture_channels)), (PYPI, str(fixture_index)))
    environ = {**engine.environ, "SAMEBOX_CACHE_DIR": str(samebox_cache)}
    with resolver.Session(cache=samebox_cache, environ=environ, mirrors=mirrors) as session:
        image = resolver.build(
            lock,
            tag=f"{registry.host}/{name}",
            docker=docker,
            engine=engine.name,
            strategy="vendored",
            push=True,
            lock_path=lockfile,
            session=session,
            index_urls=(f"{server}/simple/",),
        )
        image.wait()
    assert image.key is not None
    said = "\n".join(image.lines())
    for base in ("plain:1", "python:1"):
        assert f"{registry.host}/{base}@{_digest_of(registry, base)}" in said
    record = json.loads((tmp_path / "conda-lock.yml.images.json").read_text())
    assert record["images"][f"{registry.host}/plain:1"]["digest"] == _digest_of(registry, "plain:1")

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    reference = f"{registry.host}/{name}"
    _command("export", "conda-lock", "--from-image", reference, "-o", "conda-lock.yml", folder=folder, environ=environ)
    assert (folder / "conda-lock.yml").read_bytes() == lockfile.read_bytes()
    pinned = f"{reference.rpartition(':')[0]}@{_digest_of(registry, name)}"
    told = _command("digest", "--from-image", pinned, folder=folder, environ=environ)
    assert told == f"{resolver.digest(lock)}\n"
