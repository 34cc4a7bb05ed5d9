"""Commands end with all that they have started."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from resolver.engines.process_group import ProcessGroup
from resolver.errors import BuildError

_FAMILY = 'sleep 300 & echo "$!" >child; echo "$$"; trap "echo asked; exit 9" TERM; wait'
_DEAF = 'trap "" TERM; echo ready; sleep 300; sleep 300'


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_both_streams_line_by_line_and_the_exit_code() -> None:
    lines: list[str] = []
    code = ProcessGroup().run(
        ["sh", "-c", "echo a; echo b >&2; printf 'c\\377'; exit 7"], dict(os.environ), lines.append
    )
    assert (lines, code) == (["a", "b", "c\ufffd"], 7)


def test_cancelling_ends_the_children_too(tmp_path: Path) -> None:
    group, lines, codes = ProcessGroup(), list[str](), list[int]()
    command = ["sh", "-c", f"cd '{tmp_path}'; {_FAMILY}"]
    runner = threading.Thread(target=lambda: codes.append(group.run(command, dict(os.environ), lines.append)))
    runner.start()
    wait_until(lambda: bool(lines))
    child = int((tmp_path / "child").read_text())
    assert alive(child)
    group.cancel()
    runner.join(20)
    wait_until(lambda: not alive(child))
    assert not alive(int(lines[0]))


def test_what_does_not_end_when_asked_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolver.engines.process_group._GRACE", 0.2)
    group, lines, codes = ProcessGroup(), list[str](), list[int]()
    runner = threading.Thread(
        target=lambda: codes.append(group.run(["sh", "-c", _DEAF], dict(os.environ), lines.append))
    )
    runner.start()
    wait_until(lambda: lines == ["ready"])
    group.cancel()
    runner.join(20)
    assert codes == [-9]


def test_after_it_nothing_is_started() -> None:
    group = ProcessGroup()
    group.cancel()
    with pytest.raises(BuildError, match="cancelled"):
        group.run(["sh", "-c", "true"], {}, print)


def test_a_listener_that_fails_ends_the_command(tmp_path: Path) -> None:
    def full(line: str) -> None:
        raise OSError(28, "No space left on device", line)

    with pytest.raises(OSError, match="No space") as caught:
        ProcessGroup().run(["sh", "-c", f"cd '{tmp_path}'; {_FAMILY}"], dict(os.environ), full)
    assert not alive(int(str(caught.value.filename)))
    wait_until(lambda: not alive(int((tmp_path / "child").read_text())))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BuildError, match="/no/such: cannot be run: No such file or directory"):
        ProcessGroup().run(["/no/such"], {}, print)
