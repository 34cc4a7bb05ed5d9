"""Base images by digest: asked of a registry once, recorded beside the lock, and taken from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import resolver
from resolver.errors import BuildError, RegistryUnavailable, ResolverError, SettingsError
from resolver.model import DockerSection
from resolver.session import Session
from tests.registry.images import CONFIG, INDEX, MANIFEST, SmallImage, digest_of, index_of
from tests.registry.stand_in import Reply, StandIn

AMD64 = SmallImage()
ARM64 = SmallImage(text="arm\n", architecture="arm64", variant="v8")
ATTESTED = json.loads(index_of(AMD64, ARM64))
ATTESTED["manifests"].append(
    {
        "mediaType": MANIFEST,
        "digest": f"sha256:{'a' * 64}",
        "size": 1,
        "platform": {"os": "unknown", "architecture": "unknown"},
    }
)
BASE = json.dumps(ATTESTED).encode()
NEWER = index_of(AMD64)
BUILD = SmallImage(text="build\n")

Pin = Callable[..., DockerSection]


@pytest.fixture
def images(server: StandIn) -> StandIn:
    """``base:1`` for two platforms behind an index, and ``build:1``, an image alone."""
    server.has("base:1", BASE, INDEX)
    server.has("build:1", BUILD.manifest, MANIFEST)
    server.answer(f"GET /v2/build/blobs/{digest_of(BUILD.config)}", Reply(body=BUILD.config, headers={"x": CONFIG}))
    return server


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Where the lock would be: nothing of it is read."""
    return tmp_path / "conda-lock.yml"


@pytest.fixture
def pin(images: StandIn, session: Session, lock: Path) -> Pin:
    def call(*, base: str = "base:1", build: str = "build:1", platforms: Any = ("linux-64",), **more: Any) -> Any:
        docker = DockerSection(base_image=f"{images.host}/{base}", build_image=f"{images.host}/{build}")
        return resolver.pin_bases(docker, platforms=platforms, lock=lock, session=session, **more)

    return call


def record_of(lock: Path) -> Path:
    return lock.with_name("conda-lock.yml.images.json")


def test_names_become_digests_which_are_recorded(pin: Pin, images: StandIn, lock: Path) -> None:
    docker = pin()
    assert docker.base_image == f"{images.host}/base:1@{digest_of(BASE)}"
    assert docker.build_image == f"{images.host}/build:1@{BUILD.digest}"
    expected = {
        "images": {
            f"{images.host}/base:1": {
                "digest": digest_of(BASE),
                "platforms": {"linux/amd64": AMD64.digest, "linux/arm64/v8": ARM64.digest},
            },
            f"{images.host}/build:1": {"digest": BUILD.digest, "platforms": {"linux/amd64": BUILD.digest}},
        },
        "samebox": 1,
    }
    assert record_of(lock).read_text() == json.dumps(expected, indent=1, sort_keys=True) + "\n"


def test_another_day_gives_the_same(pin: Pin, images: StandIn, lock: Path) -> None:
    first, asked, recorded = pin(), len(images.requests), record_of(lock).stat()
    images.has("base:1", NEWER, INDEX)
    assert pin(platforms=("linux-64",)) == first
    assert (len(images.requests), record_of(lock).stat()) == (asked, recorded)

    anew = pin(refresh=True)
    assert anew.base_image == f"{images.host}/base:1@{digest_of(NEWER)}"
    assert pin() == anew


def test_another_name_is_resolved_and_the_others_stay(pin: Pin, images: StandIn, lock: Path) -> None:
    pin()
    images.has("base:2", NEWER, INDEX)
    images.has("build:1", SmallImage(text="moved\n").manifest, MANIFEST)
    docker = pin(base="base:2")
    assert docker.base_image == f"{images.host}/base:2@{digest_of(NEWER)}"
    assert docker.build_image == f"{images.host}/build:1@{BUILD.digest}"
    assert [*json.loads(record_of(lock).read_text())["images"]] == [
        f"{images.host}/{name}" for name in ("base:1", "base:2", "build:1")
    ]


def test_a_refresh_forgets_what_the_settings_no_longer_name(pin: Pin, images: StandIn, lock: Path) -> None:
    pin()
    images.has("base:2", NEWER, INDEX)
    pin(base="base:2", images=("base_image",), refresh=True)
    assert [*json.loads(record_of(lock).read_text())["images"]] == [
        f"{images.host}/{name}" for name in ("base:2", "build:1")
    ]


def test_what_has_a_digest_or_is_not_to_be_resolved_is_not_asked_for(
    images: StandIn, session: Session, lock: Path
) -> None:
    floating = DockerSection(base_image="samebox-test/local:1", resolve_base=False)
    pinned = DockerSection(base_image=f"never/asked:1@sha256:{'1' * 64}", build_image=f"never@sha256:{'2' * 64}")
    for docker in (floating, pinned):
        assert resolver.pin_bases(docker, platforms=("linux-64",), lock=lock, session=session) == docker
    assert not record_of(lock).exists()
    assert images.requests == []


