"""The installer's own downloads, as a build has them: mirrors, retries, caches, credentials."""

from __future__ import annotations

import base64
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError, WrongHash, download, install_slice
from tests.prefix.world import GREETINGS, LIBHELLO, Item, conda, files, make_slice


@dataclass
class Server:
    """Answers with what ``answers`` holds for a path, one after the other; the last one stays."""

    url: str = ""
    answers: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append((self.path, self.headers["Authorization"]))
            answers = state.answers.get(self.path, [(404, b"")])
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(abs(status))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if status > 0 else body[: len(body) // 2])  # below 0: hang up in the middle

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        state.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield state
        listening.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


def fetch(tmp_path: Path, item: Item, place: str, cache: Path | None = None, **environ: str) -> set[str]:
    rules = [("https://conda.example.org", "http://127.0.0.1:9"), ("https://conda.example.org/world", place)]
    install_slice(make_slice([item]), tmp_path / "env", fetch=download(rules, environ, cache))
    return files(tmp_path / "env")


ITEM = conda(GREETINGS)
PATH = "/m/noarch/greetings-data-2.0-0.conda"


@pytest.mark.parametrize("trouble", [(503, b""), (429, b"later"), (-200, ITEM.content), (200, b"not it")])
def test_trouble_that_passes_is_tried_again(tmp_path: Path, server: Server, trouble: tuple[int, bytes]) -> None:
    server.answers[PATH] = [trouble, (200, ITEM.content)]
    assert "share/greetings/greeting.txt" in fetch(tmp_path, ITEM, f"{server.url}/m/")
    assert server.requests == [(PATH, None)] * 2


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, 3)])
def test_an_answer_that_stays_is_told_with_the_canonical_url(
    tmp_path: Path, server: Server, status: int, asked: int
) -> None:
    server.answers[PATH] = [(status, b"")]
    url = "https://conda.example.org/world/noarch/greetings-data-2.0-0.conda"
    with pytest.raises(InstallError, match=f"^{url}: the server answers {status}"):
        fetch(tmp_path, ITEM, f"{server.url}/m")
    assert len(server.requests) == asked
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_lies_is_refused(tmp_path: Path, server: Server) -> None:
    server.answers[PATH] = [(200, conda(LIBHELLO).content)]
    with pytest.raises(WrongHash, match=f"sha256 is {conda(LIBHELLO).sha256}, locked is {ITEM.sha256}"):
        fetch(tmp_path, ITEM, f"{server.url}/m", tmp_path / "cache")
    assert files(tmp_path) == set()


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"conda\.example\.org/world/.* cannot be downloaded: .*refused"):
        fetch(tmp_path, ITEM, "http://127.0.0.1:9")


def test_a_wrong_file_in_a_mirror_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "noarch" / ITEM.file_name
    place.parent.mkdir(parents=True)
    place.write_bytes(ITEM.content[:-1] + b"!")
    with pytest.raises(WrongHash, match="greetings-data"):
        fetch(tmp_path, ITEM, str(tmp_path / "folder"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder"]


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, server: Server) -> None:
    server.answers[PATH] = [(200, ITEM.content)]
    cached = tmp_path / "cache" / ITEM.sha256 / ITEM.file_name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(ITEM.content[:-1])
    fetch(tmp_path, ITEM, f"{server.url}/m", tmp_path / "cache")
    fetch(tmp_path, ITEM, f"{server.url}/m", tmp_path / "cache")
    assert cached.read_bytes() == ITEM.content
    assert len(server.requests) == 1
    assert files(tmp_path / "cache") == {f"{ITEM.sha256}/{ITEM.file_name}"}


def test_credentials_come_from_the_environment_and_go_nowhere_else(tmp_path: Path, server: Server) -> None:
    host = server.url.removeprefix("http://")
    server.answers[PATH] = [(200, ITEM.content)]
    fetch(tmp_path, ITEM, f"http://${{WHO}}:${{TOKEN}}@{host}/m", WHO="me", TOKEN="p@ss")
    assert server.requests == [(PATH, f"Basic {base64.b64encode(b'me:p@ss').decode()}")]
    assert b"p@ss" not in b"".join(p.read_bytes() for p in (tmp_path / "env").rglob("*") if p.is_file())


@pytest.mark.parametrize("variable", ["NETRC", "HOME"])
def test_a_netrc_file_is_read_for_the_hosts_that_it_names(tmp_path: Path, server: Server, variable: str) -> None:
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login me password p@ss\nmachine localhost login you password w@rd\n")
    server.answers[PATH] = [(200, ITEM.content)]
    place = str(path if variable == "NETRC" else tmp_path)
    fetch(tmp_path, ITEM, f"{server.url}/m", None, **{variable: place})
    assert server.requests == [(PATH, f"Basic {base64.b64encode(b'me:p@ss').decode()}")]
    assert b"p@ss" not in b"".join(p.read_bytes() for p in (tmp_path / "env").rglob("*") if p.is_file())


def test_the_default_of_a_netrc_file_goes_to_nobody(tmp_path: Path, server: Server) -> None:
    (tmp_path / "netrc").write_text("default login me password p@ss\n")
    server.answers[PATH] = [(401, b"")]
    with pytest.raises(InstallError, match="the server answers 401") as caught:
        fetch(tmp_path, ITEM, f"{server.url}/m", NETRC=str(tmp_path / "netrc"))
    assert caught.value.hint == "give its credentials in a netrc file (NETRC or ~/.netrc)"
    assert server.requests == [(PATH, None)]


def test_a_file_that_is_no_netrc_is_named_without_its_content(tmp_path: Path, server: Server) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password\nhunter2 hunter3\n")
    with pytest.raises(InstallError, match="not a netrc file") as caught:
        fetch(tmp_path, ITEM, f"{server.url}/m", NETRC=str(tmp_path / "netrc"))
    assert "hunter" not in str(caught.value)


def test_a_token_in_the_path_of_a_mirror_is_a_variable_too(tmp_path: Path, server: Server) -> None:
    server.answers["/t/p%2Fss" + PATH] = [(200, ITEM.content)]
    fetch(tmp_path, ITEM, f"{server.url}/t/${{TOKEN}}/m", TOKEN="p/ss")
    assert server.requests == [("/t/p%2Fss" + PATH, None)]


def test_credentials_that_are_not_set_are_named(tmp_path: Path, server: Server) -> None:
    host = server.url.removeprefix("http://")
    with pytest.raises(InstallError, match=f"the credentials for {host} need TOKEN"):
        fetch(tmp_path, ITEM, f"http://me:${{TOKEN}}@{host}/m")
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://a.example.org/x/y/f%2Bg.conda", "http://mirror.example.org/long/y/f%2Bg.conda"),
        ("https://a.example.org/xx/f.conda", "file:///srv/short/xx/f.conda"),
        ("https://a.example.org/z/f%2Bg.conda", "file:///srv/short/z/f%2Bg.conda"),
        ("https://a.example.orgx/f.conda", "https://a.example.orgx/f.conda"),
    ],
)
def test_the_longest_mirror_prefix_wins_at_a_boundary(url: str, location: str) -> None:
    rules = [("https://a.example.org/", "/srv/short"), ("https://a.example.org/x", "http://mirror.example.org/long/")]
    assert slice_installer._locate(url, rules) == location
