"""Rules of the settings, tokens, keyring, client certificates and tunnels: who is shown what."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from resolver.errors import IndexUnavailable, SettingsError
from resolver.transport import AuthenticationRule, Transport
from tests.loopback import Loopback, Reply, loopback
from tests.transport.connect_proxy import connect_proxy

SECRET = "hunter2-S3CRET"
ENVIRON = {"SB_TOKEN": SECRET}


def test_the_longest_prefix_that_covers_a_url_wins(server: Loopback) -> None:
    server.answer("/*", Reply(body=b"ok"))
    rules = (
        AuthenticationRule(prefix=server.url, token="${SB_TOKEN}"),
        AuthenticationRule(prefix=f"{server.url}/a/b", header="X-Key", value="Token ${SB_TOKEN}"),
    )
    transport = Transport(environ=ENVIRON, rules=rules)
    for path in ("/a/b", "/a/b/c?x=1", "/a/bc", "/"):
        transport.get(server.url + path)
    shown = [(r.headers.get("authorization"), r.headers.get("x-key")) for r in server.requests]
    bearer, key = (f"Bearer {SECRET}", None), (None, f"Token {SECRET}")
    assert shown == [key, key, bearer, bearer]


def test_a_rule_is_for_its_port_and_scheme_alone(server: Loopback) -> None:
    server.answer("/*", Reply(body=b"ok"))
    rules = (
        AuthenticationRule(prefix=server.url[:-1], token="${SB_TOKEN}"),
        AuthenticationRule(prefix=server.url.replace("http:", "https:"), token="${SB_TOKEN}"),
    )
    Transport(environ=ENVIRON, rules=rules).get(f"{server.url}/x")
    assert "authorization" not in server.requests[0].headers


def test_a_rule_comes_before_the_url_and_that_before_netrc(server: Loopback, tmp_path: Path) -> None:
    server.answer("/*", Reply(body=b"ok"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login netrc password netrc-password\n")
    environ = {**ENVIRON, "NETRC": str(tmp_path / "netrc")}
    rules = (AuthenticationRule(prefix=f"{server.url}/ruled", token="${SB_TOKEN}"),)
    transport = Transport(environ=environ, rules=rules)
    transport.get(f"{server.url}/x")
    transport.remember_credentials(server.url.replace("://", "://ada:${SB_TOKEN}@"))
    transport.get(f"{server.url}/x")
    transport.get(f"{server.url}/ruled/x")
    shown = [request.headers["authorization"] for request in server.requests]
    assert shown == [_basic("netrc:netrc-password"), _basic(f"ada:{SECRET}"), f"Bearer {SECRET}"]


def _basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def test_a_netrc_entry_does_not_follow_a_redirect_to_another_host(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine localhost login ada password netrc-password\n")
    named = server.url.replace("127.0.0.1", "localhost")
    server.answer("/x", Reply(status=302, headers={"Location": f"{server.url}/y"}))
    server.answer("/y", Reply(body=b"ok"))
    assert Transport(environ={"NETRC": str(tmp_path / "netrc")}).get(f"{named}/x").url == f"{server.url}/y"
    assert [r.headers.get("authorization") for r in server.requests] == [_basic("ada:netrc-password"), None]


# ------------------------------------------------------------------------------------- tokens in the path


def test_a_token_is_asked_with_and_never_told(server: Loopback) -> None:
    server.answer(f"/t/{SECRET}/main/x", Reply(body=b"ok"))
    server.answer("/*", Reply(status=403))
    transport = Transport(environ=ENVIRON)
    assert transport.get(f"{server.url}/t/${{SB_TOKEN}}/main/x").url == f"{server.url}/main/x"
    assert transport.get(f"{server.url}/main/x").body == b"ok"
    for path in ("/main/y", "/mainly/x"):
        with pytest.raises(IndexUnavailable) as caught:
            transport.get(server.url + path)
        assert caught.value.message == f"{server.url}{path}: answered 403"
    assert server.paths == [f"/t/{SECRET}/main/x"] * 2 + [f"/t/{SECRET}/main/y", "/mainly/x"]


def test_a_redirect_that_repeats_the_token_stays_on_its_server_and_untold(server: Loopback) -> None:
    server.answer(f"/t/{SECRET}/main/x", Reply(status=302, headers={"Location": f"/t/{SECRET}/other/x"}))
    server.answer(f"/t/{SECRET}/other/x", Reply(body=b"ok"))
    response = Transport(environ=ENVIRON).get(f"{server.url}/t/${{SB_TOKEN}}/main/x")
    assert (response.body, response.url) == (b"ok", f"{server.url}/other/x")


def test_a_redirect_that_carries_the_token_to_another_server_is_refused(server: Loopback) -> None:
    with loopback() as other:
        target = f"{other.url}/t/{SECRET}/main/x"
        server.answer("/*", Reply(status=302, headers={"Location": target}))
        with pytest.raises(IndexUnavailable, match="carries credentials elsewhere is refused") as caught:
            Transport(environ=ENVIRON).get(f"{server.url}/t/${{SB_TOKEN}}/main/x")
        assert SECRET not in str(caught.value)
        assert other.requests == []


def test_the_signature_of_a_redirect_is_not_told(server: Loopback) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": "/y?X-Signature=opens-the-file"}))
    server.answer("/y?X-Signature=opens-the-file", Reply(status=403))
    with pytest.raises(IndexUnavailable) as caught:
        Transport().get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/y: answered 403"


def test_a_value_that_cannot_stand_in_a_header_is_not_told(server: Loopback) -> None:
    rules = (AuthenticationRule(prefix=server.url, token="${SB_TOKEN}"),)
    with pytest.raises(IndexUnavailable, match="SB_TOKEN holds a line end") as caught:
        Transport(environ={"SB_TOKEN": f"{SECRET}\r\nX-Evil: 1"}, rules=rules).get(f"{server.url}/x")
    assert SECRET not in str(caught.value)


# ------------------------------------------------------------------------------------------------ keyring


def test_keyring_is_asked_for_the_prefix_then_the_server_and_once(server: Loopback, tmp_path: Path) -> None:
    log, host = tmp_path / "log", server.url.removeprefix("http://")
    command = tmp_path / "keyring"
    command.write_text(f'#!/bin/sh\necho "$*" >> {log}\n[ "$2" = "{host}" ] && echo {SECRET}\n')
    command.chmod(0o755)
    server.answer("/*", Reply(body=b"ok"))
    rules = (AuthenticationRule(prefix=f"{server.url}/simple", user="ada"),)
    transport = Transport(environ={"PATH": f"{tmp_path}:/bin:/usr/bin"}, rules=rules, keyring=True)
    for _ in range(2):
        transport.get(f"{server.url}/simple/x")
    assert [r.headers["authorization"] for r in server.requests] == [_basic(f"ada:{SECRET}")] * 2
    assert log.read_text().splitlines() == [f"get {s} ada" for s in (f"{server.url}/simple", server.url, host)]


def test_keyring_is_not_asked_unless_the_settings_say_so(server: Loopback) -> None:
    server.answer("/*", Reply(body=b"ok"))
    transport = Transport(environ={"SB_USER": "ada", "PATH": "/nowhere"})
    transport.get(f"{server.url.replace('://', '://${SB_USER}@')}/x")
    assert server.requests[0].headers["authorization"] == _basic("ada:")


# ------------------------------------------------------------------------------------ client certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A server that asks for a certificate of its own authority."""

    server: Loopback
    authority: Path
    certificate: Path

    @property
    def environ(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.authority)}

    @property
    def port(self) -> int:
        return int(self.server.url.rpartition(":")[2])


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost", "index.example.org").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("ada@example.org").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    with loopback(context) as running:
        running.answer("/*", Reply(body=b"ok"))
        yield Guarded(server=running, authority=tmp_path / "ca.pem", certificate=tmp_path / "client.pem")


