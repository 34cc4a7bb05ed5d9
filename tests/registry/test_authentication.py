"""Who we are: Basic, and the token flow, against a registry that demands it. Secrets stay where they belong."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from resolver.errors import RegistryUnavailable, ResolverError
from resolver.registry import Reference, Registry
from tests.registry.images import MANIFEST, SmallImage, described
from tests.registry.stand_in import Reply, Request, StandIn, stand_in

IMAGE = SmallImage()
PASSWORD = "hunter2-of-ann"
GIVEN = Reply(body=IMAGE.manifest, headers={"Content-Type": MANIFEST})
LINE = "GET /v2/team/app/manifests/1"


def _reference(server: StandIn) -> Reference:
    return Reference.parse(f"{server.host}/team/app:1")


@contextmanager
def _client(folder: Path, auths: dict[str, object], clock: Callable[[], float] = lambda: 0.0) -> Iterator[Registry]:
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    environ = {"DOCKER_CONFIG": str(folder)}
    with Registry(environ=environ, timeout=5.0, retries=1, backoff=0.0, clock=clock) as opened:
        yield opened


def _encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _guarded(accepted: Callable[[str], bool], challenge: str, reply: Reply = GIVEN) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if accepted(request.headers.get("authorization", "")):
            return reply
        return Reply(status=401, headers={"WWW-Authenticate": challenge})

    return answer


def _demand(server: StandIn, **other: str) -> str:
    fields = {"realm": f"{server.url}/token", "service": "the registry", "scope": "repository:team/app:pull", **other}
    return "Bearer " + ",".join(f'{name}="{value}"' for name, value in fields.items())


def _token(text: str, **fields: object) -> Reply:
    return Reply(body=json.dumps({"token": text, **fields}).encode())


def test_a_password_is_shown_once_it_is_demanded(server: StandIn, tmp_path: Path) -> None:
    encoded = _encoded("ann", PASSWORD)
    server.answer(LINE, _guarded(lambda shown: shown == f"Basic {encoded}", 'Basic realm="x"'))
    with _client(tmp_path, {server.host: {"auth": encoded}}) as registry:
        registry.document(_reference(server))
        registry.document(_reference(server))
    assert [r.headers.get("authorization") for r in server.asked(LINE)] == [
        None,
        f"Basic {encoded}",
        f"Basic {encoded}",
    ]


def test_nobody_gets_a_token_too(server: StandIn, registry: Registry) -> None:
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t1", _demand(server)))
    server.answer("GET /token", _token("t1"))
    assert registry.document(_reference(server)).descriptor == described(IMAGE.manifest, MANIFEST)
    (asked,) = server.asked("GET /token")
    assert "authorization" not in asked.headers
    assert asked.query == [
        ("service", "the registry"),
        ("scope", "repository:team/app:pull"),
        ("client_id", "samebox"),
    ]


def test_a_password_goes_to_the_token_server_and_its_token_to_the_registry(server: StandIn, tmp_path: Path) -> None:
    encoded = _encoded("ann", PASSWORD)
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t1", _demand(server)))
    server.answer("GET /token", Reply(body=b'{"access_token": "t1", "expires_in": 300}'))
    with _client(tmp_path, {server.host: {"auth": encoded}}) as registry:
        registry.document(_reference(server))
    assert [r.headers.get("authorization") for r in server.asked(LINE)] == [None, "Bearer t1"]
    assert [r.headers.get("authorization") for r in server.asked("GET /token")] == [f"Basic {encoded}"]


def test_an_identity_token_is_exchanged(server: StandIn, tmp_path: Path) -> None:
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t1", _demand(server)))
    server.answer("POST /token", Reply(body=b'{"access_token": "t1"}'))
    with _client(tmp_path, {server.host: {"identitytoken": "the identity"}}) as registry:
        registry.document(_reference(server))
    (asked,) = server.asked("POST /token")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "service": ["the registry"],
        "client_id": ["samebox"],
        "scope": ["repository:team/app:pull"],
        "refresh_token": ["the identity"],
    }
    assert "authorization" not in asked.headers


def test_a_registry_token_is_shown_as_it_is(server: StandIn, tmp_path: Path) -> None:
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer mine", _demand(server)))
    with _client(tmp_path, {server.host: {"registrytoken": "mine"}}) as registry:
        registry.document(_reference(server))
    assert server.asked("GET /token") == []


def test_a_token_is_used_until_shortly_before_its_end(server: StandIn, tmp_path: Path) -> None:
    now = [1000.0]
    server.answer(LINE, _guarded(lambda shown: shown.startswith("Bearer t"), _demand(server)))
    server.answer("GET /token", _token("t1", expires_in=100), _token("t2", expires_in=100))
    with _client(tmp_path, {}, clock=lambda: now[0]) as registry:
        for now[0] in (1000.0, 1089.0, 1091.0):
            registry.document(_reference(server))
    shown = [r.headers.get("authorization") for r in server.asked(LINE)]
    assert shown == [None, "Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_token_that_is_refused_is_renewed_once(server: StandIn, registry: Registry) -> None:
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t1", _demand(server)))
    server.answer("GET /token", _token("t1"), _token("t2"))
    registry.document(_reference(server))
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t2", _demand(server)))
    registry.document(_reference(server))
    assert len(server.asked("GET /token")) == 2


def test_each_scope_has_its_own_token(server: StandIn, registry: Registry) -> None:
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer pull", _demand(server)))
    put = "PUT /v2/team/app/manifests/1"
    server.answer(put, _guarded(lambda shown: shown == "Bearer push", _demand(server), Reply(status=201)))
    server.answer(
        "GET /token",
        lambda request: _token("push" if ("scope", "repository:team/app:pull,push") in request.query else "pull"),
    )
    registry.document(_reference(server))
    registry.push_manifest(_reference(server), IMAGE.manifest, MANIFEST)
    assert [r.headers.get("authorization") for r in server.asked(put)] == ["Bearer push"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_says_what_to_do(server: StandIn, tmp_path: Path, status: int) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": f"{PASSWORD} is not\nwelcome"}]}).encode()
    challenge = {"WWW-Authenticate": 'Basic realm="x"'}
    encoded = _encoded("ann", PASSWORD)
    server.answer(LINE, Reply(status=status, body=body, headers=challenge))
    with _client(tmp_path, {server.host: {"auth": encoded}}) as known, pytest.raises(RegistryUnavailable) as caught:
        known.document(_reference(server))
    begin, end = f"{server.host} does not accept docker's login for this", f"docker login {server.host} makes a new one"
    assert str(caught.value.hint).startswith(f"{begin}: {end} (")
    assert caught.value.message == f"{server.host}/team/app:1: refused: answered {status}: DENIED: *** is not welcome"
    with Registry(timeout=5.0) as unknown, pytest.raises(RegistryUnavailable) as caught:
        unknown.document(_reference(server))
    assert f"refused: answered {status}" in caught.value.message
    told = f"docker's configuration has no login for {server.host}: docker login {server.host} ("
    assert str(caught.value.hint).startswith(told)


def test_a_helper_is_asked_once(server: StandIn, tmp_path: Path) -> None:
    """It may ask a person to unlock something."""
    helper = tmp_path / "docker-credential-slow"
    answer = '{"Username":"ann","Secret":"pw"}'
    helper.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/log\necho '{answer}'\n")
    helper.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {server.host: "slow"}}))
    server.answer(LINE, _guarded(lambda shown: shown == "Bearer t1", _demand(server)))
    server.answer("PUT /v2/team/app/manifests/1", Reply(status=201))
    server.answer("GET /token", _token("t1"))
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    with Registry(environ=environ, timeout=5.0) as registry:
        registry.document(_reference(server))
        registry.push_manifest(_reference(server), IMAGE.manifest, MANIFEST)
    shown = [request.headers["authorization"] for request in server.asked("GET /token")]
    assert shown == [f"Basic {_encoded('ann', 'pw')}"] * 2
    assert (tmp_path / "log").read_text() == "asked\n"


def test_a_token_server_that_refuses_is_named(server: StandIn, tmp_path: Path) -> None:
    server.answer(LINE, _guarded(lambda _: False, _demand(server)))
    server.answer("GET /token", Reply(status=401))
    with (
        _client(tmp_path, {server.host: {"auth": _encoded("ann", PASSWORD)}}) as registry,
        pytest.raises(RegistryUnavailable) as caught,
    ):
        registry.document(_reference(server))
    assert f"{server.url}/token gives no token (answered 401)" in caught.value.message
    assert PASSWORD not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(body=b"secret-token"), "not the JSON of a token"),
        (Reply(body=b"{}"), "is empty"),
        (Reply(body=json.dumps({"token": "secret-token\r\nX: y"}).encode()), "holds spaces or controls"),
        (Reply(status=500), "answered 500 (2 attempts)"),
        (Reply(body=b'{"token": "secret-token"}', cut=5), "broke off"),
    ],
)
def test_a_token_server_that_talks_nonsense(server: StandIn, tmp_path: Path, reply: Reply, message: str) -> None:
    server.answer(LINE, _guarded(lambda _: False, _demand(server)))
    server.answer("GET /token", reply)
    with _client(tmp_path, {}) as registry, pytest.raises(RegistryUnavailable) as caught:
        registry.document(_reference(server))
    assert message in caught.value.message
    assert "secret-token" not in caught.value.message


@pytest.mark.parametrize("realm", ["http://auth.example.org/token", "ftp://x/", "", "/token", "https://"])
def test_a_password_is_not_sent_in_clear(server: StandIn, tmp_path: Path, realm: str) -> None:
    server.answer(LINE, _guarded(lambda _: False, _demand(server, realm=realm)))
    with (
        _client(tmp_path, {server.host: {"auth": _encoded("ann", PASSWORD)}}) as registry,
        pytest.raises(RegistryUnavailable, match="place for tokens is not https"),
    ):
        registry.document(_reference(server))


@pytest.mark.parametrize("challenge", ["", "Negotiate", "Digest realm=x"])
def test_a_demand_that_cannot_be_met_is_told(server: StandIn, registry: Registry, challenge: str) -> None:
    server.answer(LINE, Reply(status=401, headers={"WWW-Authenticate": challenge}))
    with pytest.raises(RegistryUnavailable, match="where Basic or Bearer was expected"):
        registry.document(_reference(server))


def test_credentials_do_not_follow_a_redirect(server: StandIn, tmp_path: Path) -> None:
    """Blobs often lie elsewhere, behind a signed URL."""
    line = f"GET /v2/team/app/blobs/{described(IMAGE.layer, 'x').digest}"
    encoded = _encoded("ann", PASSWORD)
    with stand_in() as storage, _client(tmp_path, {server.host: {"auth": encoded}}) as registry:
        moved = Reply(status=307, headers={"Location": f"{storage.url}/there?signature=s3cr3t"})
        server.answer(line, _guarded(lambda shown: shown == f"Basic {encoded}", 'Basic realm="x"', moved))
        storage.answer("GET /there", Reply(body=IMAGE.layer))
        assert registry.read_blob(_reference(server), described(IMAGE.layer, "x")) == IMAGE.layer
        (asked,) = storage.asked("GET /there")
        assert "authorization" not in asked.headers
        assert ("signature", "s3cr3t") in asked.query
        storage.answer("GET /there", Reply(status=403))
        with pytest.raises(RegistryUnavailable) as caught:
            registry.read_blob(_reference(server), described(IMAGE.layer, "x"))
        assert "s3cr3t" not in caught.value.message


def test_a_redirect_that_takes_a_secret_along_is_refused(server: StandIn, tmp_path: Path) -> None:
    encoded = _encoded("ann", PASSWORD)
    moved = Reply(status=307, headers={"Location": f"http://localhost:1/?stolen={PASSWORD}"})
    server.answer(LINE, _guarded(lambda shown: shown == f"Basic {encoded}", 'Basic realm="x"', moved))
    with (
        _client(tmp_path, {server.host: {"auth": encoded}}) as registry,
        pytest.raises(ResolverError, match="carries credentials elsewhere") as caught,
    ):
        registry.document(_reference(server))
    assert PASSWORD not in caught.value.message
