"""The benchmarks' own parts. Nothing here judges how fast anything is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.agree import differences, packages
from benchmarks.answers import conda_lock, pins_on_stdout, pixi_lock, toml_lock
from benchmarks.cases import CASES, Case
from benchmarks.chart import as_svg
from benchmarks.measure import Finished, Usage, alternating, medians, run_process
from benchmarks.report import Outcome, as_json, as_markdown
from benchmarks.run import main
from benchmarks.session import Bench, Selected, clean_environ, measure_case
from benchmarks.tools import Asked, Command, Place, Tool

_MIB = 2**20

_TABLE = """\
| case | tool | CPU s | wall s | peak MiB | packages | samebox ÷ it, CPU | answer |
|---|---|--:|--:|--:|--:|--:|---|
| S1 | samebox | 0.30 | 0.40 | 50 | 2 |  |  |
| S1 | uv | 0.15 | 0.10 | 30 | 2 | 2.00 | 1 differ |
| S1 | pdm | | | | | | absent: pdm not installed |
| S1 | poetry | | | | | | failed: no a/b |
| S6 | samebox | 0.25 | 0.25 | 40 |  |  | error: no solution |

- S1, samebox (here) and uv (there): linux-64 click: 8.1 here, 8.0 there
"""


def _run(code: str, folder: Path, *, limit: float = 60.0) -> Finished:
    return run_process([sys.executable, "-c", code], folder=folder, environ=os.environ, scratch=folder, limit=limit)


def _usage(cpu: float, wall: float = 1.0, peak: int = _MIB) -> Usage:
    return Usage(cpu=cpu, wall=wall, peak=peak)


def _outcomes() -> list[Outcome]:
    ours = packages([("linux-64", "flask", "3.1"), ("linux-64", "click", "8.1")])
    theirs = packages([("linux-64", "Flask", "3.1.0"), ("linux-64", "click", "8.0")])
    runs = tuple(_usage(cpu, cpu + 0.1, 50 * _MIB) for cpu in (0.2, 0.3, 0.9))
    return [
        Outcome(case="S1", tool="samebox", state="measured", usages=runs, packages=ours),
        Outcome(case="S1", tool="uv", state="measured", usages=(_usage(0.15, 0.1, 30 * _MIB),), packages=theirs),
        Outcome(case="S1", tool="pdm", state="absent", message="pdm not installed"),
        Outcome(case="S1", tool="poetry", state="failed", message="no a|b"),
        Outcome(
            case="S6",
            tool="samebox",
            state="measured",
            usages=(_usage(0.25, 0.25, 40 * _MIB),),
            message="error: no solution",
        ),
    ]


def test_a_sleeper_takes_wall_time_and_hardly_any_cpu_time(tmp_path: Path) -> None:
    usage = _run("import time; time.sleep(1.5)", tmp_path).usage
    assert usage.wall >= 1.5
    assert usage.cpu < 1.0


def test_what_a_burner_burns_is_counted(tmp_path: Path) -> None:
    usage = _run("import time\nwhile time.process_time() < 0.5: pass", tmp_path).usage
    assert usage.cpu >= 0.5


def test_the_cpu_time_of_a_grandchild_counts_too(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    usage = _run(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])", tmp_path).usage
    assert usage.cpu >= 0.5


def test_peak_memory_is_in_bytes(tmp_path: Path) -> None:
    assert 200 * _MIB < _run("b = bytes(b'x') * (200 << 20)", tmp_path).usage.peak < 600 * _MIB


def test_what_a_process_says_and_how_it_ends_is_kept(tmp_path: Path) -> None:
    finished = _run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (finished.code, finished.stdout, finished.stderr) == (3, "out\n", "err\n")


def test_a_process_beyond_the_limit_is_killed(tmp_path: Path) -> None:
    assert _run("import time; time.sleep(60)", tmp_path, limit=0.5).code == -9


def test_runs_alternate() -> None:
    assert list(alternating(["a", "b", "c"], 2)) == ["a", "b", "c", "a", "b", "c"]


def test_each_figure_has_its_own_median() -> None:
    assert medians([_usage(1.0, 9.0, 5), _usage(2.0, 7.0, 4), _usage(9.0, 8.0, 6)]) == _usage(2.0, 8.0, 5)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([("p", "a", "1.0")], [("p", "A", "1")], ()),
        ([("p", "a", "1.0")], [("p", "a", "1.1")], ("p a: 1.0 here, 1.1 there",)),
        ([("p", "a", "1.0")], [("p", "a", "1.0+cpu")], ("p a: 1.0 here, 1.0+cpu there",)),
        ([("p", "a.b", "1")], [("p", "c", "1")], ("p a-b: 1 here, none there", "p c: none here, 1 there")),
        ([("p", "a", "1 h0_0")], [("p", "a", "1 h0_1")], ("p a: 1 h0_0 here, 1 h0_1 there",)),
        ([("p", "a", "1")], [("q", "a", "1")], ("p a: 1 here, none there", "q a: none here, 1 there")),
    ],
)
def test_answers_are_compared_by_version(
    ours: list[tuple[str, str, str]], theirs: list[tuple[str, str, str]], expected: tuple[str, ...]
) -> None:
    assert differences(packages(ours), packages(theirs)) == expected


def test_the_table() -> None:
    assert as_markdown(_outcomes()) == _TABLE


def test_the_json_holds_every_run() -> None:
    first, second, *_ = json.loads(as_json(_outcomes(), about={"runs": "3"}))["outcomes"]
    assert [run["cpu"] for run in first["runs"]] == [0.2, 0.3, 0.9]
    assert first["median"] == {"cpu": 0.3, "wall": 0.4, "peak": 50 * _MIB}
    assert second["packages"] == [["linux-64", "click", "8.0"], ["linux-64", "flask", "3.1.0"]]


def test_the_longest_bar_of_a_case_is_the_widest() -> None:
    svg = as_svg(_outcomes())
    assert [line.split('width="')[1].split('"')[0] for line in svg.splitlines() if line.startswith("<rect")] == [
        "420.0",
        "210.0",
        "420.0",
    ]


_CONDA_LOCK = """\
package:
- name: numpy
  version: "2.1.0"
  manager: conda
  platform: osx-arm64
  dependencies:
    python: ">=3.12"
  url: https://conda.example.org/c/osx-arm64/numpy-2.1.0-py312_0.conda
