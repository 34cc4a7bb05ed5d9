from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from resolver.errors import IndexUnavailable
from resolver.mirrors import Mirrors
from resolver.transport import Transport
from tests.loopback import Loopback, Reply, loopback


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(backoff=0.0, timeout=5.0, retries=2)
    yield transport
    transport.close()


def test_a_body_comes_with_lower_case_headers_and_its_url(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=b"hello", headers={"X-Thing": "1"}, content_type="Text/HTML; charset=utf-8"))
    response = transport.get(f"{server.url}/x", headers={"Accept": "text/html"})
    assert (response.status, response.body, response.url) == (200, b"hello", f"{server.url}/x")
    assert (response.headers["x-thing"], response.content_type) == ("1", "text/html")
    assert server.requests[0].headers["accept"] == "text/html"


def test_a_compressed_page_is_unpacked(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=gzip.compress(b"page"), headers={"Content-Encoding": "gzip"}))
    assert transport.get(f"{server.url}/x").body == b"page"
    assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("status", [404, 410])
def test_an_absent_page_is_an_answer(server: Loopback, transport: Transport, status: int) -> None:
    server.answer("/x", Reply(status=status))
    response = transport.get(f"{server.url}/x")
    assert (response.status, response.found) == (status, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_passing_fault_is_tried_again(server: Loopback, transport: Transport, status: int) -> None:
    server.answer("/x", Reply(status=status), Reply(status=status), Reply(body=b"ok"))
    assert transport.get(f"{server.url}/x").body == b"ok"
    assert len(server.requests) == 3


def test_a_lasting_fault_is_told_with_the_number_of_attempts(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(status=503))
    with pytest.raises(IndexUnavailable) as caught:
        transport.get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/x: answered 503 (3 attempts)"
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 418])
def test_a_refusal_is_not_tried_again(server: Loopback, transport: Transport, status: int) -> None:
    server.answer("/x", Reply(status=status))
    with pytest.raises(IndexUnavailable) as caught:
        transport.get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/x: answered {status}"
    assert len(server.requests) == 1


def test_pauses_double_and_are_bounded(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("resolver.transport.http.sleep", pauses.append)
    waiting = Reply(status=429, headers={"Retry-After": "3600"})
    server.answer("/x", Reply(status=500), Reply(status=500), waiting, Reply(body=b"ok"))
    assert Transport(backoff=0.25).get(f"{server.url}/x").body == b"ok"
    assert pauses == [0.25, 0.5, 10.0]


def test_a_body_that_breaks_off_is_never_believed(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=b"0123456789", cut=4))
    with pytest.raises(IndexUnavailable) as caught:
        transport.get(f"{server.url}/x")
    assert caught.value.message == (
        f"{server.url}/x: the answer broke off: 6 bytes came, 4 more were promised (3 attempts)"
    )


def test_a_body_that_breaks_off_once_is_read_again(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=b"0123456789", cut=4), Reply(body=b"0123456789"))
    assert transport.get(f"{server.url}/x").body == b"0123456789"


def test_a_slow_server_is_given_up(server: Loopback) -> None:
    server.answer("/x", Reply(delay=1.0))
    with pytest.raises(IndexUnavailable) as caught:
        Transport(timeout=0.1, retries=0).get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/x: no answer within 0.1 seconds (one attempt)"


def test_nobody_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/x"
        with pytest.raises(IndexUnavailable) as caught:
            Transport(backoff=0.0, retries=1).get(url)
    assert caught.value.message == f"{url}: cannot connect: nothing listens there (connection refused) (2 attempts)"


def test_a_name_that_is_not_known() -> None:
    with pytest.raises(IndexUnavailable) as caught:
        Transport(backoff=0.0, retries=0).get("http://nowhere.invalid/x")
    told = "http://nowhere.invalid/x: cannot connect: the name of the host is not known ("
    assert caught.value.message.startswith(told), caught.value.message


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        (b"", "the server closed the connection without an answer"),
        (b"not http\r\n\r\n", "the connection failed: not http"),
    ],
)
def test_what_is_no_answer_is_told_in_words(answered: bytes, told: str) -> None:
    with _answering(answered) as port, pytest.raises(IndexUnavailable) as caught:
        Transport(backoff=0.0, retries=0).get(f"http://127.0.0.1:{port}/x")
    assert caught.value.message.startswith(f"http://127.0.0.1:{port}/x: {told}"), caught.value.message
    assert "Connection(" not in caught.value.message


def test_a_server_without_tls_is_told_in_words() -> None:
    with _answering(b"HTTP/1.0 400 no\r\n\r\n") as port, pytest.raises(IndexUnavailable) as caught:
        Transport(backoff=0.0, retries=0).get(f"https://127.0.0.1:{port}/x")
    assert caught.value.message == f"https://127.0.0.1:{port}/x: no TLS connection: wrong version number"


