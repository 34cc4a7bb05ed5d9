from __future__ import annotations

import base64

import pytest

from resolver.errors import IndexUnavailable, SettingsError
from resolver.transport import Transport
from resolver.transport.proxies import proxy_for
from tests.loopback import Loopback, Reply


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://a.example.org/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.example.org/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.example.org/", None),
        ({"HTTP_PROXY": "p:1"}, "http://a.example.org/", "http://p:1"),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, "https://a.example.org/", "http://low:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.org"}, "https://a.example.org/", None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, "https://a.example.org/", None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "b.org,a.example.org:8443"}, "https://a.example.org/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "a.example.org"}, "https://u:p@a.example.org/", None),
        ({"ALL_PROXY": "http://p:1"}, "https://a.example.org/", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://a.example.org/", None),
        ({"HTTPS_PROXY": ""}, "https://a.example.org/", None),
    ],
)
def test_which_proxy_a_url_goes_through(environ: dict[str, str], url: str, proxy: str | None) -> None:
    assert proxy_for(url, environ) == proxy


def test_a_proxy_is_asked_with_its_own_credentials(server: Loopback) -> None:
    server.answer("http://index.example.org/x", Reply(body=b"by proxy"))
    environ = {"HTTP_PROXY": server.url.replace("://", "://ada:s3cret@")}
    assert Transport(environ=environ).get("http://index.example.org/x").body == b"by proxy"
    expected = "Basic " + base64.b64encode(b"ada:s3cret").decode()
    assert server.requests[0].headers["proxy-authorization"] == expected


def test_a_proxy_that_does_not_answer_is_told_without_its_secret() -> None:
    transport = Transport(environ={"HTTP_PROXY": "http://ada:s3cret@127.0.0.1:9"}, retries=0)
    with pytest.raises(IndexUnavailable) as caught:
        transport.get("http://index.example.org/x")
    assert caught.value.message == (
        "http://index.example.org/x: cannot connect to the proxy: nothing listens there (connection refused) "
        "(one attempt)"
    )


def test_a_kind_of_proxy_that_is_not_supported_is_named() -> None:
    with pytest.raises(SettingsError, match=r"the proxy socks5://127.0.0.1:9: only http and https"):
        Transport(environ={"ALL_PROXY": "socks5://u:p@127.0.0.1:9"}).get("http://index.example.org/x")