def test_without_a_lock_nothing_is_kept(images: StandIn, session: Session, tmp_path: Path) -> None:
    docker = DockerSection(base_image=f"{images.host}/base:1")
    found = resolver.pin_bases(docker, platforms=(), images=("base_image",), session=session)
    assert found.base_image == f"{images.host}/base:1@{digest_of(BASE)}"
    assert found.build_image == docker.build_image
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("platforms", [("linux-64",), ("linux-64", "linux-aarch64"), ("linux-aarch64",)])
def test_an_image_for_all_platforms(pin: Pin, platforms: tuple[str, ...]) -> None:
    pin(platforms=platforms, images=("base_image",))


def test_a_platform_that_an_image_lacks(pin: Pin, images: StandIn, lock: Path) -> None:
    with pytest.raises(BuildError) as caught:
        pin(platforms=("linux-64", "linux-ppc64le", "linux-aarch64"))
    assert caught.value.message == (
        f"docker.base-image: {images.host}/base:1 ({digest_of(BASE)}) is not made for linux/ppc64le"
    )
    assert (caught.value.hint or "").startswith("it is for linux/amd64, linux/arm64/v8: choose with --platform")
    assert not record_of(lock).exists()
    pin()
    with pytest.raises(BuildError, match=r"docker\.build-image: .* is not made for linux/arm64"):
        pin(platforms=("linux-aarch64",))  # of what is recorded too


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("127.0.0.1:1/base:1", "docker.base-image: 127.0.0.1:1/base:1: http://127.0.0.1:1/v2/base/manifests/1: "),
        ("{host}/local:1", "docker.base-image: {host}/local:1: not found"),
    ],
)
def test_a_registry_that_has_no_answer(
    base: str, message: str, images: StandIn, session: Session, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a silent way back to the name alone."""
    monkeypatch.setattr("resolver.registry.http.sleep", lambda seconds: None)
    docker = DockerSection(base_image=base.format(host=images.host))
    with pytest.raises(RegistryUnavailable) as caught:
        resolver.pin_bases(docker, platforms=("linux-64",), lock=lock, session=session)
    assert caught.value.message.startswith(message.format(host=images.host))
    assert (caught.value.hint or "").endswith(
        "or name it by its digest (NAME@sha256:…), or let it float: --floating-base, or docker.resolve-base = false"
    )
    assert not record_of(lock).exists()


def test_offline_has_what_is_recorded(pin: Pin, images: StandIn, lock: Path, tmp_path: Path) -> None:
    docker = DockerSection(base_image=f"{images.host}/base:1", build_image=f"{images.host}/build:1")
    with Session(cache=tmp_path / "other-cache", environ={}, offline=True) as offline:
        with pytest.raises(RegistryUnavailable, match="cannot be asked, because --offline is on"):
            resolver.pin_bases(docker, platforms=("linux-64",), lock=lock, session=offline)
        first = pin()
        assert resolver.pin_bases(docker, platforms=("linux-64",), lock=lock, session=offline) == first


def test_a_registry_without_tls_has_to_be_named(images: StandIn, session: Session) -> None:
    """0.0.0.0 is this machine too, and nothing that may be plain by itself."""
    host = images.host.replace("127.0.0.1", "0.0.0.0")
    docker = DockerSection(base_image=f"{host}/base:1", build_image=f"x@sha256:{'1' * 64}")
    with pytest.raises(RegistryUnavailable) as caught:
        resolver.pin_bases(docker, platforms=("linux-64",), session=session)
    assert (caught.value.hint or "").startswith("a registry without TLS has to be named in docker.insecure-registries")
    named = DockerSection(base_image=docker.base_image, build_image=docker.build_image, insecure_registries=(host,))
    assert resolver.pin_bases(named, platforms=("linux-64",), session=session).base_image.endswith(digest_of(BASE))


def test_a_name_that_cannot_be(pin: Pin) -> None:
    with pytest.raises(SettingsError, match=r"^docker\.base-image: .*the repository must be lower case"):
        pin(base="Base:1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged: "),
        ('{"images": {}, "samebox": 2}', "version 2 of this file is not known here"),
        ('{"images": {"base:1": {"digest": "sha256:1", "platforms": {}}}, "samebox": 1}', "not a digest"),
        ('{"images": {"Base": {"digest": "sha256:%s", "platforms": {}}}, "samebox": 1}' % ("1" * 64), "lower case"),
        ('{"images": {"base": {"digest": "sha256:%s"}}, "samebox": 1}' % ("1" * 64), "missing required field"),
    ],
)
def test_a_damaged_record_is_told(text: str, message: str, pin: Pin, lock: Path) -> None:
    record_of(lock).write_text(text)
    with pytest.raises(ResolverError) as caught:
        pin()
    assert caught.value.message.startswith(f"{record_of(lock)}: ")
    assert message in caught.value.message
    assert record_of(lock).read_text() == text
