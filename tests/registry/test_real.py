"""Against Debian's docker-registry, with skopeo as a judge that shares no code with us."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resolver.errors import IntegrityError, RegistryUnavailable, ResolverError
from resolver.registry import ImagePlatform, Reference, Registry, descriptor_of
from tests.registry.images import CONFIG, INDEX, LAYER, MANIFEST, SmallImage, described, digest_of, index_of
from tests.registry.programs import DockerRegistry, Skopeo, docker_registry

pytestmark = pytest.mark.registry

AMD64 = ImagePlatform.parse("linux/amd64")
LOCK = "application/vnd.example.lock"
HTPASSWD = "ann:$2b$04$HLQAq5hrZPnzp4Ih/BU5ie3pOA9FEBE878XAfoUeZqNpuDTJ9hih2\n"
PASSWORD = "open sesame"


def _push(registry: Registry, reference: Reference, image: SmallImage) -> None:
    registry.push_blob(reference, image.layer, described(image.layer, LAYER))
    registry.push_blob(reference, image.config, described(image.config, CONFIG))
    registry.push_manifest(reference, image.manifest, MANIFEST)


def test_skopeo_sees_and_copies_what_we_push(
    real: DockerRegistry, registry: Registry, skopeo: Skopeo, tmp_path: Path
) -> None:
    image = SmallImage()
    reference = Reference.parse(f"{real.host}/pushed/app:1")
    _push(registry, reference, image)
    seen = skopeo.inspect(str(reference))
    assert (seen["Digest"], seen["Architecture"], seen["Os"]) == (image.digest, "amd64", "linux")
    assert seen["Labels"] == {"org.example.a": "1", "org.example.b": "2"}
    assert seen["Layers"] == [digest_of(image.layer)]
    skopeo.call("copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{tmp_path / 'copy'}")
    assert (tmp_path / "copy" / "manifest.json").read_bytes() == image.manifest
    assert (tmp_path / "copy" / digest_of(image.layer)[7:]).read_bytes() == image.layer


def test_skopeo_copies_all_images_of_an_index_that_we_push(
    real: DockerRegistry, registry: Registry, skopeo: Skopeo, tmp_path: Path
) -> None:
    images = (SmallImage(), SmallImage(text="arm\n", architecture="arm64", variant="v8"))
    reference = Reference.parse(f"{real.host}/pushed/many:1")
    for image in images:
        _push(registry, reference.at(image.digest), image)
    content = index_of(*images)
    assert registry.push_manifest(reference, content, INDEX) == described(content, INDEX)
    assert registry.resolve(reference) == described(content, INDEX)
    skopeo.call("copy", "--all", "--src-tls-verify=false", f"docker://{reference}", f"oci:{tmp_path / 'copy'}:1")
    for image in images:
        blobs = tmp_path / "copy" / "blobs" / "sha256"
        assert (blobs / image.digest[7:]).read_bytes() == image.manifest
        chosen = registry.image(reference, ImagePlatform(os="linux", architecture=image.architecture))
        assert chosen.descriptor.digest == image.digest


def test_we_resolve_and_pull_what_skopeo_pushes(
    real: DockerRegistry, registry: Registry, skopeo: Skopeo, tmp_path: Path
) -> None:
    image = SmallImage(text="from skopeo\n")
    _write_layout(tmp_path / "layout", image)
    reference = Reference.parse(f"{real.host}/skopeo/app:2")
    skopeo.call(
        "copy", "--preserve-digests", "--dest-tls-verify=false", f"oci:{tmp_path / 'layout'}:2", f"docker://{reference}"
    )
    assert registry.resolve(reference) == described(image.manifest, MANIFEST)
    found = registry.image(reference, AMD64)
    assert (found.reference, found.config.entrypoint) == (reference.at(image.digest), ("/bin/hello",))
    (layer,) = found.manifest.layers
    registry.pull_blob(reference, layer, tmp_path / "layer")
    assert (tmp_path / "layer").read_bytes() == image.layer


def test_we_read_docker_s_own_schema_too(
    real: DockerRegistry, registry: Registry, skopeo: Skopeo, tmp_path: Path
) -> None:
    _write_layout(tmp_path / "layout", SmallImage())
    reference = Reference.parse(f"{real.host}/skopeo/v2s2:1")
    source = f"oci:{tmp_path / 'layout'}:2"
    skopeo.call("copy", "--format=v2s2", "--dest-tls-verify=false", source, f"docker://{reference}")
    image = registry.image(reference, AMD64)
    assert image.descriptor.media_type == "application/vnd.docker.distribution.manifest.v2+json"
    assert image.manifest.config.media_type == "application/vnd.docker.container.image.v1+json"
    assert image.config.labels == (("org.example.a", "1"), ("org.example.b", "2"))
    assert image.descriptor.digest == skopeo.inspect(str(reference))["Digest"]


def _write_layout(folder: Path, image: SmallImage) -> None:
    """An OCI image layout with the image under the name ``2``."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (image.layer, image.config, image.manifest):
        (blobs / digest_of(content)[7:]).write_bytes(content)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = {
        "mediaType": MANIFEST,
        "digest": image.digest,
        "size": len(image.manifest),
        "annotations": {"org.opencontainers.image.ref.name": "2"},
    }
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


