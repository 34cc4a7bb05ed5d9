"""What images are made with and pushed to: a daemon, a registry and a server of packages, all on loopback."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from resolver.exporter import installer_wheels
from tests.docker.engines import DockerDaemon, docker_daemon, write_archive
from tests.docker.worlds import download_wheel
from tests.registry.programs import DockerRegistry, docker_registry

__all__ = ["BASE", "BUILD_IMAGE", "Places", "places", "serving"]

BASE = "samebox-bench/plain:1"
BUILD_IMAGE = "samebox-bench/python:1"

_MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A daemon without images but the two bases, an empty registry, and ``base``: the first of them as an archive."""

    daemon: DockerDaemon
    registry: DockerRegistry
    base: Path

    def received(self) -> int:
        """The bytes of all blobs that the registry holds: each was sent once."""
        folder = self.registry.storage / "docker/registry/v2/blobs/sha256"
        return sum(path.stat().st_size for path in folder.glob("*/*/data"))

    def layers(self, repository: str, tag: str) -> list[str]:
        """The digests of an image's layers, as the registry has it."""
        url = f"http://{self.registry.host}/v2/{repository}/manifests/{tag}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": _MANIFESTS}), timeout=30) as answer:
            return [layer["digest"] for layer in json.load(answer)["layers"]]

    def cpu(self) -> float:
        """Seconds of CPU that the daemon and all that it has started have used so far, those that have ended too."""
        parents, used = _processes()
        (daemon,) = [pid for pid in used if str(self.daemon.socket) in _command_line(pid) and _is_daemon(pid)]
        return sum(seconds for pid, seconds in used.items() if _descends(pid, daemon, parents))


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """Each process's parent, and the CPU of it and of its children that have ended (proc(5): stat, fields 14 to 17)."""
    parents, used = {}, {}
    for place in Path("/proc").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if place.name.isdecimal():
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                parents[int(place.name)] = int(fields[1])
                used[int(place.name)] = sum(map(int, fields[11:15])) / _HERTZ
    return parents, used


def _command_line(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _is_daemon(pid: int) -> bool:
    return _command_line(pid).partition("\0")[0].endswith("dockerd")


def _descends(pid: int, ancestor: int, parents: Mapping[int, int]) -> bool:
    while pid not in (0, ancestor):
        pid = parents.get(pid, 0)
    return pid == ancestor


@contextlib.contextmanager
def places(folder: Path, tars: Path) -> Iterator[Places]:
    """New ones below ``folder``. ``tars`` has the root file systems that ``.ci/prepare-docker`` makes."""
    with (
        docker_daemon(folder / "docker", store="overlay2") as daemon,
        docker_registry(folder / "registry") as registry,
    ):
        for name, tag in (("plain", BASE), ("python", BUILD_IMAGE)):
            found = sorted(tars.glob(f"debian-bookworm-{name}-*.tar"))
            if not found:
                raise FileNotFoundError(f"{tars} has no debian-bookworm-{name}: run .ci/prepare-docker")
            write_archive(found[-1], tag, folder / f"{name}.tar")
            daemon.load(folder / f"{name}.tar")
        yield Places(daemon=daemon, registry=registry, base=folder / "plain.tar")


@contextlib.contextmanager
def serving(channel: Path, wheels: Path, root: Path) -> Iterator[str]:
    """The URL of a server: ``sized/`` is the channel, ``simple/`` an index of what a thin build installs first; these
    wheels come from the public index once, and are kept in ``wheels``."""
    root.mkdir(parents=True)
    (root / "sized").symlink_to(channel)
    for wheel in installer_wheels("linux-64"):
        page = root / "simple" / wheel.name
        page.mkdir(parents=True)
        (page / wheel.file_name).symlink_to(download_wheel(wheel, wheels))
        (page / "index.html").write_text(f'<!DOCTYPE html><a href="{wheel.file_name}">{wheel.file_name}</a>\n')
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """A benchmark's output is no access log."""
