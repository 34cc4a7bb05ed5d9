"""Bytes of manifests, indexes and configurations, and the choice of a platform."""

from __future__ import annotations

import json

import pytest

from resolver.errors import RegistryUnavailable, ResolverError
from resolver.registry import (
    Descriptor,
    ImagePlatform,
    Index,
    Manifest,
    choose,
    parse_config,
    parse_document,
    render_index,
    render_manifest,
)
from tests.registry.images import CONFIG, INDEX, LAYER, MANIFEST, V2, SmallImage, described, digest_of, index_of

IMAGE = SmallImage()


def test_a_manifest_is_read() -> None:
    document = parse_document(IMAGE.manifest, media_type=MANIFEST, source="x")
    assert document.descriptor == described(IMAGE.manifest, MANIFEST)
    assert document.content == IMAGE.manifest
    assert document.parsed == Manifest(config=described(IMAGE.config, CONFIG), layers=(described(IMAGE.layer, LAYER),))


def test_a_configuration_is_read() -> None:
    config = parse_config(SmallImage(architecture="arm", variant="v7").config, source="x")
    assert str(config.platform) == "linux/arm/v7"
    assert config.labels == (("org.example.a", "1"), ("org.example.b", "2"))
    assert config.environment == (("PATH", "/usr/bin"), ("EQUATION", "a=b"))
    assert (config.entrypoint, config.command) == (("/bin/hello",), ("--loud", "$HOME"))
    assert (config.user, config.working_directory, config.ports) == ("1000:1000", "/srv", ("53/udp", "8080/tcp"))
    assert config.diff_ids == (digest_of(IMAGE.tar),)


def test_a_configuration_that_says_little_is_read() -> None:
    nulls = b'{"os": "linux", "architecture": "amd64", "config": {"Env": null, "Labels": null, "Cmd": null}}'
    for content in (b'{"os": "linux", "architecture": "amd64"}', nulls):
        config = parse_config(content, source="x")
        assert (config.labels, config.environment, config.command, config.user) == ((), (), (), "")


def _changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(IMAGE.manifest), **fields}).encode()


@pytest.mark.parametrize(
    ("content", "media_type", "message"),
    [
        (b"<html>log in</html>", MANIFEST, "not the JSON that it is said to be"),
        (b"[" * 100_000, MANIFEST, "not the JSON"),
        (b"\xff\xfe", MANIFEST, "not the JSON"),
        (b"{}", MANIFEST, "not the JSON"),
        (_changed(schemaVersion=1), MANIFEST, "schema version 1"),
        (_changed(mediaType=V2), MANIFEST, "says of itself that it is"),
        (_changed(config={"mediaType": CONFIG, "digest": "sha256:xyz", "size": 1}), MANIFEST, "not a digest"),
        (_changed(config={"mediaType": CONFIG, "digest": IMAGE.digest, "size": -1}), MANIFEST, "a size of -1 bytes"),
        (_changed(layers="none"), MANIFEST, "layers"),
        (IMAGE.manifest, "text/html", "neither an image nor an index"),
        (IMAGE.manifest, "application/vnd.docker.distribution.manifest.v1+prettyjws", "neither an image nor an index"),
        (IMAGE.manifest, INDEX, "not the JSON"),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes, media_type: str, message: str) -> None:
    with pytest.raises(RegistryUnavailable) as caught:
        parse_document(content, media_type=media_type, source="host.example.org/app:1")
    assert caught.value.message.startswith("host.example.org/app:1: ")
    assert message in caught.value.message
    assert len(caught.value.message) < 500


def test_a_manifest_is_the_same_bytes_everywhere() -> None:
    config, layer = described(b"{}", CONFIG), described(b"x", LAYER)
    manifest = Manifest(config=config, layers=(layer,), subject=layer, artifact_type="a/b", annotations=(("k", "v"),))
    content = render_manifest(manifest)
    assert content == (
        b'{"annotations":{"k":"v"},"artifactType":"a/b",'
        b'"config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",'
        b'"mediaType":"application/vnd.oci.image.config.v1+json","size":2},'
        b'"layers":[{"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",'
        b'"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":1}],'
        b'"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2,'
        b'"subject":{"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",'
        b'"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":1}}'
    )
    assert parse_document(content, media_type=MANIFEST, source="x").parsed == manifest


def test_an_index_comes_back_as_it_was() -> None:
    index = Index(
        manifests=tuple(
            Descriptor(
                media_type=MANIFEST,
                digest=IMAGE.digest,
                size=len(IMAGE.manifest),
                artifact_type="a/b",
                annotations=(("k", "v"),),
                platform=ImagePlatform.parse(text),
            )
            for text in ("linux/arm64", "linux/arm/v7", "linux/amd64")
        ),
        annotations=(("a", "b"),),
    )
    assert parse_document(render_index(index), media_type=INDEX, source="x").parsed == index


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("linux/amd64", ("linux/arm64", "linux/amd64"), "linux/amd64"),
        ("linux/arm64", ("linux/amd64", "linux/arm64/v8"), "linux/arm64/v8"),
        ("linux/arm64/v8", ("linux/arm64",), "linux/arm64"),
        ("linux/arm/v7", ("linux/arm/v5", "linux/arm/v6"), "linux/arm/v6"),
        ("linux/arm", ("linux/arm/v6", "linux/arm/v7"), "linux/arm/v7"),
        ("linux/amd64/v3", ("linux/amd64", "linux/amd64/v2", "linux/amd64/v4"), "linux/amd64/v2"),
        ("linux/amd64", ("linux/amd64/v3", "linux/amd64"), "linux/amd64"),
        ("linux/ppc64le", ("unknown/unknown", "linux/ppc64le"), "linux/ppc64le"),
    ],
)
def test_the_best_image_for_a_platform_is_chosen(wanted: str, offered: tuple[str, ...], chosen: str) -> None:
    entries = tuple(
        Descriptor(media_type=MANIFEST, digest=digest_of(text.encode()), size=1, platform=ImagePlatform.parse(text))
        for text in offered
    )
    found = choose(Index(manifests=entries), ImagePlatform.parse(wanted), source="x")
    assert str(found.platform) == chosen


@pytest.mark.parametrize("wanted", ["linux/s390x", "windows/amd64", "linux/arm/v6"])
def test_an_image_that_is_not_there_is_not_replaced_by_another(wanted: str) -> None:
    images = (SmallImage(architecture="arm", variant="v7"), SmallImage())
    document = parse_document(index_of(*images), media_type=INDEX, source="x")
    assert isinstance(document.parsed, Index)
    with pytest.raises(RegistryUnavailable) as caught:
        choose(document.parsed, ImagePlatform.parse(wanted), source="host.example.org/app:1")
    assert caught.value.message == f"host.example.org/app:1: there is no image for {wanted}"
    assert caught.value.hint == "it is for linux/amd64, linux/arm/v7"


def test_the_platforms_of_conda_have_images() -> None:
    assert str(ImagePlatform.of_subdir("linux-64")) == "linux/amd64"
    assert str(ImagePlatform.of_subdir("linux-aarch64")) == "linux/arm64"
    with pytest.raises(ResolverError, match="osx-arm64: there are no images of it"):
        ImagePlatform.of_subdir("osx-arm64")


@pytest.mark.parametrize("text", ["linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/a b", "linux/amd64\n"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(ResolverError, match="not a platform of images"):
        ImagePlatform.parse(text)
