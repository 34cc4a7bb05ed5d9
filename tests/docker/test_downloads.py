"""The downloads of thin builds: what a builder keeps of them for the next build, and a secret that only they see."""

from __future__ import annotations

import base64
import dataclasses
import functools
import gzip
import http.server
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import resolver
from resolver.engines import ImageBuild
from resolver.errors import BuildError
from resolver.model import DockerSection, Lock
from tests.docker.conftest import PYTHON_BASE, lay_out_downloads
from tests.docker.places import Place
from tests.docker.worlds import CONDA, PYPI

pytestmark = pytest.mark.docker


class _Recorder(http.server.SimpleHTTPRequestHandler):
    """Serves files, to all or to those who know ``login``, and tells ``asked`` their paths."""

    asked: list[str]
    login: str | None

    def do_GET(self) -> None:
        if self.login is not None and self.headers["Authorization"] != f"Basic {self.login}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """What was asked is in ``asked``."""


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def login() -> str | None:
    """What the server wants to hear, as Basic authentication writes it."""
    return None


@pytest.fixture
def recording(
    asked: list[str],
    login: str | None,
    fixture_channels: Path,
    fixture_index: Path,
    installer_files: dict[str, Path],
    tmp_path: Path,
) -> Iterator[str]:
    """The URL of a server of this test."""
    root = tmp_path / "downloads"
    root.mkdir()
    lay_out_downloads(root, fixture_channels, fixture_index, installer_files)
    recorder = type("Recorder", (_Recorder,), {"asked": asked, "login": login})
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
    # buildah keeps what it mounts below TMPDIR
    environ = {**place.environ, "NETRC": str(tmp_path / "netrc"), "TMPDIR": str(tmp_path)}
    with resolver.Session(cache=tmp_path / "cache", environ=environ, mirrors=mirrors) as session:

        def call(lock: Lock, *, cache_mounts: bool = False, lend_netrc: bool = False) -> ImageBuild:
            docker = DockerSection(
                base_image=place.base,
                build_image=PYTHON_BASE,
                resolve_base=False,
                cache_mounts=cache_mounts,
                lend_netrc=lend_netrc,
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
    for kept in tmp_path.glob("buildah-cache*"):
        shutil.rmtree(kept)  # pytest keeps the folders of the last runs, and packages are large


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


SECRET = "open-sesame"


@pytest.mark.parametrize("login", [base64.b64encode(f"me:{SECRET}".encode()).decode()], ids=["private"])
@pytest.mark.parametrize("place", ["buildkit", "buildah"], indirect=True)
def test_a_netrc_file_is_lent_to_the_steps_that_download(
    place: Place, build: Build, asked: list[str], lock: Lock, tmp_path: Path
) -> None:
    (locked,) = lock.platforms
    kept = tuple(package for package in locked.packages if package.name in ("libhello", "hello-tool"))
    small = dataclasses.replace(lock, platforms=(dataclasses.replace(locked, packages=kept),))
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    with pytest.raises(BuildError, match="build ended with"):
        build(small).wait()
    assert asked == []

    image = build(small, lend_netrc=True)
    made = image.wait()
    assert _packages(asked) == ["hello", "libhello"]
    assert SECRET not in image.log_path.read_text()
    assert SECRET not in place.call("inspect", "--type", "image", made)
    archive = tmp_path / "image.tar"
    if place.engine == "docker":
        place.call("save", "--output", archive, image.image)
    else:
        place.call("push", "--quiet", f"localhost/{image.image}", f"docker-archive:{archive}")
    with tarfile.open(archive) as tar:
        own = [entry for entry in tar if entry.isreg() and entry.size < 50 << 20]  # the base is larger
        contents = [stream.read() for entry in own if (stream := tar.extractfile(entry)) is not None]
    plain = [gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content for content in contents]
    assert any(b"libhello.conf" in content for content in plain)
    assert not any(SECRET.encode() in content for content in plain)


@pytest.mark.parametrize("place", ["buildkit", "buildah"], indirect=True)
def test_a_wheel_of_this_machine_is_not_downloaded(
    place: Place, build: Build, asked: list[str], lock: Lock, fixture_index: Path
) -> None:
    (locked,) = lock.platforms
    (file,) = fixture_index.rglob("cowtalk-1.0-*.whl")
    packages = tuple(
        dataclasses.replace(package, url=file.as_uri()) if package.name == "cowtalk" else package
        for package in locked.packages
    )
    build(dataclasses.replace(lock, platforms=(dataclasses.replace(locked, packages=packages),))).wait()
    assert "cowtalk" not in _packages(asked)
    assert len(_packages(asked)) == len(packages) - 1
