"""The lock of an image in its registry: attached, found again, and refused where it is another one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resolver.building import LockFile, attach_lock, lock_of_image
from resolver.building.image_store import RegistryStore
from resolver.building.lock_referrers import LOCK_TYPE, find_lock
from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, RegistryUnavailable, ResolverError
from resolver.locks.files import read_lock, write_lock
from resolver.model import Evidence, Lock, PlatformLock
from resolver.registry import Reference, Registry
from resolver.session import Session
from tests.exporter.conftest import conda, lock_of, wheel
from tests.registry.images import CONFIG, INDEX, LAYER, MANIFEST, SmallImage, described, digest_of, index_of
from tests.registry.programs import DockerRegistry, Skopeo, docker_registry, required
from tests.registry.stand_in import stand_in
from tests.registry.with_referrers import RegistryWithReferrers

pytestmark = pytest.mark.registry


def small_lock(version: str = "3.12.4") -> Lock:
    packages = (conda("python", version, "linux-64", "a"), wheel("cow", "1", "e"))
    return lock_of(PlatformLock(platform="linux-64", packages=packages))


LOCK, OTHER = small_lock(), small_lock("3.12.5")


def image_of(lock: Lock, **more: str) -> SmallImage:
    labels = (
        ("io.samebox.groups", "main"),
        ("io.samebox.lock.digest", str(digest(lock))),
        ("io.samebox.platform", more.get("platform", "linux-64")),
        ("org.example.note", "not passed on"),
        ("org.opencontainers.image.base.name", "debian:bookworm-slim"),
    )
    return SmallImage(text=f"{digest(lock)} {more}", architecture=more.get("architecture", "amd64"), labels=labels)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as running:
        yield running


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(timeout=5.0, retries=0) as opened:
        yield opened


@pytest.fixture
def reference(real: DockerRegistry, request: pytest.FixtureRequest) -> Reference:
    """A repository that no other test uses."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return Reference.parse(f"{real.host}/{name}:1")


def push(registry: Registry, reference: Reference, image: SmallImage) -> Reference:
    registry.push_blob(reference, image.layer, described(image.layer, LAYER))
    registry.push_blob(reference, image.config, described(image.config, CONFIG))
    registry.push_manifest(reference, image.manifest, MANIFEST)
    return reference.at(image.digest)


