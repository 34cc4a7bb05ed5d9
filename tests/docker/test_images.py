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
from resolver.canonicalizer import digest
from resolver.model import DockerSection, Lock
from tests.docker.conftest import BASE, NOTE, PYTHON_BASE, Vendor
from tests.docker.engines import Buildah, Builder, Failed
from tests.docker.worlds import CONDA, PYPI, VARIABLES, samebox, wheels_lock, with_glibc

pytestmark = pytest.mark.docker

IMPORTS = "import cowtalk, greeter, json, moo_words, os, platform_bits, polite_cow, shout, sys"
LOOK_AROUND = f"{IMPORTS}; print(json.dumps([sys.prefix, os.getuid(), os.getcwd(), dict(os.environ)]))"
PREFIX_DIGEST = "cd /opt/env && find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum"


def test_vendored_context_builds_without_network_and_runs(
    project: Path, lock: Lock, builder: Builder, tag: str, tmp_path: Path, samebox_cache: Path
) -> None:
    export = ("export", "docker", "conda-lock.yml", "--strategy", "vendored", "-o", tmp_path / "context")
    samebox(*export, folder=project, cache=samebox_cache)
    builder.build(tmp_path / "context", tag, network=False)

    prefix, uid, folder, environ = json.loads(builder.daemon.run(tag, ["python", "-c", LOOK_AROUND]))
    assert (prefix, uid, folder) == ("/opt/env", 1000, "/home/samebox")
    assert {name: environ[name] for name in VARIABLES} == VARIABLES
    assert environ["CONDA_PREFIX"] == "/opt/env"
    assert environ["PATH"].startswith("/opt/env/bin:/")
    assert builder.daemon.run(tag, []) == "Good day, $HOME!\n"  # the command, and no shell read it
    assert builder.daemon.user(tag) == "1000:1000"
    labels = builder.daemon.labels(tag)
    assert labels["org.example.note"] == NOTE
    assert labels["org.opencontainers.image.title"] == "quickstart"
    assert labels["io.samebox.lock.digest"] == str(digest(lock))


def test_thin_context_downloads_through_mirrors_and_is_the_same_environment(
    project: Path, builder: Builder, tag: str, tmp_path: Path, server: str, samebox_cache: Path
) -> None:
    samebox("export", "docker", "conda-lock.yml", "-o", tmp_path / "context", folder=project, cache=samebox_cache)
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
    fixture_index: Path, vendor: Vendor, buildah: Buildah, tag: str
) -> None:
    docker = DockerSection(base_image=PYTHON_BASE, build_image="never/used")
    buildah.build(vendor(wheels_lock(fixture_index, python="3.11"), docker), tag, network=False)

    said = buildah.daemon.run(tag, ["python", "-c", "import cowtalk, sys; print(sys.prefix, cowtalk.__file__)"])
    assert re.fullmatch(r"/opt/env /opt/env/lib/python3\.\d+/site-packages/cowtalk\.py\n", said)


def test_too_old_a_glibc_in_the_build_image_ends_the_build(
    lock: Lock, vendor: Vendor, buildah: Buildah, tag: str
) -> None:
    with pytest.raises(Failed, match=r"glibc.*99\.0"):
        buildah.build(vendor(with_glibc(lock, "99.0")), tag, network=False)


def test_too_old_a_glibc_in_the_base_image_ends_the_build(
    lock: Lock, vendor: Vendor, builder: Builder, tag: str
) -> None:
    context = vendor(lock)
    build, start, final = (context / "Dockerfile").read_text().rpartition("\nFROM ")
    assert "need=2.28;" in final
    (context / "Dockerfile").write_text(build + start + final.replace("need=2.28;", "need=99.0;"))
    message = rf"the base image {BASE} has glibc 2\.\d+, but 99\.0 or later is needed; set docker\.base-image"
    with pytest.raises(Failed, match=message):
        builder.build(context, tag, network=False)


def test_a_build_image_without_python_ends_the_build(lock: Lock, vendor: Vendor, buildah: Buildah, tag: str) -> None:
    context = vendor(lock, DockerSection(base_image=BASE, build_image=BASE))
    with pytest.raises(Failed, match=rf"the build image {BASE} must have Python 3\.11 or later as python3; set docker"):
        buildah.build(context, tag, network=False)


def test_an_artifact_that_was_changed_ends_the_build(lock: Lock, vendor: Vendor, buildah: Buildah, tag: str) -> None:
    context = vendor(lock)
    (changed,) = (context / "artifacts").glob("*/polite_cow-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    with pytest.raises(Failed, match=r"polite_cow-1\.0.*sha256"):
        buildah.build(context, tag, network=False)


def test_an_installer_wheel_that_was_changed_ends_the_build(
    lock: Lock, vendor: Vendor, buildah: Buildah, tag: str
) -> None:
    context = vendor(lock)
    (changed,) = (context / "installer" / "wheels").glob("installer-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    with pytest.raises(Failed, match="DO NOT MATCH THE HASHES"):
        buildah.build(context, tag, network=False)
