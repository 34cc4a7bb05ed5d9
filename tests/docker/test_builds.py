"""`resolver.build` with the real engines: a box is built once, and then it is there."""

from __future__ import annotations

import dataclasses
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import resolver
from resolver.engines import ImageBuild
from resolver.errors import BuildError
from resolver.model import DockerSection, Lock
from tests.docker.conftest import BASE, PYTHON_BASE
from tests.docker.engines import DockerDaemon, Failed
from tests.docker.places import Place
from tests.docker.worlds import CONDA, PYPI, with_glibc
from tests.registry.programs import DockerRegistry

pytestmark = pytest.mark.docker

Build = Callable[..., ImageBuild]

_TOO_OLD = r"needs glibc 99\.0, and this machine has 2\.|has glibc 2\.\d+, but 99\.0 or later is needed"
"""What the installer says in the build stage, or the check of the base in the other: BuildKit runs both at once."""


@pytest.fixture
def build(
    request: pytest.FixtureRequest,
    place: Place,
    fixture_channels: Path,
    fixture_index: Path,
    server: str,
    samebox_cache: Path,
) -> Iterator[Build]:
    """``resolver.build`` of a vendored context, in ``place``. Each test has images of its own, by a label."""
    test = request.node.name.replace("[", ".").strip("]")
    mirrors = ((CONDA, str(fixture_channels)), (PYPI, str(fixture_index)))
    with resolver.Session(cache=samebox_cache, environ=place.environ, mirrors=mirrors) as session:

        def call(lock: Lock, tag: str, *, base: str = place.base, push: bool = False) -> ImageBuild:
            return resolver.build(
                lock,
                tag=tag,
                docker=DockerSection(
                    base_image=base,
                    resolve_base=False,
                    build_image=PYTHON_BASE,
                    command=("greet", "you"),
                    labels=(("org.example.test", test),),
                ),
                engine=place.engine,
                strategy="vendored",
                push=push,
                session=session,
                index_urls=(f"{server}/simple/",),
            )

        yield call


def _without(lock: Lock, name: str) -> Lock:
    (locked,) = lock.platforms
    packages = tuple(package for package in locked.packages if package.name != name)
    assert len(packages) == len(locked.packages) - 1
    return dataclasses.replace(lock, platforms=(dataclasses.replace(locked, packages=packages),))


def _has_built(build: ImageBuild) -> bool:
    return any("COPY --from=build" in line for line in build.lines())


@pytest.mark.parametrize("place", ["old", "buildkit", "buildah", "podman"], indirect=True)
def test_a_box_is_built_once(lock: Lock, place: Place, build: Build, tag: str) -> None:
    first = build(lock, tag)
    made = first.wait()
    assert first.reused == ""
    old_builder = place.environ.get("DOCKER_BUILDKIT") == "0"
    assert first.obstacle == ("DOCKER_BUILDKIT=0 asks for the old builder" if old_builder else "")
    assert _has_built(first)

    second = build(lock, f"{tag}-again")
    assert second.wait() == made
    assert second.reused == place.engine
    assert not _has_built(second)
    assert f"samebox: {place.engine} has an image with that key: {made}; nothing is built" in second.lines()
    assert second.key == first.key

    other = build(_without(lock, "platform-bits"), f"{tag}-other")
    assert other.wait() != made
    assert (other.reused, other.key == first.key) == ("", False)
    assert _has_built(other)

    for name in (tag, f"{tag}-again"):
        labels = place.labels(name)
        assert labels["io.samebox.image.key"] == str(first.key)
        assert labels["io.samebox.lock.digest"] == str(resolver.digest(lock))


@pytest.mark.parametrize("place", ["buildkit", "buildah"], indirect=True)
def test_two_builds_of_one_lock_at_once(lock: Lock, place: Place, build: Build, tag: str) -> None:
    same = _without(lock, "cowtalk")
    begun = [build(same, f"{tag}-{number}") for number in range(2)]
    made = [image.wait() for image in begun]
    assert [image.reused for image in begun] == ["", ""]
    assert made[0] == made[1]
    for image in begun:
        assert place.labels(image.image)["io.samebox.image.key"] == str(image.key)


