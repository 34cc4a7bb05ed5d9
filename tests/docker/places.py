"""Engines as their users have them: known by environment variables and configuration, not by options of ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docker.engines import Buildah, DockerDaemon, Failed
from tests.registry.programs import DockerRegistry

__all__ = ["Place", "buildah_place", "docker_place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An engine with its images: ``base`` is an image by its digest there."""

    engine: str
    environ: Mapping[str, str]
    base: str

    def call(self, *arguments: str | Path) -> str:
        return _call(self.engine, self.environ, *arguments)

    def labels(self, name: str) -> dict[str, str]:
        told = json.loads(self.call("inspect", "--type", "image", name))
        config = told[0]["Config"] if self.engine == "docker" else told["OCIv1"]["config"]
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


def buildah_place(buildah: Buildah, base: str, config: Path) -> Place:
    """``config`` is where buildah's configuration is written."""
    root = buildah.root
    config.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{root / "storage"}"\nrunroot = "{root / "run"}"\n')
    environ = {**os.environ, "CONTAINERS_STORAGE_CONF": str(config), "BUILDAH_ISOLATION": "chroot"}
    name = f"localhost/{base}"
    digest = _call("buildah", environ, "images", "--digests", "--format", "{{.Digest}}", name).split()[0]
    return Place(engine="buildah", environ=environ, base=f"{name.rpartition(':')[0]}@{digest}")


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