@contextmanager
def _answering(answered: bytes) -> Iterator[int]:
    """The port of a server that answers each connection with these bytes, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answered)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "url", ["ftp://a.example.org/x", "nonsense", "http:///x", "http://a.example.org:port/x", "http://[x/"]
)
def test_what_is_no_http_url_is_refused(transport: Transport, url: str) -> None:
    with pytest.raises(IndexUnavailable, match=r"not an http|not a URL"):
        transport.get(url)


# ---------------------------------------------------------------------------------------------- redirects


def test_a_redirect_is_followed_and_the_last_url_told(server: Loopback, transport: Transport) -> None:
    server.answer("/a/x", Reply(status=301, headers={"Location": "../b/x"}))
    server.answer("/b/x", Reply(body=b"ok"))
    response = transport.get(f"{server.url}/a/x")
    assert (response.body, response.url) == (b"ok", f"{server.url}/b/x")


def test_a_redirect_within_a_mirror_stays_canonical(server: Loopback) -> None:
    server.answer("/m/Flask/", Reply(status=302, headers={"Location": "/m/flask/"}))
    server.answer("/m/flask/", Reply(body=b"ok"))
    transport = Transport(mirrors=Mirrors((("https://index.example.org/simple", f"{server.url}/m"),)))
    assert transport.get("https://index.example.org/simple/Flask/").url == "https://index.example.org/simple/flask/"


def test_a_redirect_loop_is_found(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": "/y"}))
    server.answer("/y", Reply(status=302, headers={"Location": "/x"}))
    with pytest.raises(IndexUnavailable) as caught:
        transport.get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/x: redirects in a loop, by way of {server.url}/x"
    assert server.paths == ["/x", "/y"]


def test_an_endless_chain_of_redirects_ends(server: Loopback, transport: Transport) -> None:
    server.answer("/*", lambda request: Reply(status=302, headers={"Location": request.path + "0"}))
    with pytest.raises(IndexUnavailable, match=f"{server.url}/x: more than 5 redirects, the last to"):
        transport.get(f"{server.url}/x")
    assert server.paths == ["/x", "/x0", "/x00", "/x000", "/x0000", "/x00000"]


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "does not say where to"), ({"Location": "file:///etc/passwd"}, "not http.s.: file:///etc/passwd")],
)
def test_a_redirect_to_nowhere_is_refused(
    server: Loopback, transport: Transport, headers: dict[str, str], message: str
) -> None:
    server.answer("/x", Reply(status=302, headers=headers))
    with pytest.raises(IndexUnavailable, match=message):
        transport.get(f"{server.url}/x")


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[Loopback, Path]]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with loopback(context) as running:
        yield running, tmp_path / "ca.pem"


def test_https_wants_a_certificate_that_is_trusted(tls: tuple[Loopback, Path]) -> None:
    server, authority = tls
    server.answer("/x", Reply(body=b"ok"))
    with pytest.raises(IndexUnavailable, match=f"{server.url}/x: the certificate is not accepted: "):
        Transport(backoff=0.0).get(f"{server.url}/x")
    assert server.requests == []
    assert Transport(environ={"SSL_CERT_FILE": str(authority)}).get(f"{server.url}/x").body == b"ok"


def test_a_redirect_from_https_to_http_is_refused(server: Loopback, tls: tuple[Loopback, Path]) -> None:
    secure, authority = tls
    secure.answer("/x", Reply(status=302, headers={"Location": f"{server.url}/x"}))
    with pytest.raises(IndexUnavailable, match=f"from https to plain http is refused: {server.url}/x"):
        Transport(environ={"SSL_CERT_FILE": str(authority)}).get(f"{secure.url}/x")
    assert server.requests == []


# ------------------------------------------------------------------------------------------------- ranges


def test_the_tail_of_a_file(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=b"0123456789", ranges=True))
    response = transport.get(f"{server.url}/x", tail=3)
    assert (response.status, response.body, response.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    assert server.requests[0].headers["range"] == "bytes=-3"
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert transport.get(f"{server.url}/x", byte_range=(2, 4)).body == b"234"


def test_a_small_file_comes_whole_from_a_server_without_ranges(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=b"0123456789"))
    response = transport.get(f"{server.url}/x", tail=3)
    assert (response.status, response.body) == (200, b"0123456789")


def test_a_large_file_does_not_come_whole(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(body=bytes(9 * 1024 * 1024)))
    with pytest.raises(IndexUnavailable) as caught:
        transport.get(f"{server.url}/x", tail=3)
    assert caught.value.message == (
        f"{server.url}/x: the server ignores range requests, and the file is larger than 8 MiB"
    )
    assert "PEP 658" in (caught.value.hint or "")
    assert len(server.requests) == 1


def test_a_part_that_is_another_part_is_refused(server: Loopback, transport: Transport) -> None:
    server.answer("/x", Reply(status=206, body=b"789", headers={"Content-Range": "bytes 0-9/10"}))
    with pytest.raises(IndexUnavailable, match="a part of 3 bytes came as 'bytes 0-9/10', which it is not"):
        transport.get(f"{server.url}/x", tail=3)


# ------------------------------------------------------------------------------------------------ offline


def test_offline_asks_nobody(server: Loopback) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        Transport(offline=True).get(f"{server.url}/x")
    assert caught.value.message == f"{server.url}/x: cannot be asked, because --offline is on"
    assert server.requests == []


def test_importing_the_transport_imports_neither_ssl_nor_urllib3() -> None:
    code = "import sys, resolver.transport; sys.exit(any(m in sys.modules for m in ('ssl', 'urllib3')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
