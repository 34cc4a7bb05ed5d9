"""Real builders on this machine, by their command lines: Docker (its old builder and BuildKit) and buildah.

Docker keeps images in one of two stores: containerd's, with which BuildKit can write reproducible images, and its own
(overlay2). A daemon has one of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "Buildah",
    "Builder",
    "Docker",
    "DockerDaemon",
    "Failed",
    "Store",
    "docker_daemon",
    "unmount_below",
    "write_archive",
]

Store = Literal["containerd", "overlay2"]

_SEARCH = os.pathsep.join(("/usr/bin", "/usr/sbin", os.environ.get("PATH", "")))
"""Distribution packages first: a client from elsewhere may lack the builder that belongs to the daemon."""

_HARDENED = ("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


class Failed(Exception):
    """A command of an engine failed; the text is all that it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerDaemon:
    """A daemon of our own on a private socket."""

    client: str
    socket: Path

    def load(self, archive: Path) -> None:
        self.call("load", "--quiet", "--input", archive)

    def call(self, *arguments: str | Path, environ: Mapping[str, str] | None = None) -> str:
        host = {"DOCKER_HOST": f"unix://{self.socket}"}
        return _run([self.client, *map(str, arguments)], {**host, **(environ or {})})

    def run(self, tag: str, command: Sequence[str]) -> str:
        """What ``command`` prints in a container without network, capabilities, and a place to write."""
        return self.call("run", "--rm", *_HARDENED, tag, *command)

    @contextlib.contextmanager
    def started(self, tag: str) -> Iterator[str]:
        """The id of a container that runs as ``run`` would, and is removed afterwards."""
        container = self.call("run", "--detach", *_HARDENED, tag).strip()
        try:
            yield container
        finally:
            self.call("rm", "--force", "--volumes", container)

    def labels(self, tag: str) -> dict[str, str]:
        labels: dict[str, str] = json.loads(self.call("inspect", "--format", "{{json .Config.Labels}}", tag))
        return labels

    def user(self, tag: str) -> str:
        return self.call("inspect", "--format", "{{.Config.User}}", tag).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """``docker build``, with BuildKit or without."""

    daemon: DockerDaemon
    buildkit: bool

    def build(self, context: Path, tag: str, *, network: bool, arguments: Mapping[str, str] | None = None) -> str:
        """Build ``context``; the image is then in the daemon. Gives the builder's talk, raises ``Failed``."""
        options = [f"--build-arg={name}={value}" for name, value in (arguments or {}).items()]
        # nothing is compressed that does not leave this machine
        plain = ["--progress=plain", "--provenance=false", "--output=type=image,compression=uncompressed"]
        reach = f"--network={'host' if network else 'none'}"
        environ = {"DOCKER_BUILDKIT": str(int(self.buildkit))}
        return self.daemon.call(
            "build", *(plain if self.buildkit else ()), reach, *options, "--tag", tag, context, environ=environ
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildah:
    """``buildah bud`` in chroot isolation; its images run in ``daemon``."""

    daemon: DockerDaemon
    program: str
    root: Path

    def load(self, archive: Path) -> None:
        self._call("pull", "--quiet", f"docker-archive:{archive}")

    def build(self, context: Path, tag: str, *, network: bool, arguments: Mapping[str, str] | None = None) -> str:
        options = [f"--build-arg={name}={value}" for name, value in (arguments or {}).items()]
        command = (
            "bud",
            "--isolation=chroot",
            "--layers",
            "--pull-never",
            *options,
            # an OCI image has no place for a health check
            *(["--format=docker"] if "\nHEALTHCHECK " in (context / "Dockerfile").read_text() else []),
            f"--tag=localhost/{tag}",
            str(context),
        )
        # chroot isolation shares the caller's network, so one without network is built from such a namespace
        said = self._call(*command, around=() if network else ("unshare", "--net"))
        archive = self.root / "image.tar"
        self._call("push", "--quiet", f"localhost/{tag}", f"docker-archive:{archive}:{tag}")
        self.daemon.call("load", "--quiet", "--input", archive)
        archive.unlink()
        return said

    def close(self) -> None:
        """Remove everything; a build that failed leaves its container mounted."""
        self._call("umount", "--all")
        self._call("rm", "--all")
        unmount_below(self.root)
        shutil.rmtree(self.root)

    def _call(self, *arguments: str | Path, around: Sequence[str] = ()) -> str:
        place = ("--root", self.root / "storage", "--runroot", self.root / "run", "--storage-driver", "overlay")
        return _run([*around, self.program, *map(str, (*place, *arguments))], {})


Builder = Docker | Buildah


def _run(command: Sequence[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **environ},
        check=False,
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def write_archive(layer: Path, tag: str, archive: Path, *, architecture: str = _ARCHITECTURE) -> None:
    """An image of one layer, as ``docker save`` writes images: the same one, by its digests, in each engine."""
    with layer.open("rb") as stream:
        diff_id = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": "2000-01-01T00:00:00Z",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": "2000-01-01T00:00:00Z"}],
    }
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        for name, document in (("config.json", config), ("manifest.json", manifest)):
            content = json.dumps(document).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        tar.add(layer, "layer.tar")


@contextlib.contextmanager
def docker_daemon(root: Path, *, store: Store) -> Iterator[DockerDaemon]:
    """A running ``dockerd`` below ``root``, without bridges and firewall rules; ended and unmounted afterwards."""
    client, server = (shutil.which(name, path=_SEARCH) for name in ("docker", "dockerd"))
    if client is None or server is None:
        raise Failed("docker and dockerd are not installed; run .ci/prepare-docker")
    root.mkdir(parents=True)
    socket, pid_file = root / "docker.sock", root / "docker.pid"
    config = root / "daemon.json"
    config.write_text(json.dumps({"features": {"containerd-snapshotter": store == "containerd"}}))
    options = {
        "config-file": config,
        "data-root": root / "data",
        "exec-root": root / "exec",
        "host": f"unix://{socket}",
        "pidfile": pid_file,
        "storage-driver": {"containerd": "overlayfs", "overlay2": "overlay2"}[store],
    }
    command = [server, "--iptables=false", "--ip6tables=false", "--bridge=none"]
    with (root / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(client, socket, process, root / "dockerd.log")
        yield DockerDaemon(client=client, socket=socket)
    finally:
        _end(process, pid_file)
        unmount_below(root)
        shutil.rmtree(root / "data")


def _wait_until_ready(client: str, socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(Failed):
            _run([client, "--host", f"unix://{socket}", "version"], {})
            return
        time.sleep(0.1)
    raise Failed(f"dockerd did not come up:\n{log.read_text(errors='replace')[-4000:]}")


def unmount_below(root: Path) -> None:
    """Unmount whatever an engine left mounted below ``root``, the innermost first."""
    mounts = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted(mounts, reverse=True):
        if mount.startswith(f"{root}/"):
            subprocess.run(["umount", mount], check=True)


def _end(process: subprocess.Popen[bytes], pid_file: Path) -> None:
    if pid_file.exists():
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
