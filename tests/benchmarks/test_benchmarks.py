"""The benchmarks' own parts. Nothing here judges how fast anything is."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks.agree import differences, packages
from benchmarks.answers import conda_lock, pins_on_stdout, pixi_lock, toml_lock
from benchmarks.cases import CASES
from benchmarks.chart import as_svg
from benchmarks.measure import Finished, Usage, alternating, medians, run_process
from benchmarks.report import Outcome, as_json, as_markdown
from benchmarks.run import main

_MIB = 2**20

_TABLE = """\
| case | tool | CPU s | wall s | peak MiB | packages | samebox ÷ it, CPU | answer |
|---|---|--:|--:|--:|--:|--:|---|
| S1 | samebox | 0.300 | 0.400 | 50 | 2 |  |  |
| S1 | uv | 0.150 | 0.100 | 30 | 2 | 2.00 | 1 differ |
| S1 | pdm | | | | | | absent: pdm not installed |
| S1 | poetry | | | | | | failed: no a/b |
| S6 | samebox | 0.250 | 0.250 | 40 |  |  | error: no solution |

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
    finished = _run("import time; time.sleep(60)", tmp_path, limit=0.5)
    assert (finished.code, finished.over_limit) == (-9, True)


def test_what_it_started_is_killed_with_it(tmp_path: Path) -> None:
    late = "import time; time.sleep(2); open('late', 'w').close()"
    _run(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {late!r}])", tmp_path, limit=0.5)
    time.sleep(2.5)
    assert not (tmp_path / "late").exists()


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


_PYLOCK = """\
[[packages]]
name = "A.b"
version = "1"
[[packages]]
name = "colorama"
version = "0.4"
marker = 'sys_platform == "win32"'
"""

_POETRY_LOCK = """\
[[package]]
name = "numpy"
version = "2.3"
markers = 'python_version == "3.11"'
[[package]]
name = "numpy"
version = "2.4"
markers = 'python_version >= "3.12"'
[[package]]
name = "tomli"
version = "2"
[package.markers]
main = 'sys_platform == "win32"'
dev = 'sys_platform == "linux"'
[[package]]
name = "pywin32"
version = "3"
[package.markers]
main = 'sys_platform == "win32"'
"""


def test_what_tools_write_is_read(tmp_path: Path) -> None:
    (tmp_path / "conda-lock.yml").write_text(_CONDA_LOCK)
    (tmp_path / "pixi.lock").write_text(_PIXI_LOCK)
    (tmp_path / "pylock.toml").write_text(_PYLOCK)
    (tmp_path / "poetry.lock").write_text(_POETRY_LOCK)
    said = Finished(code=0, usage=_usage(1.0), stdout="# c==9\nFlask==3.1\nclick==8.1 ; x\n", stderr="")
    assert conda_lock(tmp_path, said) == {("osx-arm64", "numpy"): "2.1.0 py312_0", ("osx-arm64", "idna"): "3.7"}
    assert pixi_lock(tmp_path, said) == {
        ("linux-64", "python-dateutil"): "2.9 pyh_0",
        ("osx-64", "zlib"): "1.3 h0_1",
    }
    assert toml_lock("pylock.toml", "packages", python="3.11")(tmp_path, said) == {("linux-64", "a-b"): "1"}
    assert toml_lock("poetry.lock", "package", python="3.11")(tmp_path, said) == {
        ("linux-64", "numpy"): "2.3",
        ("linux-64", "tomli"): "2",
    }
    assert pins_on_stdout(tmp_path, said) == {("linux-64", "flask"): "3.1", ("linux-64", "click"): "8.1"}


def test_the_command_lists_cases_and_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(CASES)]] == list(CASES)
    assert any(line.startswith("py-rattler ") for line in lines)


def test_a_tool_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--cases", "S1", "--tools", "abacus"])
    assert "'abacus' is neither a tool nor CASE:TOOL" in capsys.readouterr().err
