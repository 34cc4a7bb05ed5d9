"""The log: kept without secrets, followed while it grows, read again later."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from resolver.engines import BuildLog
from resolver.engines.redaction import redacted
from resolver.errors import BuildError


def test_lines_are_kept_and_can_be_read_again_and_again(tmp_path: Path) -> None:
    told: list[str] = []
    log = BuildLog(tmp_path / "logs", "demo-latest", told.append)
    log.write("one")
    log.write("größer ✓")
    log.close()
    assert list(log.lines()) == list(log.lines()) == told == ["one", "größer ✓"]
    assert log.path.parent == tmp_path / "logs"
    assert log.path.read_text(encoding="utf-8") == "one\ngrößer ✓\n"


def test_who_reads_gets_each_line_as_it_comes(tmp_path: Path) -> None:
    log = BuildLog(tmp_path, "demo")
    follower = log.lines()
    log.write("first")
    assert next(follower) == "first"

    def write() -> None:
        time.sleep(0.05)
        log.write("second")
        log.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert list(follower) == ["second"]
    writer.join()


def test_neither_the_file_nor_the_listener_gets_a_secret(tmp_path: Path) -> None:
    told: list[str] = []
    log = BuildLog(tmp_path, "demo", told.append)
    assert log.write("get https://ada:s3cr3t@example.org/x") == "get https://***@example.org/x"
    log.close()
    assert told == ["get https://***@example.org/x"]
    assert "s3cr3t" not in log.path.read_text()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("proxy http://u:p@ss@host:3128/ refused", "proxy http://***@host:3128/ refused"),
        ("'https://token@a.example.org' and ftp://u:p@b/", "'https://***@a.example.org' and ftp://***@b/"),
        ("https://a.example.org/t/abc-123/channel/linux-64", "https://a.example.org/t/***/channel/linux-64"),
        ("> Authorization: Bearer abc.def", "> Authorization: Bearer ***"),
        ("proxy-authorization:Basic dTpw x", "proxy-authorization:Basic *** x"),
        ("\x1b[91mred\x1b[0m\x07\r", "red"),
        ("debian@sha256:12 a@b.example.org https://example.org/a@1", None),
        ("COPY /t/x /y", None),
        ("\ttab", None),
    ],
)
def test_redaction(text: str, kept: str | None) -> None:
    assert redacted(text) == (text if kept is None else kept)


def test_the_oldest_logs_go(tmp_path: Path) -> None:
    for number in range(60):
        old = tmp_path / f"old-{number}.log"
        old.touch()
        os.utime(old, (number, number))
    (tmp_path / "other.txt").touch()
    log = BuildLog(tmp_path, "new")
    log.close()
    kept = {f"old-{number}.log" for number in range(11, 60)}
    assert {path.name for path in tmp_path.iterdir()} == {*kept, log.path.name, "other.txt"}


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(BuildError, match="logs: cannot keep a log there: File exists"):
        BuildLog(tmp_path / "logs", "demo")
