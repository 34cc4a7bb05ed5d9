"""Engines as their users have them: known by environment variables and configuration, not by options of ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docker.engines import Buildah, DockerDaemon, Failed
from tests.registry.programs import DockerRegistry, required

__all__ = ["Place", "buildah_place", "docker_place", "podman_place"]

_PODMAN = """\
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
cgroups = "disabled"
"""
"""For a machine without systemd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An engine with its images: ``base`` is an image by its digest there."""

    engine: str
    environ: Mapping[str, str]
    base: str

    def call(self, *arguments: str | Path) -> str:
        return _call(self.engine, self.environ, *arguments)

    def layers(self, name: str) -> list[str]:
        """The digests of its layers as tars."""
        told = json.loads(self.call("inspect", "--type", "image", name))
        layers: list[str]
        layers = told["OCIv1"]["rootfs"]["diff_ids"] if self.engine == "buildah" else told[0]["RootFS"]["Layers"]
        return layers

    def labels(self, name: str) -> dict[str, str]:
        told = json.loads(self.call("inspect", "--type", "image", name))
        config = told["OCIv1"]["config"] if self.engine == "buildah" else told[0]["Config"]
        labels: dict[str, str] = config["Labels"]
        return labels


def docker_place(daemon: DockerDaemon, registry: DockerRegistry, base: str, *, buildkit: bool) -> Place:
    """``base`` is pushed to ``registry``, since Docker's own store knows digests only of what was pulled or pushed."""
    environ = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(daemon.client).parent), os.environ["PATH"])),
        "DOCKER_HOST": f"unix://{daemon.socket}",
        "DOCKER_BUILDKIT": str(int(buildkit)),
    }
    name = f"{registry.host}/{base}"
    daemon.call("tag", base, name)
    daemon.call("push", "--quiet", name)
    digests = json.loads(daemon.call("inspect", "--format", "{{json .RepoDigests}}", name))
    (pinned,) = (digest for digest in digests if digest.startswith(registry.host))
    return Place(engine="docker", environ=environ, base=pinned)


def buildah_place(buildah: Buildah, base: str, folder: Path, *, registry: str = "") -> Place:
    """``folder`` is where the configuration is written; ``registry`` is one without TLS."""
    environ = {**_storage(buildah, folder, registry), "BUILDAH_ISOLATION": "chroot"}
    return Place(engine="buildah", environ=environ, base=_pinned("buildah", environ, base))


def podman_place(buildah: Buildah, base: str, folder: Path, *, registry: str = "") -> Place:
    """podman with the images of ``buildah``: the two keep them in one way."""
    (folder / "containers.conf").write_text(_PODMAN)
    environ = {**_storage(buildah, folder, registry), "CONTAINERS_CONF": str(folder / "containers.conf")}
    return Place(engine="podman", environ=environ, base=_pinned("podman", environ, base))


def _storage(buildah: Buildah, folder: Path, registry: str) -> dict[str, str]:
    storage, registries = folder / "storage.conf", folder / "registries.conf"
    places = f'graphroot = "{buildah.root / "storage"}"\nrunroot = "{buildah.root / "run"}"\n'
    storage.write_text(f'[storage]\ndriver = "overlay"\n{places}')
    registries.write_text(f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n' if registry else "")
    return {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage), "CONTAINERS_REGISTRIES_CONF": str(registries)}


def _pinned(program: str, environ: Mapping[str, str], base: str) -> str:
    required(program)
    name = f"localhost/{base}"
    digest = _call(program, environ, "images", "--digests", "--format", "{{.Digest}}", name).split()[0]
    return f"{name.rpartition(':')[0]}@{digest}"


def _call(program: str, environ: Mapping[str, str], *arguments: str | Path) -> str:
    done = subprocess.run(
        [program, *map(str, arguments)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise Failed(
            f"{program} {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout
