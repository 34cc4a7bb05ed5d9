"""Channels that want credentials: their repodata is fetched by our own transport, and kept without secrets."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme
import zstandard

from resolver.conda.channels import Channels
from resolver.conda.private import PrivateRepodata
from resolver.errors import IndexUnavailable
from resolver.mirrors import Mirrors
from resolver.transport import AuthenticationRule, Transport
from tests.conda.worlds import MAIN, problem, record, repodata, solved
from tests.loopback import Loopback, Reply, Request, loopback
from tests.private import places_of

SECRET = "hunter2-S3CRET"
_RECORDS = {"noarch": [record("a", "1.0", "b")], "linux-64": [record("b", "2.0")]}
_URLS = [f"{MAIN}/noarch/a-1.0-0.conda", f"{MAIN}/linux-64/b-2.0-0.conda"]


def _serve(server: Loopback, base: str, *, compressed: bool = True) -> None:
    def reply(request: Request) -> Reply:
        subdir, _, name = request.path.removeprefix(f"{base}/").partition("/")
        if subdir not in _RECORDS or name != f"repodata.json{'.zst' if compressed else ''}":
            return Reply(status=404)
        body = json.dumps(repodata(subdir, _RECORDS[subdir])).encode()
        return Reply(body=zstandard.compress(body) if compressed else body, headers={"ETag": f'"{subdir}"'})

    server.answer(f"{base}/*", reply)


def _channels(
    tmp_path: Path,
    place: str,
    *,
    environ: Mapping[str, str] | None = None,
    rules: tuple[AuthenticationRule, ...] = (),
    offline: bool = False,
    refresh: bool = False,
) -> Channels:
    mirrors, cache = Mirrors(((MAIN, place),)), tmp_path / "cache"
    transport = Transport(
        mirrors=mirrors, environ=environ or {"SB_TOKEN": SECRET}, rules=rules, offline=offline, retries=0
    )
    private = PrivateRepodata(lambda: transport, cache / "private-repodata", refresh=refresh)
    return Channels(cache=cache, mirrors=mirrors, offline=offline, refresh=refresh, private=private)


def _urls(channels: Channels) -> list[str]:
    return [r.url for r in solved(channels, problem("a")).records]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_mirror_may_have_a_token_in_its_url(tmp_path: Path, server: Loopback, compressed: bool) -> None:
    _serve(server, f"/t/{SECRET}/m", compressed=compressed)
    assert _urls(_channels(tmp_path, f"{server.url}/t/${{SB_TOKEN}}/m")) == _URLS
    assert list(places_of(SECRET, tmp_path)) == []


def test_a_second_run_asks_whether_it_has_changed_and_refresh_does_not(tmp_path: Path, server: Loopback) -> None:
    _serve(server, "/m")
    place = server.url.replace("://", "://ada:${SB_TOKEN}@") + "/m"
    for refresh, size in ((False, True), (False, False), (True, True)):
        sent = server.sent
        assert _urls(_channels(tmp_path, place, refresh=refresh)) == _URLS
        assert (server.sent > sent) is size
    assert all(request.headers["authorization"].startswith("Basic ") for request in server.requests)
    assert list(places_of(SECRET, tmp_path)) == []


def test_bytes_in_the_cache_that_are_not_those_of_the_etag_are_fetched_again(tmp_path: Path, server: Loopback) -> None:
    _serve(server, "/m", compressed=False)
    rules = (AuthenticationRule(prefix=server.url, token="${SB_TOKEN}"),)
    assert _urls(_channels(tmp_path, f"{server.url}/m", rules=rules)) == _URLS
    for path in tmp_path.rglob("repodata.json"):
        path.write_text(json.dumps(repodata(path.parent.name, [])))
    assert _urls(_channels(tmp_path, f"{server.url}/m", rules=rules)) == _URLS


def test_offline_takes_what_was_read_and_needs_no_secret(tmp_path: Path, server: Loopback) -> None:
    _serve(server, "/m")
    place = server.url.replace("://", "://ada:${SB_TOKEN}@") + "/m"
    with pytest.raises(IndexUnavailable, match="its repodata was never read before, and --offline is on"):
        _urls(_channels(tmp_path, place, offline=True))
    assert _urls(_channels(tmp_path, place)) == _URLS
    asked = len(server.requests)
    assert _urls(_channels(tmp_path, place, environ={"OTHER": ""}, offline=True)) == _URLS
    assert len(server.requests) == asked


def test_a_server_without_repodata_is_told(tmp_path: Path, server: Loopback) -> None:
    server.answer("/*", Reply(status=404))
    rules = (AuthenticationRule(prefix=server.url, token="${SB_TOKEN}"),)
    with pytest.raises(IndexUnavailable, match=f"{MAIN}: no repodata for linux-64 or noarch$"):
        _urls(_channels(tmp_path, f"{server.url}/m", rules=rules))


def test_a_channel_may_want_a_client_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("ada@example.org").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    with loopback(context) as server:
        _serve(server, "/m")
        rules = (AuthenticationRule(prefix=server.url, client_certificate=str(tmp_path / "client.pem")),)
        environ = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        assert _urls(_channels(tmp_path, f"{server.url}/m", environ=environ, rules=rules)) == _URLS