def test_a_client_certificate_is_shown_to_the_server_it_is_for(guarded: Guarded) -> None:
    rules = (AuthenticationRule(prefix=guarded.server.url, client_certificate=str(guarded.certificate)),)
    transport = Transport(environ=guarded.environ, rules=rules, backoff=0.0, retries=0)
    assert transport.get(f"{guarded.server.url}/x").body == b"ok"
    assert transport.is_private(f"{guarded.server.url}/x")
    with pytest.raises(IndexUnavailable):
        transport.get(f"{guarded.server.url.replace('127.0.0.1', 'localhost')}/x")
    assert guarded.server.paths == ["/x"]


def test_ssl_client_cert_is_shown_to_whoever_asks(guarded: Guarded) -> None:
    environ = {**guarded.environ, "SSL_CLIENT_CERT": str(guarded.certificate)}
    assert Transport(environ=environ).get(f"{guarded.server.url}/x").body == b"ok"


def test_a_certificate_and_a_token_go_together(guarded: Guarded) -> None:
    rules = (
        AuthenticationRule(prefix=guarded.server.url, token="${SB_TOKEN}", client_certificate=str(guarded.certificate)),
    )
    Transport(environ={**guarded.environ, **ENVIRON}, rules=rules).get(f"{guarded.server.url}/x")
    assert guarded.server.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_named(guarded: Guarded, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.pem"
    if content is not None:
        path.write_bytes(content)
    environ = {**guarded.environ, "SSL_CLIENT_CERT": str(path)}
    with pytest.raises(SettingsError, match=f"{path}: cannot be used as a client certificate"):
        Transport(environ=environ).get(f"{guarded.server.url}/x")


# ------------------------------------------------------------------------------------------------- tunnels


def test_https_goes_through_a_proxy_that_tunnels_and_the_proxy_sees_no_token(guarded: Guarded) -> None:
    rules = (
        AuthenticationRule(
            prefix="https://index.example.org", token="${SB_TOKEN}", client_certificate=str(guarded.certificate)
        ),
    )
    with connect_proxy(guarded.port, password=_basic("proxy:proxy-password")) as proxy:
        place = proxy.url.replace("://", "://proxy:proxy-password@")
        transport = Transport(environ={**guarded.environ, **ENVIRON, "HTTPS_PROXY": place}, rules=rules)
        assert transport.get("https://index.example.org/x").body == b"ok"
        transport.close()
    assert proxy.asked == [("index.example.org:443", _basic("proxy:proxy-password"))]
    shown = guarded.server.requests[0].headers
    assert shown["authorization"] == f"Bearer {SECRET}"
    assert "proxy-authorization" not in shown


def test_a_proxy_that_refuses_is_told_without_its_password(guarded: Guarded) -> None:
    with connect_proxy(guarded.port, password=_basic("proxy:another")) as proxy:
        place = proxy.url.replace("://", "://proxy:proxy-password@")
        transport = Transport(environ={**guarded.environ, "HTTPS_PROXY": place}, retries=0)
        with pytest.raises(IndexUnavailable, match=r"https://index\.example\.org/x: .*407") as caught:
            transport.get("https://index.example.org/x")
    assert "proxy-password" not in str(caught.value)