@pytest.mark.parametrize("chunk_size", [None, 1 << 20])
def test_a_large_blob_goes_there_and_back(real: DockerRegistry, tmp_path: Path, chunk_size: int | None) -> None:
    content = f"{chunk_size} ".encode() + bytes(range(256)) * 20_000
    (tmp_path / "blob").write_bytes(content)
    blob = described(content, LAYER)
    reference = Reference.parse(f"{real.host}/large/blob-{chunk_size or 0}")
    with Registry(timeout=20.0, chunk_size=chunk_size) as registry:
        sent: list[int] = []
        assert registry.push_blob(reference, tmp_path / "blob", blob, progress=sent.append) == "uploaded"
        assert registry.push_blob(reference, tmp_path / "blob", blob) == "present"
        registry.pull_blob(reference, blob, tmp_path / "back")
    assert sum(sent) == len(content)
    assert (tmp_path / "back").read_bytes() == real.blob_file(blob.digest).read_bytes() == content


def test_a_blob_is_mounted_from_another_repository(real: DockerRegistry, registry: Registry) -> None:
    content = b"to be mounted"
    blob = described(content, LAYER)
    base, other = (Reference.parse(f"{real.host}/mount/{name}") for name in ("base", "other"))
    assert registry.push_blob(other, content, blob, mount_from="mount/nothing") == "uploaded"
    assert registry.push_blob(base, content, blob, mount_from="mount/other") == "mounted"
    assert registry.read_blob(base, blob) == content


def test_many_threads_share_one_client(real: DockerRegistry, registry: Registry) -> None:
    reference = Reference.parse(f"{real.host}/threads/app")
    contents = [f"blob {number}".encode() for number in range(24)]

    def there_and_back(content: bytes) -> bytes:
        registry.push_blob(reference, content, described(content, LAYER))
        return registry.read_blob(reference, described(content, LAYER))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(there_and_back, contents)) == contents


def test_a_lock_is_attached_and_found_by_the_tag(
    real: DockerRegistry, registry: Registry, skopeo: Skopeo, tmp_path: Path
) -> None:
    """This registry does not have the API for referrers."""
    image = SmallImage(text="with a lock\n")
    reference = Reference.parse(f"{real.host}/attached/app:1")
    _push(registry, reference, image)
    assert registry.referrers(reference) == ()
    attached = []
    for text in (b"lock one", b"lock two", b"lock one"):
        parts = ((text, descriptor_of(text, "text/yaml")),)
        attached.append(
            registry.attach(reference, artifact_type=LOCK, contents=parts, annotations={"n": str(len(text))})
        )
    note = registry.attach(reference, artifact_type="application/vnd.example.note")
    assert attached[0] == attached[2]
    assert registry.referrers(reference, LOCK) == (attached[0], attached[1])
    assert registry.referrers(reference.at(image.digest)) == (attached[0], attached[1], note)
    tag = reference.tagged(image.digest.replace(":", "-"))
    listed = json.loads(skopeo.call("inspect", "--raw", "--tls-verify=false", f"docker://{tag}"))
    assert [entry["artifactType"] for entry in listed["manifests"]] == [LOCK, LOCK, "application/vnd.example.note"]
    manifest = registry.document(reference.at(attached[1].digest)).parsed
    assert registry.read_blob(reference, manifest.layers[0]) == b"lock two"  # type: ignore[union-attr]


