"""Whatever is opened on the way to an answer is known; where files alone do not decide, no answer is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from resolver.cli import answers
from resolver.cli.dependence import Dependence

_ASKED = ["check", "--as-a-test"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEBOX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def _answered(work: Callable[[], object], *, grows_with_time: bool = False) -> answers.Answer | None:
    """Do the work, answer, and ask again."""
    with Dependence(_ASKED) as dependence:
        work()
    dependence.keep(code=0, stdout="yes\n", stderr="", grows_with_time=grows_with_time)
    return answers.given(_ASKED)


def test_an_answer_of_no_file_is_kept() -> None:
    answer = _answered(lambda: None)
    assert answer is not None
    assert (answer.code, answer.stdout, answer.stderr, answer.files) == (0, "yes\n", "", ())
    assert answers.given([*_ASKED, "more"]) is None


@pytest.mark.parametrize(
    "read",
    [
        lambda path: path.read_text(),
        lambda path: path.read_bytes(),
        lambda path: os.close(os.open(path, os.O_RDONLY)),
        lambda path: path.relative_to(Path.cwd()).read_text(),
        lambda path: os.close(os.open(os.fsencode(path), os.O_RDONLY)),
    ],
    ids=["text", "bytes", "os.open", "relative", "as bytes"],
)
def test_what_was_opened_is_known(read: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "pins.txt"
    path.write_text("a")
    answer = _answered(lambda: read(path))
    assert answer is not None
    assert [name for name, _ in answer.files] == [str(path)]
    path.write_text("b")
    assert answers.given(_ASKED) is None
    path.write_text("a")
    assert answers.given(_ASKED) is not None


def test_what_was_opened_and_was_not_there_is_known(tmp_path: Path) -> None:
    path = tmp_path / "absent.txt"

    def try_to_read() -> None:
        with pytest.raises(FileNotFoundError):
            path.read_text()

    assert _answered(try_to_read) is not None
    path.write_text("")
    assert answers.given(_ASKED) is None


def test_what_was_opened_before_and_after_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("a")
    path.read_text()
    answer = _answered(lambda: None)
    path.read_text()
    assert answer is not None
    assert answer.files == ()


def _run_a_program() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def _list_a_folder() -> None:
    list(os.scandir())


def _read_a_pipe() -> None:
    os.mkfifo("pipe")
    os.close(os.open("pipe", os.O_RDONLY | os.O_NONBLOCK))


def _change_it_meanwhile() -> None:
    path = Path("moving.txt")
    path.write_text("before")
    path.read_text()
    path.write_text("after")


@pytest.mark.parametrize(
    "work",
    [_run_a_program, _list_a_folder, _read_a_pipe, _change_it_meanwhile],
    ids=lambda work: work.__name__.strip("_").replace("_", " "),
)
def test_what_files_do_not_tell_is_not_kept(work: Callable[[], None]) -> None:
    assert _answered(work) is None
    assert not Path(answers.folder()).exists()


def test_an_error_of_the_work_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Dependence(_ASKED):
        raise ZeroDivisionError
    (tmp_path / "later.txt").write_text("nobody listens any more")
    assert answers.given(_ASKED) is None


def test_an_answer_that_grows_with_time_counts_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = time.time_ns()
    assert _answered(lambda: None, grows_with_time=True) is not None
    monkeypatch.setattr(time, "time_ns", lambda: now - 1)
    assert answers.given(_ASKED) is None


def test_text_that_cannot_be_kept_is_not() -> None:
    with Dependence(_ASKED) as dependence:
        pass
    dependence.keep(code=0, stdout="a\0b", stderr="")
    assert answers.given(_ASKED) is None
