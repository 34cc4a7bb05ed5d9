"""A channel that does not answer, or lies: told with its URL, and nothing is lost."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import CHANNEL, Project, environment_yml
from tests.loopback import Loopback, Reply

_HINT = "hint: check the channel's name and the network, or name a mirror under [mirrors]\n"


@pytest.fixture
def served(make_project: MakeProject, server: Loopback, fixture_channels: Path) -> Project:
    """A project that is locked, and whose channel from now on is ``server``."""
    project = make_project()
    project.write("environment.yml", environment_yml("libhello", "greetings-data"))
    project.succeed("lock")
    project.settings = project.settings.replace(str(fixture_channels), server.url)
    project.write("samebox.toml", project.settings)
    for subdir in ("linux-64", "noarch"):
        repodata = fixture_channels / "samebox-fixtures" / subdir / "repodata.json"
        server.answer(_path(subdir), Reply(body=repodata.read_bytes(), content_type="application/json"))
    return project


def _path(subdir: str) -> str:
    return f"/samebox-fixtures/{subdir}/repodata.json"


def test_the_served_channel_gives_the_same_lock(served: Project) -> None:
    before = served.lock_bytes()
    served.succeed("lock", "--upgrade")
    assert served.lock_bytes() == before


REPLIES = {
    "server error": Reply(status=500, body=b"busy"),
    "not JSON": Reply(body=b"<html>Sign in</html>", content_type="application/json"),
    "cut JSON": Reply(body=b'{"info": {"subdir": "noarch"}, "packages": {', content_type="application/json"),
    "truncated body": Reply(body=b'{"info": {"subdir": "noarch"}, "packages": {}}', cut=5),
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_lying_channel_is_told(reply: Reply, served: Project, server: Loopback) -> None:
    server.answer(_path("noarch"), reply)
    told = served.fail("lock", "--upgrade")
    assert told.startswith(f"error: cannot read the channels {CHANNEL}: "), told
    assert told.endswith(_HINT)


def test_a_refused_connection_is_told(served: Project, server: Loopback) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{probe.getsockname()[1]}"
    served.write("samebox.toml", served.settings.replace(server.url, place))
    told = served.fail("lock", "--upgrade")
    assert told.startswith(f"error: cannot read the channels {CHANNEL}: "), told
    assert told.endswith(_HINT)


def test_a_channel_that_is_not_there_is_told(served: Project) -> None:
    channel = CHANNEL.replace("fixtures", "fixtres")
    told = served.fail("lock", "--upgrade", "-c", channel)
    assert told.startswith(f"error: cannot read the channels {channel}: "), told
    assert told.endswith(_HINT)


@pytest.fixture
def in_folder(make_project: MakeProject, tmp_path: Path, fixture_channels: Path) -> Project:
    """A project that is locked, and whose channel from now on is a folder that a test may damage."""
    project = make_project()
    project.write("environment.yml", environment_yml("libhello", "greetings-data"))
    project.succeed("lock")
    folder = tmp_path / "channel" / "samebox-fixtures"
    for subdir in ("linux-64", "noarch"):
        (folder / subdir).mkdir(parents=True)
        text = (fixture_channels / "samebox-fixtures" / subdir / "repodata.json").read_bytes()
        (folder / subdir / "repodata.json").write_bytes(text)
    project.write("samebox.toml", project.settings.replace(str(fixture_channels), str(tmp_path / "channel")))
    return project


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("repodata.json", b"<html>Sign in</html>"),
        ("repodata.json", b'{"info": {"subdir": "noarch"}, "packages": {'),
        ("repodata.json", b""),
        ("repodata.json.zst", b"plain"),
        ("repodata.json.zst", bytes.fromhex("28b52ffd200f790000")),
        ("repodata.json.zst", b""),
    ],
    ids=["HTML", "cut", "empty", "not zstandard", "cut zstandard", "empty zstandard"],
)
def test_damaged_repodata_in_a_folder_is_told(name: str, content: bytes, in_folder: Project, tmp_path: Path) -> None:
    subdir = tmp_path / "channel" / "samebox-fixtures" / "noarch"
    (subdir / "repodata.json").unlink()
    (subdir / name).write_bytes(content)
    told = in_folder.fail("lock", "--upgrade")
    assert told.startswith(f"error: {subdir / name}: "), told


def test_a_folder_without_repodata_is_told(in_folder: Project, tmp_path: Path) -> None:
    for path in (tmp_path / "channel").rglob("repodata.json"):
        path.unlink()
    assert in_folder.fail("lock", "--upgrade") == (
        f"error: {CHANNEL}: no repodata for linux-64 or noarch in {tmp_path}/channel/samebox-fixtures\n"
        "hint: a channel folder holds SUBDIR/repodata.json or SUBDIR/repodata.json.zst\n"
    )
