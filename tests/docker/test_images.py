"""Images of other locks, and what ends a build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resolver.model import DockerSection, Lock
from tests.docker.conftest import BASE, PYTHON_BASE, Vendor
from tests.docker.engines import Buildah, Builder, Failed
from tests.docker.worlds import wheels_lock, with_glibc

pytestmark = pytest.mark.docker


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
