"""One image for several platforms, from one context: installed on this machine, and run on both."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import resolver
from fixtures.conda_packages import PLACEHOLDER, CondaFile, CondaPackage, write_package
from resolver.engines import ImageBuild
from resolver.exporter import docker_context, write_directory
from resolver.model import DockerSection, Evidence, Lock, LockedPackage, PlatformLock, VirtualPackage
from tests.docker.conftest import BASE, PYTHON_BASE, base_tar, require
from tests.docker.engines import Buildah, Docker, DockerDaemon, write_archive
from tests.docker.places import Place, buildah_place, docker_place, podman_place
from tests.registry.images import INDEX
from tests.registry.programs import DockerRegistry, Skopeo, required

pytestmark = pytest.mark.docker

CHANNEL = "https://conda.example.org/machines"
PLATFORMS = {"linux-64": ("amd64", 62), "linux-aarch64": ("arm64", 183)}
"""conda subdir: Go's architecture, and ``e_machine`` of its programs (ELF gABI)."""
WORDS = tuple(f"linux/{architecture}" for architecture, _ in PLATFORMS.values())


@pytest.fixture(scope="session")
def emulator() -> None:
    """The kernel runs programs of arm64 on this machine."""
    registered = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64").exists()
    require(registered, "this machine runs no programs of arm64 (binfmt_misc, qemu-user-static)")


@pytest.fixture(scope="module")
def skopeo(tmp_path_factory: pytest.TempPathFactory) -> Skopeo:
    return Skopeo(program=required("skopeo"), home=tmp_path_factory.mktemp("skopeo"))


