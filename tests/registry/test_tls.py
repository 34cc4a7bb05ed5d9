"""Which registries are asked over TLS, and which may do without."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from resolver.errors import RegistryUnavailable
from resolver.registry import Reference, Registry
from resolver.registry.wire import Wire
from tests.registry.images import MANIFEST, SmallImage
from tests.registry.stand_in import Reply, StandIn, stand_in

IMAGE = SmallImage()
GIVEN = Reply(body=IMAGE.manifest, headers={"Content-Type": MANIFEST})
LINE = "GET /v2/app/manifests/1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_local_registry_with_tls_is_asked_over_tls(
    authority: trustme.CA, context: ssl.SSLContext, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    environ = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    with stand_in(context) as server, Registry(environ=environ, timeout=5.0, retries=0) as registry:
        server.answer(LINE, GIVEN)
        assert registry.document(Reference.parse(f"{server.host}/app:1")).content == IMAGE.manifest


def test_a_certificate_that_is_not_trusted_is_no_reason_to_do_without(context: ssl.SSLContext) -> None:
    with (
        stand_in(context) as server,
        Registry(insecure=[], timeout=5.0, retries=0) as registry,
        pytest.raises(RegistryUnavailable) as caught,
    ):
        registry.document(Reference.parse(f"{server.host}/app:1"))
    assert f"https://{server.host}/v2/app/manifests/1: the certificate is not accepted" in caught.value.message
    assert caught.value.hint == "SSL_CERT_FILE names the authorities that are trusted"
    assert server.requests == []


def test_a_local_registry_without_tls_is_asked_once_whether_it_has_any(server: StandIn, registry: Registry) -> None:
    server.answer(LINE, GIVEN)
    for _ in range(2):
        registry.document(Reference.parse(f"{server.host}/app:1"))
    assert server.lines == [LINE, LINE]


@pytest.mark.parametrize(
    ("host", "insecure", "plain"),
    [
        ("localhost", (), True),
        ("localhost:5000", (), True),
        ("127.0.0.1:5000", (), True),
        ("127.8.8.8", (), True),
        ("[::1]:5000", (), True),
        ("registry.example.org", (), False),
        ("registry.example.org:5000", ("registry.example.org",), True),
        ("registry.example.org:5000", ("registry.example.org:5000",), True),
        ("registry.example.org:6000", ("registry.example.org:5000",), False),
        ("localhost.example.org", (), False),
        ("127.0.0.1.example.org", (), False),
        ("10.0.0.1", (), False),
    ],
)
def test_who_may_do_without_tls(host: str, insecure: tuple[str, ...], plain: bool) -> None:
    wire = Wire(environ={}, insecure=frozenset(insecure), timeout=1.0, offline=False)
    assert wire.may_be_plain(host) is plain


def test_every_other_registry_is_asked_over_tls() -> None:
    wire = Wire(environ={}, insecure=frozenset(), timeout=1.0, offline=True)
    assert wire.base("registry.example.org:5000") == "https://registry.example.org:5000"
    assert wire.base("docker.io") == "https://registry-1.docker.io"


def test_a_way_from_tls_to_plain_http_is_refused(
    authority: trustme.CA, context: ssl.SSLContext, server: StandIn, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    environ = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    with stand_in(context) as secure, Registry(environ=environ, timeout=5.0, retries=0) as registry:
        secure.answer(LINE, Reply(status=302, headers={"Location": f"{server.url}/x"}))
        with pytest.raises(RegistryUnavailable, match="a way from https to plain http is refused"):
            registry.document(Reference.parse(f"{secure.host}/app:1"))
    assert server.requests == []


def test_a_proxy_is_used(server: StandIn) -> None:
    """The stand-in is the proxy: it is asked for the whole URL."""
    server.answer(LINE, GIVEN)
    environ = {"http_proxy": server.url, "https_proxy": "http://127.0.0.1:1"}
    with Registry(environ=environ, insecure=["registry.example.org"], timeout=5.0, retries=0) as registry:
        registry.document(Reference.parse("registry.example.org/app:1"))
    assert [request.target for request in server.requests] == ["http://registry.example.org/v2/app/manifests/1"]
