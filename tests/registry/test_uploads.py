"""Blobs to registries: mounts, whole or in chunks, places near and far, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resolver.errors import IntegrityError, RegistryUnavailable, ResolverError
from resolver.registry import Reference, Registry
from tests.registry.images import LAYER, described
from tests.registry.stand_in import Reply, Request, StandIn, stand_in

CONTENT = bytes(range(256)) * 40
BLOB = described(CONTENT, LAYER)
BEGIN = "POST /v2/team/app/blobs/uploads/"
DONE = Reply(status=201, headers={"Docker-Content-Digest": BLOB.digest})


@pytest.fixture
def reference(server: StandIn) -> Reference:
    return Reference.parse(f"{server.host}/team/app:1")


@pytest.fixture
def chunked() -> Iterator[Registry]:
    with Registry(timeout=5.0, retries=2, backoff=0.0, chunk_size=4000) as opened:
        yield opened


def _begun(place: str, **headers: str) -> Reply:
    return Reply(status=202, headers={"Location": place, **headers})


class Upload:
    """The registry's side of an upload in chunks at ``/up``; ``faults`` are answers to its PATCHes, taken in turn, in
    the place of taking the chunk (``None`` takes it)."""

    def __init__(self, server: StandIn, *faults: Reply | None, lose_answer: bool = False) -> None:
        self.content = b""
        self.faults = list(faults)
        self.lose_answer = lose_answer
        server.answer(BEGIN, _begun("/up?state=0"))
        server.answer("PATCH /up", self.take)
        server.answer("GET /up", lambda _: self.told(204))
        server.answer("PUT /up", DONE)

    def take(self, request: Request) -> Reply:
        fault = self.faults.pop(0) if self.faults else None
        first = int(request.headers["content-range"].partition("-")[0])
        if fault is None or self.lose_answer:
            if first != len(self.content):
                return self.told(416)
            self.content += request.body
        return fault or self.told(202)

    def told(self, status: int) -> Reply:
        last = max(0, len(self.content) - 1)
        return Reply(status=status, headers={"Location": f"/up?state={len(self.content)}", "Range": f"0-{last}"})


def test_what_is_there_is_not_sent(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(f"HEAD /v2/team/app/blobs/{BLOB.digest}", Reply(length=len(CONTENT)))
    assert registry.push_blob(reference, CONTENT, BLOB) == "present"
    assert BEGIN not in server.lines


@pytest.mark.parametrize("place", ["/up?state=a%2Fb", "{url}/up?state=a%2Fb", "../../../../../up?state=a%2Fb"])
def test_a_blob_goes_in_one_request(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path, place: str
) -> None:
    server.answer(BEGIN, _begun(place.format(url=server.url)))
    server.answer("PUT /up", DONE)
    path = tmp_path / "blob"
    path.write_bytes(CONTENT)
    seen: list[int] = []
    assert registry.push_blob(reference, path, BLOB, progress=seen.append) == "uploaded"
    (asked,) = server.asked("PUT /up")
    assert asked.body == CONTENT
    assert asked.query == [("state", "a/b"), ("digest", BLOB.digest)]
    assert asked.headers["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in asked.headers
    assert sum(seen) == len(CONTENT)


def test_a_blob_of_another_repository_is_mounted(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(BEGIN, DONE)
    assert registry.push_blob(reference, CONTENT, BLOB, mount_from="team/base") == "mounted"
    (asked,) = server.asked(BEGIN)
    assert asked.query == [("mount", BLOB.digest), ("from", "team/base")]


def test_a_mount_is_from_a_repository(server: StandIn, registry: Registry, reference: Reference) -> None:
    with pytest.raises(ResolverError, match="not a repository"):
        registry.push_blob(reference, CONTENT, BLOB, mount_from="../base")
    assert server.requests == []


def test_a_mount_that_is_not_made_becomes_an_upload(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(BEGIN, _begun("/up"))
    server.answer("PUT /up", DONE)
    assert registry.push_blob(reference, CONTENT, BLOB, mount_from="team/base") == "uploaded"
    assert (len(server.asked(BEGIN)), server.asked("PUT /up")[0].body) == (1, CONTENT)


def test_a_mount_asks_for_both_repositories(server: StandIn, registry: Registry, reference: Reference) -> None:
    demand = {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'}
    server.answer(BEGIN, Reply(status=401, headers=demand), DONE)
    server.answer("GET /token", Reply(body=b'{"token": "t"}'))
    registry.push_blob(reference, CONTENT, BLOB, mount_from="team/base")
    scopes = [value for name, value in server.asked("GET /token")[0].query if name == "scope"]
    assert scopes == ["repository:team/app:pull,push", "repository:team/base:pull"]


def test_chunks_follow_the_places_that_are_given(server: StandIn, chunked: Registry, reference: Reference) -> None:
    upload = Upload(server)
    seen: list[int] = []
    assert chunked.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert (upload.content, sum(seen)) == (CONTENT, len(CONTENT))
    asked = server.asked("PATCH /up")
    assert [request.headers["content-range"] for request in asked] == ["0-3999", "4000-7999", "8000-10239"]
    assert [request.query for request in asked] == [[("state", "0")], [("state", "4000")], [("state", "8000")]]
    (last,) = server.asked("PUT /up")
    assert (last.query, last.body) == ([("state", "10240"), ("digest", BLOB.digest)], b"")


def test_a_registry_may_want_larger_chunks(server: StandIn, chunked: Registry, reference: Reference) -> None:
    Upload(server)
    server.answer(BEGIN, _begun("/up", **{"OCI-Chunk-Min-Length": "9000"}))
    chunked.push_blob(reference, CONTENT, BLOB)
    ranges = [request.headers["content-range"] for request in server.asked("PATCH /up")]
    assert ranges == ["0-8999", "9000-10239"]


@pytest.mark.parametrize("lose_answer", [False, True])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_chunk_that_fails_goes_on_where_the_registry_is(
    server: StandIn, chunked: Registry, reference: Reference, position: int, lose_answer: bool
) -> None:
    upload = Upload(server, *[None] * position, Reply(status=502), lose_answer=lose_answer)
    seen: list[int] = []
    assert chunked.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert (upload.content, sum(seen)) == (CONTENT, len(CONTENT))
    assert len(server.asked(BEGIN)) == 1


def test_what_is_too_large_for_one_request_goes_in_chunks(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    upload = Upload(server)
    server.answer("PUT /up", Reply(status=413), DONE)
    seen: list[int] = []
    assert registry.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert (upload.content, sum(seen)) == (CONTENT, len(CONTENT))


@pytest.mark.parametrize("fault", [Reply(status=500), Reply(status=404), Reply(status=201, cut=-1, length=50)])
def test_an_upload_that_fails_begins_anew(
    server: StandIn, registry: Registry, reference: Reference, fault: Reply
) -> None:
    server.answer(BEGIN, _begun("/up"))
    server.answer("PUT /up", fault, DONE)
    seen: list[int] = []
    with Registry(timeout=1.0, retries=2, backoff=0.0) as quick:
        assert quick.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert len(server.asked(BEGIN)) == 2
    assert sum(seen) == len(CONTENT)


def test_an_upload_whose_answer_is_lost_is_not_sent_again(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    line = f"HEAD /v2/team/app/blobs/{BLOB.digest}"
    server.answer(line, Reply(status=404), Reply(length=len(CONTENT)))
    server.answer(BEGIN, _begun("/up"))
    server.answer("PUT /up", Reply(status=504))
    seen: list[int] = []
    assert registry.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert (len(server.asked("PUT /up")), sum(seen)) == (1, len(CONTENT))


def test_an_upload_that_fails_always_is_told(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(BEGIN, _begun("/up?state=secret"))
    body = b'{"errors": [{"code": "UNKNOWN", "message": "no space left on device"}]}'
    server.answer("PUT /up", Reply(status=500, body=body))
    with pytest.raises(RegistryUnavailable) as caught:
        registry.push_blob(reference, CONTENT, BLOB)
    told = f"{server.url}/up: answered 500: UNKNOWN: no space left on device (3 attempts)"
    assert caught.value.message == f"{server.host}/team/app@{BLOB.digest}: {told}"


def test_a_refused_upload_is_not_tried_again(server: StandIn, registry: Registry, reference: Reference) -> None:
    server.answer(BEGIN, _begun("/up"))
    body = b'{"errors": [{"code": "DIGEST_INVALID", "message": "it differs"}]}'
    server.answer("PUT /up", Reply(status=400, body=body))
    with pytest.raises(RegistryUnavailable, match="answered 400: DIGEST_INVALID: it differs"):
        registry.push_blob(reference, CONTENT, BLOB)
    assert len(server.asked("PUT /up")) == 1


def test_the_password_is_asked_for_in_the_middle(server: StandIn, registry: Registry, reference: Reference) -> None:
    """The body is sent from its start again."""
    demand = Reply(status=401, headers={"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})
    server.answer(BEGIN, _begun("/up"))
    server.answer("PUT /up", demand, DONE)
    server.answer("GET /token", Reply(body=b'{"token": "t"}'))
    seen: list[int] = []
    assert registry.push_blob(reference, CONTENT, BLOB, progress=seen.append) == "uploaded"
    assert [request.body for request in server.asked("PUT /up")] == [CONTENT, CONTENT]
    assert sum(seen) == len(CONTENT)


def test_an_upload_elsewhere_gets_no_credentials(server: StandIn, registry: Registry, reference: Reference) -> None:
    demand = Reply(status=401, headers={"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})
    server.answer("GET /token", Reply(body=b'{"token": "t"}'))
    with stand_in() as storage:
        server.answer(BEGIN, demand, _begun(f"{storage.url}/up"))
        storage.answer("PUT /up", DONE)
        assert registry.push_blob(reference, CONTENT, BLOB) == "uploaded"
        (asked,) = storage.asked("PUT /up")
        assert "authorization" not in asked.headers


def test_what_is_not_as_described_is_not_sent(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(CONTENT[:-1] + b"x")
    for content in (path, CONTENT[:-1], b""):
        with pytest.raises(IntegrityError, match="what is to be pushed"):
            registry.push_blob(reference, content, BLOB)
    with pytest.raises(ResolverError, match="missing: cannot be read: No such file"):
        registry.push_blob(reference, tmp_path / "missing", BLOB)
    assert BEGIN not in server.lines


def test_a_file_that_shrinks_while_it_is_sent(
    server: StandIn, registry: Registry, reference: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(CONTENT)
    server.answer(BEGIN, _truncating(path))
    server.answer("PUT /up", DONE)
    with pytest.raises(ResolverError, match="has become shorter while it was sent"):
        registry.push_blob(reference, path, BLOB)


def _truncating(path: Path) -> Callable[[Request], Reply]:
    def answer(_: Request) -> Reply:
        path.write_bytes(CONTENT[:100])
        return _begun("/up")

    return answer


@pytest.mark.parametrize("place", ["", "ftp://localhost/up", "http://a:b@localhost/up"])
def test_a_place_that_is_none_is_told(server: StandIn, registry: Registry, reference: Reference, place: str) -> None:
    server.answer(BEGIN, _begun(place))
    with pytest.raises(RegistryUnavailable, match="names a place that is not an http"):
        registry.push_blob(reference, CONTENT, BLOB)


def test_a_registry_that_keeps_something_else_is_found_out(
    server: StandIn, registry: Registry, reference: Reference
) -> None:
    other = Reply(status=201, headers={"Docker-Content-Digest": described(b"x", LAYER).digest})
    server.answer(BEGIN, _begun("/up"))
    server.answer("PUT /up", other)
    with pytest.raises(IntegrityError, match="the registry says that it has kept"):
        registry.push_blob(reference, CONTENT, BLOB)
