"""Builds of one image take turns: in one process, in several, and after a kill."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from resolver.engines.turn import turn
from resolver.model import Digest

KEY = Digest(domain="image", hex="ab" * 32)
SAME_FILE = Digest(domain="image", hex="ab" + "0" * 62)
OTHER = Digest(domain="image", hex="cd" * 32)


def _holds(folder: Path, key: Digest) -> bool:
    """Whether a build of that image would have to wait."""
    waits: list[None] = []
    with turn(folder, key, cancelled=lambda: bool(waits), on_wait=lambda: waits.append(None)):
        return bool(waits)


def test_one_after_the_other(tmp_path: Path) -> None:
    order: list[str] = []
    waits = threading.Event()

    def second() -> None:
        with turn(tmp_path, KEY, cancelled=lambda: False, on_wait=waits.set):
            order.append("second")

    with turn(tmp_path, KEY, cancelled=lambda: False, on_wait=lambda: pytest.fail("nobody else builds")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert not _holds(tmp_path, KEY)


@pytest.mark.parametrize(("key", "waits"), [(KEY, True), (SAME_FILE, True), (OTHER, False)])
def test_who_waits(tmp_path: Path, key: Digest, *, waits: bool) -> None:
    with turn(tmp_path / "new", KEY, cancelled=lambda: False, on_wait=lambda: None):
        assert _holds(tmp_path / "new", key) is waits


def test_a_builder_that_lives_on_keeps_the_turn(tmp_path: Path) -> None:
    """Samebox may be killed, and the builder that it had begun goes on writing to the store."""
    with turn(tmp_path, KEY, cancelled=lambda: False, on_wait=lambda: None) as held:
        sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        builder = subprocess.Popen(sleeper, stdin=subprocess.PIPE, pass_fds=(held,))
    try:
        assert _holds(tmp_path, KEY)
    finally:
        builder.communicate(timeout=10)
    end = time.monotonic() + 10
    while _holds(tmp_path, KEY):
        assert time.monotonic() < end