- name: idna
  version: 3.7
  manager: pip
  platform: osx-arm64
  dependencies: {}
  url: https://example.org/idna-3.7-py3-none-any.whl
"""

_PIXI_LOCK = """\
version: 6
environments:
  default:
    packages:
      linux-64:
      - conda: https://conda.example.org/c/noarch/python-dateutil-2.9-pyh_0.conda
      osx-64:
      - conda: https://conda.example.org/c/osx-64/zlib-1.3-h0_1.tar.bz2
packages:
- conda: https://conda.example.org/c/osx-64/zlib-1.3-h0_1.tar.bz2
"""


def test_what_tools_write_is_read(tmp_path: Path) -> None:
    (tmp_path / "conda-lock.yml").write_text(_CONDA_LOCK)
    (tmp_path / "pixi.lock").write_text(_PIXI_LOCK)
    (tmp_path / "pylock.toml").write_text('[[packages]]\nname = "A.b"\nversion = "1"\n')
    said = Finished(code=0, usage=_usage(1.0), stdout="# c==9\nFlask==3.1\nclick==8.1 ; x\n", stderr="")
    assert conda_lock(tmp_path, said) == {("osx-arm64", "numpy"): "2.1.0 py312_0", ("osx-arm64", "idna"): "3.7"}
    assert pixi_lock(tmp_path, said) == {
        ("linux-64", "python-dateutil"): "2.9 pyh_0",
        ("osx-64", "zlib"): "1.3 h0_1",
    }
    assert toml_lock("pylock.toml", "packages")(tmp_path, said) == {("linux-64", "a-b"): "1"}
    assert pins_on_stdout(tmp_path, said) == {("linux-64", "flask"): "3.1", ("linux-64", "click"): "8.1"}


def _measured(name: str, code: str, tmp_path: Path, *, solvable: bool = True) -> Outcome:
    """A tool that is a line of Python, measured three times."""
    command: Command = (sys.executable, "-c", code)

    def ask(case: Case, place: Place, program: str) -> Asked:
        return Asked(files={"in": "x"}, warm=(), command=command, made=("made",), answer=pins_on_stdout)

    tool = Tool(name=name, kinds=frozenset(("pypi",)), programs=(sys.executable,), ask=ask)
    case = Case(name="T", kind="pypi", about="", solvable=solvable)
    bench = Bench(out=tmp_path, channel=tmp_path, runs=3, limit=60.0)
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
    outcome = _measured("samebox", "import sys; sys.exit('a and b conflict')", tmp_path, solvable=False)
    assert (outcome.state, outcome.message, len(outcome.usages)) == ("measured", "a and b conflict", 3)


@pytest.mark.parametrize("code", ["print('a==1')", "1 / 0", "import os; os.abort()"])
def test_neither_an_answer_nor_a_crash_is_an_explanation(code: str, tmp_path: Path) -> None:
    assert _measured("samebox", code, tmp_path, solvable=False).state == "failed"


def test_a_tool_that_is_not_there_is_noted(tmp_path: Path) -> None:
    def ask(case: Case, place: Place, program: str) -> Asked:
        raise AssertionError("it is not there")

    tool = Tool(name="x", kinds=frozenset(("pypi",)), programs=("no-such-program",), ask=ask)
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


def test_the_command_lists_cases_and_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(CASES)]] == list(CASES)
    assert any(line.startswith("py-rattler ") for line in lines)


def test_a_tool_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--cases", "S1", "--tools", "abacus"])
    assert "'abacus' is neither a tool nor CASE:TOOL" in capsys.readouterr().err
