"""What refers to an image, by the API of the specification and by the tag that stands in for it."""

from __future__ import annotations

import json

import pytest

from resolver.errors import RegistryUnavailable
from resolver.registry import Descriptor, Reference, Registry, descriptor_of
from tests.registry.images import INDEX, MANIFEST, SmallImage, described, digest_of
from tests.registry.stand_in import Reply, Request, StandIn

IMAGE = SmallImage()
LOCK = "application/vnd.example.lock"
API = f"/v2/team/app/referrers/{IMAGE.digest}"
TAG = f"/v2/team/app/manifests/{IMAGE.digest.replace(':', '-')}"


@pytest.fixture
def reference(server: StandIn) -> Reference:
    return Reference.parse(f"{server.host}/team/app:1").at(IMAGE.digest)


def _entry(text: str, artifact_type: str) -> dict[str, object]:
    content = text.encode()
    return {"mediaType": MANIFEST, "digest": digest_of(content), "size": len(content), "artifactType": artifact_type}


def _listing(*entries: dict[str, object], **headers: str) -> Reply:
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    return Reply(body=body, headers={"Content-Type": INDEX, **headers})


def _digests(found: tuple[Descriptor, ...]) -> list[str]:
    return [entry.digest for entry in found]


def test_the_api_is_asked_with_the_type(server: StandIn, registry: Registry, reference: Reference) -> None:
    """A registry need not filter by it."""
    server.answer(f"GET {API}", _listing(_entry("a", LOCK), _entry("b", "x/y")))
    assert _digests(registry.referrers(reference, LOCK)) == [digest_of(b"a")]
    assert server.asked(f"GET {API}")[0].query == [("artifactType", LOCK)]
    assert _digests(registry.referrers(reference)) == [digest_of(b"a"), digest_of(b"b")]


def test_all_pages_are_read(server: StandIn, registry: Registry, reference: Reference) -> None:
    following = {"Link": f'<{API}?page=2>; rel="next"'}
    server.answer(f"GET {API}", _listing(_entry("a", LOCK), **following), _listing(_entry("b", LOCK)))
    assert _digests(registry.referrers(reference)) == [digest_of(b"a"), digest_of(b"b")]
    assert server.asked(f"GET {API}")[1].query == [("page", "2")]


def test_pages_without_end_are_not_read(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"GET {API}", _listing(Link=f"<{API}>; rel=next"))
    with pytest.raises(RegistryUnavailable, match="more than 100 pages"):
        registry.referrers(reference)


def test_a_tag_is_resolved_first(server: StandIn, registry: Registry, reference: Reference) -> None:
    head = Reply(headers={"Content-Type": MANIFEST, "Docker-Content-Digest": IMAGE.digest}, length=len(IMAGE.manifest))
    server.answer("HEAD /v2/team/app/manifests/1", head)
    server.answer(f"GET {API}", _listing())
    assert registry.referrers(reference.tagged("1")) == ()


def test_without_the_api_the_tag_has_them(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"GET {TAG}", _listing(_entry("a", LOCK), _entry("b", "x/y")))
    assert _digests(registry.referrers(reference, LOCK)) == [digest_of(b"a")]


def test_neither_api_nor_tag_is_nothing(registry: Registry, reference: Reference) -> None:
    assert registry.referrers(reference) == ()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(body=b"<html>", headers={"Content-Type": INDEX}),
        Reply(body=IMAGE.manifest, headers={"Content-Type": MANIFEST}),
    ],
)
def test_an_answer_that_is_no_list_is_refused(
    server: StandIn, registry: Registry, reference: Reference, reply: Reply
) -> None:
    server.answer(f"GET {API}", reply)
    with pytest.raises(RegistryUnavailable):
        registry.referrers(reference)
    server.answer(f"GET {API}", Reply(status=404))
    server.answer(f"GET {TAG}", reply)
    with pytest.raises(RegistryUnavailable):
        registry.referrers(reference)