def test_what_is_not_there(real: DockerRegistry, registry: Registry) -> None:
    reference = Reference.parse(f"{real.host}/nobody/nothing:1")
    assert registry.find(reference) is None
    with pytest.raises(RegistryUnavailable, match=f"{real.host}/nobody/nothing:1: not found"):
        registry.image(reference, AMD64)
    with pytest.raises(RegistryUnavailable, match="answered 400: MANIFEST_BLOB_UNKNOWN"):
        registry.push_manifest(reference, SmallImage(text="never pushed\n").manifest, MANIFEST)


def test_a_damaged_registry_is_found_out(tmp_path: Path, registry: Registry) -> None:
    image = SmallImage()
    with docker_registry(tmp_path / "registry") as damaged:
        reference = Reference.parse(f"{damaged.host}/damaged/app:1")
        _push(registry, reference, image)
        file = damaged.blob_file(digest_of(image.layer))
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(IntegrityError, match="its sha256 is"):
            registry.pull_blob(reference, described(image.layer, LAYER), tmp_path / "layer")
    assert not (tmp_path / "layer").exists()
    with pytest.raises(RegistryUnavailable, match="nothing listens there"):
        registry.resolve(reference)


def test_a_registry_with_passwords(tmp_path: Path, skopeo: Skopeo) -> None:
    image = SmallImage(text="private\n")
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    with docker_registry(tmp_path / "registry", passwords=tmp_path / "htpasswd") as private:
        reference = Reference.parse(f"{private.host}/private/app:1")
        with Registry(timeout=5.0) as nobody, pytest.raises(RegistryUnavailable) as caught:
            nobody.resolve(reference)
        assert f"has no login for {private.host}: docker login {private.host}" in str(caught.value.hint)
        with (
            _logged_in(tmp_path / "wrong", private.host, "ann", "guessed") as wrong,
            pytest.raises(RegistryUnavailable) as caught,
        ):
            _push(wrong, reference, image)
        assert "does not accept docker's login" in str(caught.value.hint)
        assert "guessed" not in f"{caught.value.message}{caught.value.hint}"
        with _logged_in(tmp_path / "right", private.host, "ann", PASSWORD) as ann:
            _push(ann, reference, image)
            assert ann.image(reference, AMD64).descriptor.digest == image.digest
        inspected = skopeo.call("inspect", "--tls-verify=false", f"--creds=ann:{PASSWORD}", f"docker://{reference}")
        assert json.loads(inspected)["Digest"] == image.digest


def _logged_in(folder: Path, host: str, user: str, password: str) -> Registry:
    """With the file that ``docker login`` leaves."""
    folder.mkdir()
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return Registry(environ={"DOCKER_CONFIG": str(folder)}, timeout=5.0)


def test_a_disk_that_is_full_at_the_registry_is_told(tmp_path: Path) -> None:
    """A registry whose storage cannot be written."""
    content = b"no place for it"
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "storage").write_bytes(b"a file in the place of the folder")
    with docker_registry(tmp_path / "registry") as full, Registry(timeout=5.0, retries=1, backoff=0.0) as registry:
        with pytest.raises(ResolverError) as caught:
            registry.push_blob(Reference.parse(f"{full.host}/app"), content, described(content, LAYER))
        assert caught.value.message.startswith(
            f"{full.host}/app@{digest_of(content)}: http://{full.host}/v2/app/blobs/"
        )
        assert "answered 500" in caught.value.message
