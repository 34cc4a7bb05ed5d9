"""A lock becomes an image that runs: with each builder, and with no more rights than it needs."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import resolver.prefix
from resolver.exporter import Strategy, docker_context, write_directory
from resolver.model import BuildContext, DockerSection, Lock
from tests.docker.conftest import BASE, PYTHON_BASE
from tests.docker.engines import Buildah, Builder, Failed
from tests.docker.worlds import CONDA, PYPI, artifact_path, conda_lock, wheels_lock

pytestmark = pytest.mark.docker

DOCKER = DockerSection(
    base_image=BASE,
    build_image=PYTHON_BASE,
    command=("greet", "$HOME"),
    labels=(("org.example.note", 'a "quoted" $HOME \\ value'),),
)
VARIABLES = (
    ("GREETING_STYLE", "plain"),
    ("QUOTES", "'single' \"double\" `tick`"),
    ("DOLLARS", "$HOME ${PATH} \\$x $$"),
    ("SLASHES", "C:\\new\\table\\"),
    ("SPACES", "  two  and = more # not a comment"),
    ("EMPTY", ""),
    ("UNICODE", "größer ✓"),
)
IMPORTS = "import cowtalk, greeter, json, moo_words, os, platform_bits, polite_cow, sys"
LOOK_AROUND = f"{IMPORTS}; print(json.dumps([sys.prefix, os.getuid(), os.getcwd(), dict(os.environ)]))"
PREFIX_DIGEST = "cd /opt/env && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum"


@pytest.fixture
def lock(fixture_channel: Path, fixture_index: Path) -> Lock:
    return conda_lock(fixture_channel, fixture_index)


def make_context(
    lock: Lock,
    strategy: Strategy,
    request: pytest.FixtureRequest,
    docker: DockerSection = DOCKER,
) -> BuildContext:
    channels: Path = request.getfixturevalue("fixture_channels")
    index: Path = request.getfixturevalue("fixture_index")
    wheels: dict[str, Path] = request.getfixturevalue("installer_files")
    return docker_context(
        lock,
        docker=docker,
        strategy=strategy,
        variables=VARIABLES,
        artifact_path=lambda artifact: artifact_path(artifact, channels, index),
        wheel_path=lambda wheel: wheels[wheel.file_name],
    )


def test_vendored_context_builds_without_network_and_runs(
    lock: Lock, builder: Builder, tag: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    context = make_context(lock, "vendored", request)
    write_directory(context, tmp_path / "context")
    builder.build(tmp_path / "context", tag, network=False)

    prefix, uid, folder, environ = json.loads(builder.daemon.run(tag, ["python", "-c", LOOK_AROUND]))
    assert (prefix, uid, folder) == ("/opt/env", 1000, "/home/samebox")
    assert {name: environ[name] for name, _ in VARIABLES} == dict(VARIABLES)
    assert environ["CONDA_PREFIX"] == "/opt/env"
    assert environ["PATH"].startswith("/opt/env/bin:/")
    assert builder.daemon.run(tag, []) == "Good day, $HOME!\n"  # the command, and no shell read it
    labels = builder.daemon.labels(tag)
    assert {name: value for name, value in labels.items() if name != "io.buildah.version"} == dict(context.labels)
    assert builder.daemon.user(tag) == "1000:1000"


def test_thin_context_downloads_through_mirrors_and_is_the_same_environment(
    lock: Lock, builder: Builder, tag: str, tmp_path: Path, server: str, request: pytest.FixtureRequest
) -> None:
    write_directory(make_context(lock, "thin", request), tmp_path / "context")
    arguments = {
        "PIP_INDEX_URL": f"{server}/simple/",
        "SAMEBOX_MIRRORS": f"{CONDA}={server}/conda {PYPI}={server}/pypi",
    }
    builder.build(tmp_path / "context", tag, network=True, arguments=arguments)

    assert builder.daemon.run(tag, ["python", "-c", f"{IMPORTS}; print(greeter.__file__)"]).startswith("/opt/env/")
    in_image = builder.daemon.run(tag, ["sh", "-c", PREFIX_DIGEST]).split()[0]
    assert in_image == _digest_of_local_install(tmp_path / "context" / "locks" / "linux-64.json", tmp_path, server)


def _digest_of_local_install(slice_: Path, folder: Path, server: str) -> str:
    """The files of a prefix that ``samebox install`` would make here for ``/opt/env``, hashed as in the image."""
    module = Path(resolver.prefix.__file__).with_name("slice_installer.py")
    mirrors = (f"--mirror={CONDA}={server}/conda", f"--mirror={PYPI}={server}/pypi")
    place = folder / "prefix"
    options = ("--prefix", place, "--target-prefix", "/opt/env", *mirrors)
    subprocess.run([sys.executable, module, slice_, *options], check=True)
    files = sorted(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(place).as_posix()}\n".encode()
        for path in place.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    return hashlib.sha256(b"".join(files)).hexdigest()


def test_wheels_alone_use_the_python_of_the_base(
    fixture_index: Path, buildah: Buildah, tag: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lock = wheels_lock(fixture_index, python="3.11")
    docker = DockerSection(base_image=PYTHON_BASE, build_image="never/used")
    write_directory(make_context(lock, "vendored", request, docker), tmp_path / "context")
    buildah.build(tmp_path / "context", tag, network=False)

    said = buildah.daemon.run(tag, ["python", "-c", "import cowtalk, sys; print(sys.prefix, cowtalk.__file__)"])
    assert re.fullmatch(r"/opt/env /opt/env/lib/python3\.\d+/site-packages/cowtalk\.py\n", said)


def test_too_old_a_glibc_in_the_build_image_ends_the_build(
    fixture_channel: Path,
    fixture_index: Path,
    buildah: Buildah,
    tag: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    lock = conda_lock(fixture_channel, fixture_index, glibc="99.0")
    write_directory(make_context(lock, "vendored", request), tmp_path / "context")
    with pytest.raises(Failed, match=r"glibc.*99\.0"):
        buildah.build(tmp_path / "context", tag, network=False)


def test_too_old_a_glibc_in_the_base_image_ends_the_build(
    lock: Lock, builder: Builder, tag: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_directory(make_context(lock, "vendored", request), tmp_path / "context")
    dockerfile = tmp_path / "context" / "Dockerfile"
    build, start, final = dockerfile.read_text().rpartition("\nFROM ")
    assert "need=2.28;" in final
    dockerfile.write_text(build + start + final.replace("need=2.28;", "need=99.0;"))
    message = rf"the base image {BASE} has glibc 2\.\d+, but 99\.0 or later is needed; set docker\.base-image"
    with pytest.raises(Failed, match=message):
        builder.build(tmp_path / "context", tag, network=False)


def test_an_artifact_that_was_changed_ends_the_build(
    lock: Lock, buildah: Buildah, tag: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_directory(make_context(lock, "vendored", request), tmp_path / "context")
    (changed,) = (tmp_path / "context" / "artifacts").glob("*/polite_cow-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    with pytest.raises(Failed, match=r"polite_cow-1\.0.*sha256"):
        buildah.build(tmp_path / "context", tag, network=False)


def test_an_installer_wheel_that_was_changed_ends_the_build(
    lock: Lock, buildah: Buildah, tag: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_directory(make_context(lock, "vendored", request), tmp_path / "context")
    (changed,) = (tmp_path / "context" / "installer" / "wheels").glob("installer-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    with pytest.raises(Failed, match="DO NOT MATCH THE HASHES"):
        buildah.build(tmp_path / "context", tag, network=False)