class Writable:
    """Blobs and manifests of ``team/app`` can be written; ``index`` is what the tag has."""

    def __init__(self, server: StandIn, *, api: bool) -> None:
        self.manifests: list[bytes] = []
        self.index: Reply = Reply(status=404)
        head = Reply(headers={"Content-Type": MANIFEST, "Docker-Content-Digest": IMAGE.digest}, length=501)
        server.answer(f"HEAD /v2/team/app/manifests/{IMAGE.digest}", head)
        for content in (b"{}", b"the lock"):
            server.answer(f"HEAD /v2/team/app/blobs/{digest_of(content)}", Reply())
        self.subject = {"OCI-Subject": IMAGE.digest} if api else {}
        server.answer(f"PUT {TAG}", self.write_index)
        server.answer(f"GET {TAG}", lambda _: self.index)
        self.server = server

    def accept(self, digest: str) -> None:
        self.server.answer(f"PUT /v2/team/app/manifests/{digest}", self.write)

    def write(self, request: Request) -> Reply:
        self.manifests.append(request.body)
        return Reply(status=201, headers=self.subject)

    def write_index(self, request: Request) -> Reply:
        self.index = Reply(body=request.body, headers={"Content-Type": request.headers["content-type"]})
        return Reply(status=201)


EXPECTED = (
    b'{"annotations":{"org.example.key":"value"},"artifactType":"application/vnd.example.lock",'
    b'"config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",'
    b'"mediaType":"application/vnd.oci.empty.v1+json","size":2},'
    b'"layers":[{"digest":"sha256:%s","mediaType":"text/plain","size":8}],'
    b'"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2,'
    b'"subject":{"digest":"%s","mediaType":"application/vnd.oci.image.manifest.v1+json","size":501}}'
) % (digest_of(b"the lock")[7:].encode(), IMAGE.digest.encode())


def _attach(registry: Registry, reference: Reference) -> Descriptor:
    return registry.attach(
        reference,
        artifact_type=LOCK,
        contents=((b"the lock", descriptor_of(b"the lock", "text/plain")),),
        annotations={"org.example.key": "value"},
    )


def test_an_artifact_is_attached_where_the_registry_lists_it(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    world = Writable(server, api=True)
    world.accept(digest_of(EXPECTED))
    attached = _attach(registry, reference)
    assert world.manifests == [EXPECTED]
    assert attached.digest == described(EXPECTED, MANIFEST).digest
    assert (attached.artifact_type, attached.annotations) == (LOCK, (("org.example.key", "value"),))
    assert f"PUT {TAG}" not in server.lines


def test_an_artifact_is_entered_behind_the_tag_once(server: StandIn, registry: Registry, reference: Reference) -> None:
    world = Writable(server, api=False)
    world.accept(digest_of(EXPECTED))
    world.index = _listing(_entry("a", "x/y"))
    attached = _attach(registry, reference)
    assert _digests(registry.referrers(reference)) == [digest_of(b"a"), attached.digest]
    assert registry.referrers(reference, LOCK) == (attached,)
    assert _attach(registry, reference) == attached
    assert len(server.asked(f"PUT {TAG}")) == 1


def test_an_entry_that_another_process_overwrites_is_entered_again(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    world = Writable(server, api=False)
    world.accept(digest_of(EXPECTED))
    overwritten = [True]

    def write(request: Request) -> Reply:
        if overwritten:
            overwritten.pop()
            world.index = _listing(_entry("another", LOCK))
            return Reply(status=201)
        return world.write_index(request)

    server.answer(f"PUT {TAG}", write)
    attached = _attach(registry, reference)
    assert _digests(registry.referrers(reference)) == [digest_of(b"another"), attached.digest]


def test_an_entry_that_does_not_stay_is_told(server: StandIn, registry: Registry, reference: Reference) -> None:
    world = Writable(server, api=False)
    world.accept(digest_of(EXPECTED))
    server.answer(f"PUT {TAG}", Reply(status=201))
    with pytest.raises(RegistryUnavailable, match="was entered 3 times, and is not there"):
        _attach(registry, reference)