def test_skopeo_finds_the_lock_by_the_tag_that_stands_for_the_api(
    registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    image = push(registry, reference, image_of(LOCK))
    file = LockFile.of(LOCK)
    first = attach_lock(registry, reference, file)
    assert attach_lock(registry, image, file) == first  # the same again changes nothing

    (tmp_path / "home").mkdir()
    skopeo = Skopeo(program=required("skopeo"), home=tmp_path / "home")

    def raw(target: Reference) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(skopeo.call("inspect", "--raw", "--tls-verify=false", f"docker://{target}"))
        return found

    (entry,) = raw(reference.tagged((image.digest or "").replace(":", "-")))["manifests"]
    assert entry["artifactType"] == LOCK_TYPE
    manifest = raw(reference.at(entry["digest"]))
    assert manifest["artifactType"] == "application/vnd.samebox.lock.v1"
    assert manifest["subject"]["digest"] == image.digest
    assert manifest["annotations"] == {
        "io.samebox.groups": "main",
        "io.samebox.lock.digest": str(digest(LOCK)),
        "io.samebox.platform": "linux-64",
        "org.opencontainers.image.base.name": "debian:bookworm-slim",
    }
    assert manifest["layers"] == [
        {
            "annotations": {"org.opencontainers.image.title": "conda-lock.yml"},
            "digest": digest_of(file.content),
            "mediaType": "application/yaml",
            "size": len(file.content),
        }
    ]


def test_a_registry_with_the_api_has_no_such_tag(registry: Registry) -> None:
    with stand_in() as server:
        server.fallback = kept = RegistryWithReferrers()
        reference = Reference.parse(f"{server.host}/team/app:1")
        image = push(registry, reference, image_of(LOCK))
        first = attach_lock(registry, reference, LockFile.of(LOCK))
        assert attach_lock(registry, reference, LockFile.of(LOCK)) == first
        assert find_lock(RegistryStore(registry, reference)) == LockFile.of(LOCK)
        assert sorted(key for _, key in kept.manifests) == sorted(["1", str(image.digest), first[0].digest])


def test_the_file_comes_back_as_it_was_with_the_one_beside_it(
    registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    packages = (conda("python", "3.12.4", "linux-64", "a"),)
    lock = Lock(
        platforms=(PlatformLock(platform="linux-64", packages=packages),),
        evidence=Evidence(variables=(("A", "1"),)),
    )
    path = tmp_path / "conda-linux-64.lock"
    write_lock(lock, path)
    assert (tmp_path / "conda-linux-64.lock.evidence.json").exists()
    file = LockFile.read(path)
    push(registry, reference, image_of(lock))
    attach_lock(registry, reference, file)
    assert find_lock(RegistryStore(registry, reference)) == file
    with Session(cache=tmp_path / "cache", environ={}) as session:
        found = lock_of_image(str(reference), session=session)
    assert found == read_lock(path)
    assert found.evidence == lock.evidence


def test_an_index_and_each_image_in_it_have_the_lock(registry: Registry, reference: Reference) -> None:
    images = (image_of(LOCK), image_of(LOCK, platform="linux-aarch64", architecture="arm64"))
    for image in images:
        push(registry, reference.at(image.digest), image)
    index = index_of(*images)
    registry.push_manifest(reference, index, INDEX)
    assert len(attach_lock(registry, reference, LockFile.of(LOCK))) == 3
    for digested in (digest_of(index), images[0].digest, images[1].digest):
        (entry,) = registry.referrers(reference.at(digested), LOCK_TYPE)
        assert find_lock(RegistryStore(registry, reference.at(digested))) == LockFile.of(LOCK)
    (entry,) = registry.referrers(reference)
    assert dict(entry.annotations)["io.samebox.platform"] == "linux-64 linux-aarch64"
    assert dict(entry.annotations)["io.samebox.lock.digest"] == str(digest(LOCK))


def test_the_lock_of_another_image_is_not_attached(registry: Registry, reference: Reference) -> None:
    push(registry, reference, image_of(OTHER))
    with pytest.raises(IntegrityError) as caught:
        attach_lock(registry, reference, LockFile.of(LOCK))
    assert f" is of the lock {digest(OTHER)}, and conda-lock.yml is {digest(LOCK)}" in caught.value.message
    assert registry.referrers(reference) == ()


def attach(registry: Registry, reference: Reference, content: bytes, name: str = "conda-lock.yml") -> None:
    """As anyone can who may push."""
    layer = described(content, "text/plain")
    named = type(layer)(
        media_type=layer.media_type,
        digest=layer.digest,
        size=layer.size,
        annotations=(("org.opencontainers.image.title", name),),
    )
    registry.attach(reference, artifact_type=LOCK_TYPE, contents=((content, named),))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (LockFile.of(OTHER).content, "conda-lock.yml", f"is the lock {digest(OTHER)}"),
        (b"version: 1\n", "conda-lock.yml", "metadata"),
        (b"\xff", "conda-lock.yml", "not UTF-8"),
        (LockFile.of(LOCK).content, "../conda-lock.yml", "is not the name of a lock's file"),
        (LockFile.of(LOCK).content, "\x1b[2J.conda-lock.yml", "'\\x1b[2J.conda-lock.yml' is not the name of"),
        (LockFile.of(LOCK).content, "lock", "the name of this file is none that locks have"),
    ],
)
def test_what_is_not_the_lock_of_the_image_is_refused(
    content: bytes, name: str, message: str, registry: Registry, reference: Reference
) -> None:
    image = push(registry, reference, image_of(LOCK))
    attach(registry, image, content, name)
    with pytest.raises(IntegrityError) as caught:
        find_lock(RegistryStore(registry, reference))
    first, told = caught.value.message.split("\n", 1)
    assert first == (f"{reference} ({image.digest}) is of the lock {digest(LOCK)}, and what is attached to it is not:")
    assert message in told
    attach_lock(registry, reference, LockFile.of(LOCK))
    assert find_lock(RegistryStore(registry, reference)) == LockFile.of(LOCK)  # the right one is found beside it


def test_a_tampered_file_is_refused(registry: Registry, reference: Reference, real: DockerRegistry) -> None:
    """The registry itself gives other bytes than those that were attached."""
    push(registry, reference, image_of(LOCK))
    file = LockFile(name="conda-lock.yml", content=LockFile.of(LOCK).content + b"# tampered\n")
    attach_lock(registry, reference, file)
    real.blob_file(digest_of(file.content)).write_bytes(LockFile.of(OTHER).content)
    with pytest.raises(IntegrityError, match=r"bytes with the digest sha256:\w+ came"):
        find_lock(RegistryStore(registry, reference))


def test_an_image_that_names_no_lock(registry: Registry, reference: Reference) -> None:
    push(registry, reference, SmallImage(text="of somebody else\n"))
    for call in (
        lambda: find_lock(RegistryStore(registry, reference)),
        lambda: attach_lock(registry, reference, LockFile.of(LOCK)),
    ):
        with pytest.raises(IntegrityError, match=r"names no lock \(label io\.samebox\.lock\.digest\)"):
            call()


def test_an_image_to_which_nothing_is_attached(registry: Registry, reference: Reference) -> None:
    push(registry, reference, image_of(LOCK))
    registry.attach(reference, artifact_type="application/vnd.example.note")
    with pytest.raises(ResolverError, match="no lock is attached to it") as caught:
        find_lock(RegistryStore(registry, reference))
    assert not isinstance(caught.value, (IntegrityError, RegistryUnavailable))


def test_one_that_was_deleted_does_not_hide_another(
    registry: Registry, reference: Reference, real: DockerRegistry
) -> None:
    image = push(registry, reference, image_of(LOCK))
    attach(registry, image, LockFile.of(OTHER).content)
    (gone,) = registry.referrers(image)
    link = real.storage / f"docker/registry/v2/repositories/{reference.repository}/_manifests/revisions/sha256"
    (link / gone.hex / "link").unlink()
    with pytest.raises(RegistryUnavailable, match=f"{gone.digest}: not found"):
        find_lock(RegistryStore(registry, reference))
    attach_lock(registry, reference, LockFile.of(LOCK))
    assert find_lock(RegistryStore(registry, reference)) == LockFile.of(LOCK)