@pytest.fixture(scope="module")
def base(registry: DockerRegistry, skopeo: Skopeo, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A base image for both platforms, by the digest of its index, which is written here by hand."""
    repository = f"{registry.host}/both"
    manifests = []
    for name, (architecture, _) in zip(("plain", "foreign"), PLATFORMS.values(), strict=True):
        archive = tmp_path_factory.mktemp("base") / "image.tar"
        write_archive(base_tar(name), "base:1", archive, architecture=architecture)
        target = f"docker://{repository}:{architecture}"
        skopeo.call("copy", "--dest-tls-verify=false", f"docker-archive:{archive}", target)
        archive.unlink()
        content = skopeo.call("inspect", "--raw", "--tls-verify=false", target).encode()
        manifests.append(
            {
                "mediaType": json.loads(content)["mediaType"],
                "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "size": len(content),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()
    url = f"http://{registry.host}/v2/both/manifests/1"
    put = urllib.request.Request(url, data=index, headers={"Content-Type": INDEX}, method="PUT")
    with urllib.request.urlopen(put, timeout=30):
        return f"{repository}@sha256:{hashlib.sha256(index).hexdigest()}"


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with one package, which is a program of its machine and the prefix that it was made for."""
    root = tmp_path_factory.mktemp("channel")
    for name, subdir in zip(("plain", "foreign"), PLATFORMS, strict=True):
        with tarfile.open(base_tar(name)) as tar:
            program = tar.extractfile(_uname_in(tar))
            assert program is not None
            files = (
                CondaFile(path="bin/machine", content=program.read(), mode=0o755),
                CondaFile(path="share/machine/prefix", content=PLACEHOLDER.encode()),
            )
        package = CondaPackage(name="machine", version="1.0", subdir=subdir, files=files)
        (root / subdir).mkdir()
        (root / subdir / package.file_name).write_bytes(write_package(package))
    return root


def _uname_in(tar: tarfile.TarFile) -> tarfile.TarInfo:
    return next(entry for entry in tar if entry.isreg() and entry.name.endswith("/bin/uname"))


@pytest.fixture(scope="module")
def machines(channel: Path) -> Lock:
    return Lock(
        name="machines",
        platforms=tuple(PlatformLock(platform=p, packages=(_locked(channel / p),)) for p in PLATFORMS),
        evidence=Evidence(
            virtual_packages=tuple((p, (VirtualPackage(name="__glibc", version="2.28"),)) for p in PLATFORMS)
        ),
    )


def _locked(folder: Path) -> LockedPackage:
    (path,) = folder.iterdir()
    return LockedPackage(
        kind="conda",
        name="machine",
        version="1.0",
        build="0",
        subdir=folder.name,
        file_name=path.name,
        url=f"{CHANNEL}/{folder.name}/{path.name}",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
    )


@pytest.fixture(params=["old", "buildkit", "buildah", "podman"])
def place(request: pytest.FixtureRequest, registry: DockerRegistry, tmp_path: Path) -> Place:
    if request.param in ("buildah", "podman"):
        made = {"buildah": buildah_place, "podman": podman_place}[request.param]
        buildah: Buildah = request.getfixturevalue("buildah")
        return made(buildah, BASE, tmp_path, registry=registry.host)
    daemon: DockerDaemon = request.getfixturevalue("daemon" if request.param == "buildkit" else "old_daemon")
    # Docker's own store makes no index; BuildKit is needed to install on the builder's own machine
    return docker_place(daemon, registry, BASE, buildkit=True)


Build = Callable[..., ImageBuild]


@pytest.fixture
def build(
    place: Place,
    channel: Path,
    base: str,
    machines: Lock,
    registry: DockerRegistry,
    server: str,
    samebox_cache: Path,
) -> Iterator[Build]:
    """``resolver.build`` of a vendored context for both platforms, and a push."""
    mirrors = ((CHANNEL, str(channel)),)
    docker = DockerSection(
        base_image=base,
        build_image=PYTHON_BASE,
        resolve_base=False,
        insecure_registries=(registry.host,),
        command=("machine", "-m"),
    )
    with resolver.Session(cache=samebox_cache, environ=place.environ, mirrors=mirrors) as session:

        def call(tag: str) -> ImageBuild:
            return resolver.build(
                machines,
                tag=tag,
                docker=docker,
                platforms=WORDS,
                engine=place.engine,
                strategy="vendored",
                push=True,
                session=session,
                index_urls=(f"{server}/simple/",),
            )

        yield call


@pytest.mark.usefixtures("emulator")
def test_one_image_for_two_machines(
    request: pytest.FixtureRequest,
    build: Build,
    place: Place,
    registry: DockerRegistry,
    skopeo: Skopeo,
    tmp_path: Path,
) -> None:
    engine = request.node.callspec.params["place"]
    daemon: DockerDaemon = request.getfixturevalue("old_daemon" if engine == "old" else "daemon")
    name = f"{registry.host}/machines-{engine}"
    first = build(f"{name}:1")
    first.wait()
    assert first.reused == ""
    raw = json.loads(skopeo.call("inspect", "--raw", "--tls-verify=false", f"docker://{name}:1"))
    offered = [entry["platform"] for entry in raw["manifests"]]
    assert [(p["os"], p["architecture"]) for p in offered] == [("linux", "amd64"), ("linux", "arm64")]

    for architecture, e_machine in PLATFORMS.values():
        image = tmp_path / architecture
        copy = ("copy", "--src-tls-verify=false", f"docker://{name}:1", f"dir:{image}")
        skopeo.call("--override-arch", architecture, *copy)
        manifest = json.loads((image / "manifest.json").read_text())
        config = json.loads((image / manifest["config"]["digest"].removeprefix("sha256:")).read_text())
        assert config["architecture"] == architecture
        assert config["config"]["Labels"]["io.samebox.image.key"] == str(first.key)
        files = _installed(image, [layer["digest"].removeprefix("sha256:") for layer in manifest["layers"]])
        program = files["opt/env/bin/machine"]
        assert (program[:4], int.from_bytes(program[18:20], "little")) == (b"\x7fELF", e_machine)
        assert files["opt/env/share/machine/prefix"] == b"/opt/env"

    again = build(f"{name}:2")
    again.wait()
    assert again.reused == ("registry" if engine == "old" else place.engine)
    assert _digest(skopeo, f"{name}:2") == _digest(skopeo, f"{name}:1")
    for architecture, machine in (("amd64", "x86_64"), ("arm64", "aarch64")):
        words = ("run", "--rm", "--quiet", "--network=none", f"--platform=linux/{architecture}")
        assert daemon.call(*words, f"{name}:2") == f"{machine}\n"


def test_builders_that_know_no_platforms_make_it_for_this_machine(
    old_daemon: DockerDaemon,
    channel: Path,
    base: str,
    machines: Lock,
    installer_files: dict[str, Path],
    tag: str,
    tmp_path: Path,
) -> None:
    """Docker's old builder has no BUILDPLATFORM and no TARGETPLATFORM."""
    context = docker_context(
        machines,
        docker=DockerSection(base_image=base, build_image=PYTHON_BASE, command=("machine", "-m")),
        strategy="vendored",
        build_platforms=("linux-64",),
        artifact_path=lambda artifact: channel / artifact.url.removeprefix(f"{CHANNEL}/"),
        wheel_path=lambda wheel: installer_files[wheel.file_name],
    )
    write_directory(context, tmp_path / "context")
    Docker(daemon=old_daemon, buildkit=False).build(tmp_path / "context", tag, network=False)
    assert old_daemon.run(tag, []) == f"{os.uname().machine}\n"


def _digest(skopeo: Skopeo, name: str) -> str:
    content = skopeo.call("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    return hashlib.sha256(content.encode()).hexdigest()


def _installed(image: Path, layers: list[str]) -> dict[str, bytes]:
    """The files of ``opt/env``, which is in one layer."""
    found = {}
    for layer in layers:
        with tarfile.open(image / layer) as tar:
            for entry in tar:
                if entry.isreg() and entry.name.removeprefix("./").startswith("opt/env/"):
                    stream = tar.extractfile(entry)
                    assert stream is not None
                    found[entry.name.removeprefix("./")] = stream.read()
    return found
