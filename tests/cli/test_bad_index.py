"""An index that does not answer, or lies: told with its URL, and nothing is lost."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.loopback import JSON, Loopback, Reply, Request

_PAGE = "/simple/cowtalk/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """What the index answers for the page of cowtalk; the rest it answers as it should."""

    about: str
    reply: Reply
    told: str


LIES = (
    Lie(
        about="server error",
        reply=Reply(status=503, body=b"busy"),
        told=f"error: {{server}}{_PAGE}: answered 503",
    ),
    Lie(
        about="no admittance",
        reply=Reply(status=403),
        told=f"error: {{server}}{_PAGE}: answered 403\n"
        "hint: no credentials are known for {host}: give them under [auth] ",
    ),
    Lie(
        about="truncated body",
        reply=Reply(body=b'{"meta": {"api-version": "1.0"}, "files": []}', content_type=JSON, cut=9),
        told=f"error: {{server}}{_PAGE}: the answer broke off: 36 bytes came, 9 more were promised",
    ),
    Lie(
        about="HTML where JSON was promised",
        reply=Reply(body=b"<html><body>Sign in</body></html>", content_type=JSON),
        told=f"error: https://pypi.example.org{_PAGE}: said to be simple API JSON, and is not: ",
    ),
    Lie(
        about="a page of another kind",
        reply=Reply(body=b"PNG", content_type="image/png"),
        told=f"error: https://pypi.example.org{_PAGE}: neither JSON nor HTML of the simple API, but 'image/png'\n"
        "hint: check that the URL is that of a simple index (it often ends in /simple/)",
    ),
    Lie(
        about="redirect loop",
        reply=Reply(status=302, headers={"Location": "/simple/cowtalk/"}),
        told=f"error: {{server}}{_PAGE}: redirects in a loop",
    ),
    Lie(
        about="redirect to nowhere",
        reply=Reply(status=302, headers={"Location": "file:///etc/passwd"}),
        told=f"error: {{server}}{_PAGE}: a redirect to something that is not http(s): file:///etc/passwd",
    ),
)


@pytest.fixture
def served(make_project: MakeProject, server: Loopback, fixture_index: Path) -> Project:
    """A project that is locked, and whose index from now on is ``server``: the fixture index over http."""
    project = make_project()
    project.write("environment.yml", environment_yml("python", pip=("cowtalk[loud]",)))
    project.succeed("lock")
    project.cache = project.cache.with_name("second-cache")
    project.settings = project.settings.replace(str(fixture_index), server.url)
    project.write("samebox.toml", project.settings)
    server.answer("/*", from_folder(fixture_index))
    return project


def from_folder(folder: Path) -> Callable[[Request], Reply]:
    def reply(request: Request) -> Reply:
        path = folder / request.path.strip("/")
        if path.is_dir():
            return Reply(body=(path / "index.json").read_bytes(), content_type=JSON)
        return Reply(body=path.read_bytes(), ranges=True) if path.is_file() else Reply(status=404)

    return reply


def test_the_served_index_gives_the_same_lock(served: Project) -> None:
    before = served.lock_bytes()
    served.succeed("lock", "--upgrade")
    assert served.lock_bytes() == before


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.about)
def test_a_lying_index_is_told(lie: Lie, served: Project, server: Loopback) -> None:
    server.answer("/simple/cowtalk/", lie.reply)
    told = served.fail("lock", "--upgrade")
    host = server.url.removeprefix("http://")
    assert told.startswith(lie.told.replace("{server}", server.url).replace("{host}", host)), told


def test_metadata_with_another_sha256_than_promised_is_refused(served: Project, server: Loopback) -> None:
    wheel = "/files/cowtalk-1.0-py3-none-any.whl"
    server.answer(f"{wheel}.metadata", Reply(body=b"Metadata-Version: 2.1\nName: cowtalk\nVersion: 1.0\n"))
    told = served.fail("lock", "--upgrade")
    assert told.startswith(f"error: https://pypi.example.org{wheel}.metadata: its sha256 is ")
    assert told.endswith(" was promised\nhint: the index contradicts itself; try again later or use another\n")


def test_a_download_with_another_sha256_than_locked_is_refused(served: Project, server: Loopback) -> None:
    wheel = "/files/cowtalk-1.0-py3-none-any.whl"
    server.answer(wheel, Reply(body=b"not the wheel"))
    for command in (("install", "--prefix", "prefix"), ("export", "docker", "--strategy", "vendored", "-o", "context")):
        told = served.fail(*command)
        assert told.startswith(f"error: https://pypi.example.org{wheel}: its sha256 is "), told
        assert told.endswith("hint: the file was replaced or damaged; nothing of it was kept\n")
    assert sorted(path.name for path in served.folder.iterdir()) == [
        "conda-lock.yml",
        "environment.yml",
        "samebox.toml",
    ]


def test_a_refused_connection_is_told(served: Project, server: Loopback) -> None:
    place = f"http://127.0.0.1:{_free_port()}"
    served.write("samebox.toml", served.settings.replace(server.url, place))
    told = served.fail("lock", "--upgrade")
    assert told.startswith(f"error: {place}{_PAGE}: cannot connect: "), told
    assert "nothing listens there (connection refused)" in told
    assert "Connection(" not in told


def test_secrets_in_the_url_of_an_index_are_told_to_nobody(served: Project, server: Loopback) -> None:
    server.answer("/simple/cowtalk/", Reply(status=403))
    place = server.url.replace("http://", "http://me:${TOKEN}@")
    served.write("samebox.toml", served.settings.replace(server.url, place))
    told = served.fail("lock", "--upgrade", environ={"TOKEN": "s3cret"})
    assert "s3cret" not in told and "answered 403" in told
    assert server.requests[-1].headers["authorization"].startswith("Basic ")
    for path in served.cache.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
