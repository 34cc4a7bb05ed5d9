from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, SettingsError
from resolver.transport import Transport, refuse_literal_secret
from tests.loopback import Loopback, Reply, loopback

SECRET = "s3cret/With:Colon"
ENVIRON = {"SB_USER": "ada", "SB_TOKEN": SECRET}
BASIC = "Basic " + base64.b64encode(f"ada:{SECRET}".encode()).decode()


@pytest.fixture
def other() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


def with_credentials(url: str, userinfo: str = "${SB_USER}:${SB_TOKEN}") -> str:
    return url.replace("://", f"://{userinfo}@")


def test_variables_are_expanded_and_sent_as_basic(server: Loopback) -> None:
    server.answer("/x", Reply(body=b"ok"))
    response = Transport(environ=ENVIRON).get(with_credentials(f"{server.url}/x"))
    assert server.requests[0].headers["authorization"] == BASIC
    assert response.url == f"{server.url}/x"


def test_they_serve_the_whole_origin_afterwards(server: Loopback) -> None:
    server.answer("/*", Reply(body=b"ok"))
    transport = Transport(environ=ENVIRON)
    transport.remember_credentials(with_credentials(f"{server.url}/simple/"))
    transport.get(f"{server.url}/files/x.whl")
    assert server.requests[0].headers["authorization"] == BASIC


def test_a_variable_that_is_not_set_is_named(server: Loopback) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        Transport(environ={"SB_USER": "ada"}).get(with_credentials(f"{server.url}/x"))
    assert caught.value.message == (
        f"{server.url}/x: its credentials need the environment variable SB_TOKEN, which is not set"
    )
    assert server.requests == []


def test_a_redirect_to_another_host_takes_none_along(server: Loopback, other: Loopback) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": f"{other.url}/y"}))
    other.answer("/y", Reply(body=b"ok"))
    assert Transport(environ=ENVIRON).get(with_credentials(f"{server.url}/x")).body == b"ok"
    assert server.requests[0].headers["authorization"] == BASIC
    assert "authorization" not in other.requests[0].headers


def test_a_redirect_cannot_plant_credentials(server: Loopback, other: Loopback) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": with_credentials(f"{other.url}/y", "eve:pw")}))
    other.answer("/y", Reply(body=b"ok"))
    assert Transport(environ=ENVIRON).get(f"{server.url}/x").url == f"{other.url}/y"
    assert "authorization" not in other.requests[0].headers


def test_a_redirect_within_the_host_keeps_them(server: Loopback) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": "/y"}))
    server.answer("/y", Reply(body=b"ok"))
    Transport(environ=ENVIRON).get(with_credentials(f"{server.url}/x"))
    assert [request.headers["authorization"] for request in server.requests] == [BASIC, BASIC]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=403),
        Reply(status=503),
        Reply(body=b"0123", cut=2),
        Reply(status=302, headers={"Location": "/x"}),
        Reply(status=302, headers={"Location": "ftp://u:p@a.example.org/x"}),
    ],
    ids=["refused", "fault", "broken off", "loop", "elsewhere"],
)
def test_no_message_holds_a_secret(server: Loopback, reply: Reply) -> None:
    server.answer("/x", reply)
    transport = Transport(environ=ENVIRON, retries=0)
    for userinfo in ("${SB_USER}:${SB_TOKEN}", "ada:s3cret%2FWith%3AColon"):
        with pytest.raises(IndexUnavailable) as caught:
            transport.get(with_credentials(f"{server.url}/x", userinfo))
        told = f"{caught.value.message} {caught.value.hint} {caught.value!r} {caught.value.__cause__!r}"
        assert server.url in told
        for secret in (SECRET, "s3cret", BASIC, "ada", "u:p@"):
            assert secret not in told


def test_netrc_is_asked_where_the_url_says_nothing(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password s3cret\n")
    (tmp_path / "default").write_text("default login ada password s3cret\n")
    server.answer("/x", Reply(body=b"ok"))
    expected = "Basic " + base64.b64encode(b"ada:s3cret").decode()
    for environ in ({"HOME": str(tmp_path)}, {"NETRC": str(tmp_path / ".netrc")}):
        Transport(environ=environ).get(f"{server.url}/x")
    for environ in ({"HOME": str(tmp_path / "elsewhere")}, {"NETRC": str(tmp_path / "default")}, {}):
        Transport(environ=environ).get(f"{server.url}/x")
    sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == [expected, expected, None, None, None]


def test_a_netrc_that_is_none_is_named_without_its_content(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    path.write_text("machine a.example.org login ada password\nhunter2 hunter3\n")
    with pytest.raises(SettingsError) as caught:
        Transport(environ={"NETRC": str(path)}).get(f"{server.url}/x")
    assert caught.value.message.startswith(f"{path}:")
    assert "hunter" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("userinfo", ["u:secret", "secret", "${U}:secret", ":secret", "u:x${T}"])
def test_a_secret_in_clear_is_refused_without_being_told(userinfo: str) -> None:
    with pytest.raises(SettingsError) as caught:
        refuse_literal_secret(f"https://{userinfo}@a.example.org/simple/")
    assert caught.value.message == "https://a.example.org/simple/: the URL holds a password or token in clear"


@pytest.mark.parametrize("userinfo", ["", "${TOKEN}@", "${U}:${T}@", "__token__:${T}@"])
def test_names_of_variables_are_no_secrets(userinfo: str) -> None:
    refuse_literal_secret(f"https://{userinfo}a.example.org/simple/")
