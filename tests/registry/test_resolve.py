"""Manifests from registries that behave oddly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resolver.errors import IntegrityError, RegistryUnavailable
from resolver.registry import ImagePlatform, Reference, Registry
from tests.registry.images import INDEX, LIST, MANIFEST, SmallImage, described, digest_of, index_of
from tests.registry.stand_in import Reply, StandIn

IMAGE = SmallImage()
ARM = SmallImage(text="arm\n", architecture="arm64", variant="v8")
AMD64 = ImagePlatform.parse("linux/amd64")
PATH = "/v2/team/app/manifests/1"


@pytest.fixture
def reference(server: StandIn) -> Reference:
    return Reference.parse(f"{server.host}/team/app:1")


def _given(content: bytes, media_type: str = MANIFEST, **headers: str) -> Reply:
    return Reply(body=content, headers={"Content-Type": media_type, **headers})


def _digest(digest: str) -> dict[str, str]:
    return {"Docker-Content-Digest": digest}


def test_head_is_enough_where_it_says_all(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"HEAD {PATH}", _given(IMAGE.manifest, **_digest(IMAGE.digest)))
    assert registry.resolve(reference) == described(IMAGE.manifest, MANIFEST)
    (asked,) = server.asked(f"HEAD {PATH}")
    assert asked.headers["accept"].split(", ") == [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
    assert server.asked(f"GET {PATH}") == []


@pytest.mark.parametrize(
    "head",
    [
        Reply(status=405),
        _given(IMAGE.manifest),
        Reply(headers={"Content-Type": MANIFEST, **_digest(IMAGE.digest)}, length=0),
        _given(IMAGE.manifest, "text/plain", **_digest(IMAGE.digest)),
        _given(IMAGE.manifest, **_digest("sha512:abc")),
    ],
    ids=["refused", "no digest", "no length", "no type", "another digest"],
)
def test_get_completes_what_head_does_not_say(
    server: StandIn, registry: Registry, reference: Reference, head: Reply
) -> None:
    server.answer(f"HEAD {PATH}", head)
    server.answer(f"GET {PATH}", _given(IMAGE.manifest))
    assert registry.resolve(reference) == described(IMAGE.manifest, MANIFEST)


def test_what_is_not_there_is_an_answer_or_an_error(server: StandIn, registry: Registry, reference: Reference) -> None:
    assert registry.find(reference) is None
    for ask in (registry.resolve, registry.document):
        with pytest.raises(RegistryUnavailable) as caught:
            ask(reference)
        assert caught.value.message == f"{server.host}/team/app:1: not found"
        assert f"docker login {server.host}" in str(caught.value.hint)


def test_the_image_of_a_platform_comes_through_an_index(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    index = index_of(ARM, IMAGE)
    server.answer(f"GET {PATH}", _given(index, INDEX))
    for image in (ARM, IMAGE):
        server.answer(f"GET /v2/team/app/manifests/{image.digest}", _given(image.manifest))
        server.answer(f"GET /v2/team/app/blobs/{digest_of(image.config)}", Reply(body=image.config))
    found = registry.image(reference, AMD64)
    assert str(found.reference) == f"{server.host}/team/app@{IMAGE.digest}"
    assert found.root == described(index, INDEX)
    assert found.descriptor == described(IMAGE.manifest, MANIFEST)
    assert found.config.user == "1000:1000"
    assert registry.image(reference, ImagePlatform.parse("linux/arm64")).descriptor.digest == ARM.digest
    with pytest.raises(RegistryUnavailable, match="there is no image for linux/s390x"):
        registry.image(reference, ImagePlatform.parse("linux/s390x"))


def test_an_image_alone_is_for_its_own_platform_only(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"GET {PATH}", _given(ARM.manifest))
    server.answer(f"GET /v2/team/app/blobs/{digest_of(ARM.config)}", Reply(body=ARM.config))
    with pytest.raises(RegistryUnavailable, match="the image is for linux/arm64/v8, and linux/amd64 is wanted"):
        registry.image(reference, AMD64)


def test_an_index_may_name_a_variant_that_the_image_leaves_out(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    image = SmallImage(architecture="arm")
    index = index_of(image).replace(b'"arm"', b'"arm", "variant": "v6"')
    server.answer(f"GET {PATH}", _given(index, INDEX))
    server.answer(f"GET /v2/team/app/manifests/{image.digest}", _given(image.manifest))
    server.answer(f"GET /v2/team/app/blobs/{digest_of(image.config)}", Reply(body=image.config))
    v6 = ImagePlatform.parse("linux/arm/v6")
    assert registry.image(reference, v6).descriptor.digest == image.digest
    with pytest.raises(RegistryUnavailable, match="the image is for linux/arm, and linux/arm/v6 is wanted"):
        registry.image(reference.at(image.digest), v6)


def test_one_connection_serves_many_questions(server: StandIn, registry: Registry, reference: Reference) -> None:
    demand = Reply(status=401, headers={"WWW-Authenticate": f'Bearer realm="{server.url}/token"'}, body=b"{}")
    server.answer("GET /token", Reply(body=b'{"token": "t"}'))
    server.answer(f"HEAD {PATH}", demand, _given(IMAGE.manifest, **_digest(IMAGE.digest)))
    server.answer("GET /moved", _given(IMAGE.manifest))
    server.answer(f"GET {PATH}", Reply(status=307, body=b"moved", headers={"Location": "/moved"}))
    for _ in range(3):
        registry.resolve(reference)
        registry.document(reference)
        assert not registry.has_blob(reference, IMAGE.digest)
    assert {request.port for request in server.requests} == {server.requests[0].port}


def test_docker_has_its_own_types(server: StandIn, registry: Registry, reference: Reference) -> None:
    content = index_of(IMAGE).replace(INDEX.encode(), LIST.encode())
    server.answer(f"GET {PATH}", _given(content, f"{LIST}; charset=utf-8"))
    assert registry.document(reference).descriptor == described(content, LIST)


def test_other_bytes_than_asked_for_are_refused(server: StandIn, registry: Registry, reference: Reference) -> None:
    pinned = reference.at(IMAGE.digest)
    line = f"/v2/team/app/manifests/{IMAGE.digest}"
    server.answer(f"GET {line}", _given(ARM.manifest))
    server.answer(f"HEAD {line}", _given(ARM.manifest, **_digest(ARM.digest)))
    for ask in (registry.document, registry.resolve):
        with pytest.raises(IntegrityError) as caught:
            ask(pinned)
        assert caught.value.message == f"{pinned}: the manifest has the digest {ARM.digest}"


def test_a_digest_that_the_registry_itself_gives_must_fit(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    server.answer(f"GET {PATH}", _given(IMAGE.manifest, **_digest(ARM.digest)))
    with pytest.raises(IntegrityError, match="the registry says"):
        registry.document(reference)
    server.answer(f"HEAD {PATH}", _given(IMAGE.manifest, **_digest("sha256:short")))
    with pytest.raises(RegistryUnavailable, match="gives a digest that is none"):
        registry.resolve(reference)


def test_a_manifest_without_end_is_not_read(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"GET {PATH}", _given(b" " * (4 * 1024 * 1024 + 1)))
    with pytest.raises(RegistryUnavailable, match="the answer is larger than 4096 KiB"):
        registry.document(reference)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_fault_is_tried_again(server: StandIn, registry: Registry, reference: Reference, status: int) -> None:
    server.answer(f"GET {PATH}", Reply(status=status), Reply(status=status), _given(IMAGE.manifest))
    assert registry.document(reference).content == IMAGE.manifest


def test_what_breaks_off_is_tried_again(server: StandIn, registry: Registry, reference: Reference) -> None:
    broken = Reply(body=IMAGE.manifest, headers={"Content-Type": MANIFEST}, cut=10)
    server.answer(f"GET {PATH}", broken, _given(IMAGE.manifest))
    assert registry.document(reference).content == IMAGE.manifest
    server.answer(f"GET {PATH}", broken)
    with pytest.raises(RegistryUnavailable, match=r"the answer broke off: .* \(3 attempts\)"):
        registry.document(reference)


def test_a_registry_that_asks_to_wait_is_heard(
    server: StandIn, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("resolver.registry.http.sleep", pauses.append)
    busy = [Reply(status=429, headers={"Retry-After": seconds}) for seconds in ("3", "3600", "soon")]
    server.answer(f"GET {PATH}", *busy, _given(IMAGE.manifest))
    with Registry(backoff=0.5) as registry:
        registry.document(reference)
    assert pauses == [3.0, 10.0, 2.0]


def test_a_registry_that_stays_busy_says_why(server: StandIn, registry: Registry, reference: Reference) -> None:
    body = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "you have reached your limit"}]}'
    server.answer(f"GET {PATH}", Reply(status=429, body=body))
    with pytest.raises(RegistryUnavailable) as caught:
        registry.document(reference)
    told = f"{server.url}{PATH}: answered 429: TOOMANYREQUESTS: you have reached your limit (3 attempts)"
    assert caught.value.message == f"{reference}: {told}"
    assert caught.value.hint == "try again later"


def test_a_slow_registry_is_given_up(server: StandIn, reference: Reference) -> None:
    server.answer(f"GET {PATH}", Reply(delay=1.0))
    with Registry(timeout=0.2, retries=0) as registry, pytest.raises(RegistryUnavailable) as caught:
        registry.document(reference)
    assert "no answer within 0.2 seconds" in caught.value.message


def test_a_registry_that_is_not_there_is_named() -> None:
    reference = Reference.parse("127.0.0.1:1/team/app")
    with Registry(timeout=2.0, retries=1, backoff=0.0) as registry, pytest.raises(RegistryUnavailable) as caught:
        registry.resolve(reference)
    assert caught.value.message.startswith("127.0.0.1:1/team/app: http://127.0.0.1:1/v2/team/app/manifests/latest: ")
    assert "nothing listens there (connection refused) (2 attempts)" in caught.value.message


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("", "not an http"),
        ("file:///etc/passwd", "not an http"),
        ("http://user:pw@localhost/", "not an http"),
        ("http://[", "not an http"),
        ("http://localhost:99999/", "not an http"),
        (PATH, "more than 5 redirects"),
    ],
)
def test_a_redirect_to_nowhere_is_told(
    server: StandIn, registry: Registry, reference: Reference, location: str, message: str
) -> None:
    server.answer(f"GET {PATH}", Reply(status=307, headers={"Location": location}))
    with pytest.raises(RegistryUnavailable) as caught:
        registry.document(reference)
    assert message in caught.value.message
    assert "pw" not in caught.value.message.replace("passwd", "")


def test_offline_asks_nobody(server: StandIn, reference: Reference) -> None:
    with Registry(offline=True) as registry, pytest.raises(RegistryUnavailable, match="because --offline is on"):
        registry.resolve(reference)
    assert server.requests == []


@pytest.fixture
def pushed(server: StandIn) -> Iterator[StandIn]:
    server.answer(f"PUT {PATH}", Reply(status=201, headers=_digest(IMAGE.digest)))
    yield server


def test_a_manifest_is_written_as_it_is(pushed: StandIn, registry: Registry, reference: Reference) -> None:
    assert registry.push_manifest(reference, IMAGE.manifest, MANIFEST) == described(IMAGE.manifest, MANIFEST)
    (asked,) = pushed.asked(f"PUT {PATH}")
    assert (asked.body, asked.headers["content-type"]) == (IMAGE.manifest, MANIFEST)


def test_a_registry_that_keeps_something_else_is_found_out(
    pushed: StandIn, registry: Registry, reference: Reference
) -> None:
    with pytest.raises(IntegrityError, match="the registry says"):
        registry.push_manifest(reference, ARM.manifest, MANIFEST)


def test_a_manifest_goes_under_its_own_digest_only(server: StandIn, registry: Registry, reference: Reference) -> None:
    with pytest.raises(IntegrityError):
        registry.push_manifest(reference.at(ARM.digest), IMAGE.manifest, MANIFEST)
    server.answer(f"PUT /v2/team/app/manifests/{IMAGE.digest}", Reply(status=201))
    registry.push_manifest(reference.at(IMAGE.digest), IMAGE.manifest, MANIFEST)
    assert [request.line for request in server.requests if request.method == "PUT"] == [
        f"PUT /v2/team/app/manifests/{IMAGE.digest}"
    ]


def test_a_write_is_not_sent_on(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"PUT {PATH}", Reply(status=307, headers={"Location": "/elsewhere"}))
    with pytest.raises(RegistryUnavailable, match="a PUT is redirected to /elsewhere, which is not followed"):
        registry.push_manifest(reference, IMAGE.manifest, MANIFEST)
