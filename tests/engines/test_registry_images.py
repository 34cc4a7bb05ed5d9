"""Images by their keys in Debian's docker-registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from resolver.building import RegistryImages
from resolver.errors import RegistryUnavailable
from resolver.registry import Reference, Registry
from tests.registry.images import CONFIG, INDEX, LAYER, MANIFEST, SmallImage, described, digest_of, index_of
from tests.registry.programs import DockerRegistry, docker_registry

Opener = Callable[[], Registry]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as running:
        yield running


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(timeout=5.0, retries=0) as opened:
        yield opened


@pytest.fixture
def opener() -> Opener:
    return partial(Registry, timeout=5.0, retries=0)


def push(registry: Registry, name: str, image: SmallImage) -> None:
    reference = Reference.parse(name)
    registry.push_blob(reference, image.config, described(image.config, CONFIG))
    registry.push_blob(reference, image.layer, described(image.layer, LAYER))
    registry.push_manifest(reference, image.manifest, MANIFEST)


@pytest.mark.parametrize(("value", "found"), [("1", True), ("2", False), ("", False)])
def test_an_image_counts_only_if_it_has_the_label_itself(
    server: DockerRegistry, registry: Registry, opener: Opener, value: str, found: bool
) -> None:
    image = SmallImage()
    push(registry, f"{server.host}/one:key-1", image)
    digest = RegistryImages(opener).find(
        f"{server.host}/one:key-1", platforms=("linux/amd64",), label="org.example.a", value=value
    )
    assert digest == (image.digest if found else None)


def test_no_image_and_no_repository_is_none(server: DockerRegistry, registry: Registry, opener: Opener) -> None:
    push(registry, f"{server.host}/two:1", SmallImage())
    images = RegistryImages(opener)
    for name in ("two:key-1", "never:key-1"):
        assert (
            images.find(f"{server.host}/{name}", platforms=("linux/amd64",), label="org.example.a", value="1") is None
        )


def test_an_index_is_looked_through_and_tagged_as_a_whole(
    server: DockerRegistry, registry: Registry, opener: Opener
) -> None:
    """BuildKit pushes an image with its attestation as an index."""
    image, other = SmallImage(), SmallImage(text="other", architecture="arm64")
    name = f"{server.host}/three"
    push(registry, f"{name}:amd64", image)
    push(registry, f"{name}:arm64", other)
    index = index_of(image, other)
    registry.push_manifest(Reference.parse(f"{name}:key-1"), index, INDEX)
    images = RegistryImages(opener)
    digest = images.find(f"{name}:key-1", platforms=("linux/arm64",), label="org.example.a", value="1")
    assert digest == digest_of(index)
    images.tag(f"{name}:latest", digest)
    assert registry.document(Reference.parse(f"{name}:latest")).content == index


BOTH = ("linux/amd64", "linux/arm64")


@pytest.mark.parametrize(
    ("made", "wanted", "value", "found"),
    [
        (("amd64", "arm64"), BOTH, "1", True),
        (("amd64", "arm64"), BOTH, "2", False),
        (("amd64",), BOTH, "1", False),
        (("amd64", "s390x"), BOTH, "1", False),
    ],
)
def test_of_several_platforms_each_must_be_there_with_the_label(
    server: DockerRegistry,
    registry: Registry,
    opener: Opener,
    made: tuple[str, ...],
    wanted: tuple[str, ...],
    value: str,
    found: bool,
) -> None:
    images = [SmallImage(text=architecture, architecture=architecture) for architecture in made]
    name = f"{server.host}/{'-'.join(made)}"
    for image in images:
        push(registry, f"{name}:part", image)
    index = index_of(*images)
    registry.push_manifest(Reference.parse(f"{name}:key-1"), index, INDEX)
    digest = RegistryImages(opener).find(f"{name}:key-1", platforms=wanted, label="org.example.a", value=value)
    assert digest == (digest_of(index) if found else None)


def test_images_are_made_into_an_index(server: DockerRegistry, registry: Registry, opener: Opener) -> None:
    name = f"{server.host}/five"
    parts = {"linux/amd64": SmallImage(), "linux/arm64": SmallImage(text="other", architecture="arm64")}
    for platform, image in parts.items():
        push(registry, f"{name}:{platform[6:]}", image)
    images = RegistryImages(opener)
    digest = images.combine([(p, f"{name}:{p[6:]}") for p in parts], names=[f"{name}:1", f"{name}:key-1"])
    for tag in ("1", "key-1"):
        document = registry.document(Reference.parse(f"{name}:{tag}"))
        assert document.descriptor.digest == digest
    body = json.loads(document.content)
    assert body["mediaType"] == INDEX
    assert [(e["digest"], e["platform"], e["size"]) for e in body["manifests"]] == [
        (parts[f"linux/{a}"].digest, {"os": "linux", "architecture": a}, len(parts[f"linux/{a}"].manifest))
        for a in ("amd64", "arm64")
    ]


def test_another_name_for_it(server: DockerRegistry, registry: Registry, opener: Opener) -> None:
    image = SmallImage()
    push(registry, f"{server.host}/four:key-1", image)
    push(registry, f"{server.host}/four:latest", SmallImage(text="before"))
    RegistryImages(opener).tag(f"{server.host}/four:latest", image.digest)
    found = registry.find(Reference.parse(f"{server.host}/four:latest"))
    assert found is not None and found.digest == image.digest


def test_a_registry_that_does_not_answer_is_an_error(opener: Opener) -> None:
    with pytest.raises(RegistryUnavailable, match=r"127\.0\.0\.1:1"):
        RegistryImages(opener).find("127.0.0.1:1/a:key-1", platforms=("linux/amd64",), label="a", value="1")
