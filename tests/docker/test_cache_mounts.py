"""Downloads that a builder keeps from one thin build to the next: what changed is all that is asked for again."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import resolver
from resolver.engines import ImageBuild
from resolver.model import DockerSection, Lock
from tests.docker.conftest import PYTHON_BASE, lay_out_downloads
from tests.docker.places import Place
from tests.docker.worlds import CONDA, PYPI

pytestmark = pytest.mark.docker


class _Recorder(http.server.SimpleHTTPRequestHandler):
    """Serves files, and tells ``asked`` their paths."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """What was asked is in ``asked``."""


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def recording(
    asked: list[str], fixture_channels: Path, fixture_index: Path, installer_files: dict[str, Path], tmp_path: Path
) -> Iterator[str]:
    """The URL of a server of this test."""
    root = tmp_path / "downloads"
    root.mkdir()
    lay_out_downloads(root, fixture_channels, fixture_index, installer_files)
    recorder = type("Recorder", (_Recorder,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(recorder, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


Build = Callable[..., ImageBuild]


@pytest.fixture
def build(place: Place, recording: str, tag: str, tmp_path: Path) -> Iterator[Build]:
    mirrors = ((CONDA, f"{recording}/conda"), (PYPI, f"{recording}/pypi"))
    with resolver.Session(cache=tmp_path / "cache", environ=place.environ, mirrors=mirrors) as session:

        def call(lock: Lock, *, cache_mounts: bool) -> ImageBuild:
            docker = DockerSection(
                base_image=place.base,
                build_image=PYTHON_BASE,
                resolve_base=False,
                cache_mounts=cache_mounts,
                labels=(("org.example.test", recording),),  # steps of another test do not count
            )
            return resolver.build(
                lock,
                tag=tag,
                docker=docker,
                engine=place.engine,
                network="host",
                reuse=False,
                session=session,
                index_urls=(f"{recording}/simple/",),
            )

        yield call


def _without(lock: Lock, name: str) -> Lock:
    (locked,) = lock.platforms
    kept = tuple(package for package in locked.packages if package.name != name)
    return dataclasses.replace(lock, platforms=(dataclasses.replace(locked, packages=kept),))


def _packages(asked: list[str]) -> list[str]:
    return sorted(path.rpartition("/")[2].partition("-")[0] for path in asked if not path.startswith("/simple/"))


@pytest.mark.parametrize("place", ["buildkit", "buildah"], indirect=True)
def test_only_what_changed_is_downloaded_again(place: Place, build: Build, asked: list[str], lock: Lock) -> None:
    (locked,) = lock.platforms
    before = _without(lock, "platform-bits")
    build(before, cache_mounts=True).wait()
    assert _packages(asked) == sorted(str(p.file_name).partition("-")[0] for p in before.platforms[0].packages)

    asked.clear()
    with_mounts = build(lock, cache_mounts=True).wait()
    assert _packages(asked) == ["platform_bits"]

    asked.clear()
    assert build(lock, cache_mounts=False).wait() == with_mounts
    assert len(_packages(asked)) == len(locked.packages)