def test_what_a_cancelled_or_failed_build_leaves_is_not_reused(
    lock: Lock, place: Place, build: Build, tag: str, tmp_path: Path
) -> None:
    """A builder keeps the steps before the one that failed, and the label may be among them."""
    image = build(lock, tag)
    image.wait()
    half = tmp_path / "half"
    half.mkdir()
    (half / "Dockerfile").write_text(f'FROM {place.base}\nLABEL io.samebox.image.key="sha256:half"\nRUN exit 3\n')
    words = ("build", "--network=none") if place.engine == "docker" else ("bud", "--layers", "--network=none")
    with pytest.raises(Failed):
        place.call(*words, str(half))
    assert image.engine.find_image("io.samebox.image.key", str(image.key)) == image.wait()
    assert image.engine.find_image("io.samebox.image.key", "sha256:half") is None


def test_a_cancelled_build_ends_in_the_engine_too(
    lock: Lock, place: Place, build: Build, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    image = build(lock, tag)
    next(line for line in image.lines() if re.search(r"(STEP|Step|\[build) ", line))  # the first: much is to come
    image.cancel()
    with pytest.raises(BuildError, match="the build was cancelled"):
        image.wait()
    assert [path.name for path in tmp_path.glob("samebox-build-*")] == []
    assert image.engine.find_image("io.samebox.image.key", str(image.key)) is None
    if place.engine == "docker":
        _wait_until(lambda: place.call("ps", "--quiet") == "")


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_failing_step_is_told_by_its_last_lines(lock: Lock, build: Build, tag: str) -> None:
    failing = build(with_glibc(lock, "99.0"), tag)
    with pytest.raises(BuildError) as caught:
        failing.wait()
    first, *last = caught.value.message.splitlines()
    assert "build ended with" in first and "RUN" in first
    assert [line for line in last if re.search(_TOO_OLD, line)], last
    assert caught.value.hint == f"all that was said is in {failing.log_path}"
    assert re.search(_TOO_OLD, failing.log_path.read_text())


@pytest.mark.parametrize("place", ["buildah"], indirect=True)
def test_a_floating_base_is_built_each_time(lock: Lock, build: Build, tag: str) -> None:
    for _ in range(2):
        image = build(lock, tag, base=BASE)
        image.wait()
        assert (image.reused, image.key) == ("", None)
        assert image.reason == f"the base image {BASE} has no digest, and may be another one tomorrow"
        assert f"samebox: no key, so the image is built: {image.reason}" in image.lines()


@pytest.mark.parametrize("place", ["buildkit"], indirect=True)
def test_an_image_is_pushed_by_its_name_and_its_key_and_found_there_again(
    lock: Lock, place: Place, build: Build, daemon: DockerDaemon, registry: DockerRegistry
) -> None:
    image = build(lock, f"{registry.host}/box:1", push=True)
    made = image.wait()
    assert image.key is not None
    assert _tags(registry, "box") == ["1", f"key-{image.key.hex}"]
    assert daemon.run(image.image, []) == "Good day, you!\n"

    daemon.call("image", "rm", "--force", made)
    again = build(lock, f"{registry.host}/box:2", push=True)
    assert (again.wait(), again.reused) == ("", "registry")
    assert not _has_built(again)
    assert _tags(registry, "box") == ["1", "2", f"key-{image.key.hex}"]
    daemon.call("pull", "--quiet", again.image)
    assert daemon.call("inspect", "--format", "{{.Id}}", again.image).strip() == made


def _tags(registry: DockerRegistry, repository: str) -> list[str]:
    with urllib.request.urlopen(f"http://{registry.host}/v2/{repository}/tags/list", timeout=10) as answer:
        tags = json.load(answer)["tags"]
    return sorted(tag for tag in tags if not tag.startswith("sha256-"))  # these stand for referrers
