"""Which runs count: only those that come to the right outcome, each of them looked at."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks.answers import pins_in, pins_on_stdout
from benchmarks.cases import CASES, Case
from benchmarks.judge import first_line
from benchmarks.measure import Finished, Usage
from benchmarks.pypi_tools import PYPI_TOOLS
from benchmarks.report import Outcome
from benchmarks.session import Bench, Selected, clean_environ, measure_case
from benchmarks.tools import Asked, Command, Place, Tool


def _measured(name: str, code: str, tmp_path: Path, *, solvable: bool = True, limit: float = 60.0) -> Outcome:
    """A tool that is a line of Python, measured three times."""
    command: Command = (sys.executable, "-c", code)

    def ask(case: Case, place: Place, program: str) -> Asked:
        return Asked(files={"in": "x"}, warm=(), command=command, made=("made",), answer=pins_on_stdout)

    tool = Tool(name=name, kinds=frozenset(("pypi",)), programs=(sys.executable,), ask=ask)
    case = Case(name="T", kind="pypi", about="", pip=("numpy<1.20", "pandas>=2.2"), solvable=solvable)
    bench = Bench(out=tmp_path, channel=tmp_path, runs=3, limit=limit)
    (outcome,) = measure_case(case, [Selected.of(tool)], bench)
    return outcome


def test_a_tool_is_measured_as_often_as_asked_and_each_time_afresh(tmp_path: Path) -> None:
    code = "from pathlib import Path; assert Path('in').exists(); Path('made').touch(exist_ok=False); print('a==1')"
    outcome = _measured("samebox", code, tmp_path)
    assert (outcome.state, len(outcome.usages), outcome.packages) == ("measured", 3, {("linux-64", "a"): "1"})


def test_a_tool_that_fails_is_told_with_its_first_line(tmp_path: Path) -> None:
    outcome = _measured("samebox", "import sys; sys.exit('\\nno such thing\\nhint')", tmp_path)
    assert (outcome.state, outcome.message, outcome.usages) == ("failed", "no such thing", ())


def test_an_explanation_is_the_right_outcome_where_there_is_no_solution(tmp_path: Path) -> None:
    outcome = _measured("samebox", "import sys; sys.exit('pandas conflicts with numpy')", tmp_path, solvable=False)
    assert (outcome.state, outcome.message, len(outcome.usages)) == ("measured", "pandas conflicts with numpy", 3)


@pytest.mark.parametrize(
    "code",
    [
        "print('a==1')",
        "raise ValueError('numpy, pandas')",
        "import os; print('numpy, pandas', flush=True); os.abort()",
        "import sys; sys.exit('no such option')",
        "import sys; sys.exit('numpy: cannot be asked, because --offline is on')",
        "import sys; sys.exit('pandas was not found in the cache, and you require pandas')",
    ],
)
def test_neither_an_answer_nor_a_crash_nor_a_failure_is_an_explanation(code: str, tmp_path: Path) -> None:
    assert _measured("samebox", code, tmp_path, solvable=False).state == "failed"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('a==1'); run == 4 and sys.exit('cannot ask')", "cannot ask"),
        ("run != 4 and print('a==1')", "an answer without packages"),
        ("print(f'a=={run // 4}')", "another answer than when warmed up: linux-64 a: 0 here, 1 there"),
        ("print('a==1'); run == 4 and time.sleep(60)", "not done after 5 s"),
    ],
)
def test_one_run_that_went_wrong_leaves_no_figure_at_all(code: str, message: str, tmp_path: Path) -> None:
    """The fourth run is the last that is measured, after the one that warms up and two others."""
    counted = "import sys, time; from pathlib import Path; p = Path('runs'); p.touch(); "
    counted += f"run = p.stat().st_size + 1; p.write_text('x' * run)\n{code}"
    outcome = _measured("samebox", counted, tmp_path, limit=5.0)
    assert (outcome.state, outcome.message.split(",")[0], outcome.usages) == ("failed", message.split(",")[0], ())


def test_a_lock_that_is_not_written_again_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    warm = (sys.executable, "-c", "open('requirements.txt', 'w').write('a==1')")

    def ask(case: Case, place: Place, program: str) -> Asked:
        lock = "requirements.txt"
        return Asked(files={}, warm=(warm,), command=(program, "-c", ""), made=(lock,), answer=pins_in(lock))

    tool = Tool(name="x", kinds=frozenset(("pypi",)), programs=(sys.executable,), ask=ask)
    bench = Bench(out=tmp_path, channel=tmp_path, runs=1, limit=60.0)
    (outcome,) = measure_case(CASES["S1"], [Selected.of(tool)], bench)
    assert (outcome.state, outcome.message.partition(":")[0]) == ("failed", "no answer that can be read")


def test_what_is_wrong_is_told_before_what_was_done() -> None:
    done = "Creating virtualenv\n\n[AttributeError]: no attribute\n"
    used = Usage(cpu=1.0, wall=1.0, peak=1)
    assert first_line(Finished(code=1, usage=used, stdout="x", stderr=done)) == "[AttributeError]: no attribute"


def test_a_tool_that_is_too_old_is_noted_as_absent(tmp_path: Path) -> None:
    old = tmp_path / "old-tool"
    old.write_text("#!/bin/sh\nexit 2\n")
    old.chmod(0o755)
    tool = Tool(name="x", kinds=frozenset(("pypi",)), programs=(str(old),), ask=_never, probe=("lock", "--help"))
    assert Selected.of(tool).absence == f"{old} knows no 'lock --help'"


@pytest.mark.parametrize("tool", PYPI_TOOLS, ids=[tool.name for tool in PYPI_TOOLS])
def test_each_tool_is_asked_for_the_same_of_the_same_index(tool: Tool, tmp_path: Path) -> None:
    index = "https://index.example.org/simple/"
    asked = tool.ask(CASES["S5"], Place(folder=tmp_path, home=tmp_path, channel=tmp_path, index=index), "program")
    (text,) = asked.files.values()
    if "pyproject.toml" in asked.files:
        assert tomllib.loads(text)["project"]["dependencies"] == list(CASES["S5"].pip)
        assert f'url = "{index}"' in text
    else:
        assert text.splitlines() == list(CASES["S5"].pip)
        assert index in asked.environ.values()


def _never(case: Case, place: Place, program: str) -> Asked:
    raise AssertionError("it is not there")


def test_a_tool_that_is_not_there_is_noted(tmp_path: Path) -> None:
    tool = Tool(name="x", kinds=frozenset(("pypi",)), programs=("no-such-program",), ask=_never)
    bench = Bench(out=tmp_path, channel=tmp_path, runs=1, limit=1.0)
    (outcome,) = measure_case(CASES["S1"], [Selected.of(tool)], bench)
    assert (outcome.state, outcome.message) == ("absent", "no-such-program not installed")


def test_settings_of_one_tool_do_not_leak_into_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "https://pypi.example.org/simple/")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("LANG", "C")
    environ = clean_environ(tmp_path)
    assert {"UV_INDEX_URL", "PIP_FIND_LINKS", "PYTHONDONTWRITEBYTECODE"}.isdisjoint(environ)
    assert (environ["LANG"], environ["HOME"]) == ("C", str(tmp_path))


def test_what_is_to_be_done_before_each_run_is_done(tmp_path: Path) -> None:
    """A run that takes away what it finds, and fails where there is nothing."""
    before = "import pathlib; pathlib.Path('there').touch(exist_ok=False)"
    code = "import pathlib; pathlib.Path('there').unlink(); print('a==1')"

    def ask(case: Case, place: Place, program: str) -> Asked:
        return Asked(files={}, warm=(), command=(program, "-c", code), before=(program, "-c", before))

    tool = Tool(name="x", kinds=frozenset(("pypi",)), programs=(sys.executable,), ask=ask)
    bench = Bench(out=tmp_path, channel=tmp_path, runs=2, limit=60.0)
    (outcome,) = measure_case(CASES["S1"], [Selected.of(tool)], bench)
    assert (outcome.state, len(outcome.usages)) == ("measured", 2)
