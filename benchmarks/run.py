"""The command: select cases and tools, warm them up, measure, and report.

python -m benchmarks --list
python -m benchmarks --cases S1 S2 conda-4 --tools samebox uv py-rattler -n 5 --out /tmp/benchmarks

Tools are looked for on PATH, then beside this Python; an index other than the default one is named by PIP_INDEX_URL,
for all of them (Poetry asks the default index by an interface of its own, and any other one by the Simple API).
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import zstandard

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.cases import CASES, Case
from benchmarks.chart import as_svg
from benchmarks.conda_tools import CONDA_TOOLS, SAMEBOX, WITHOUT_NOTES
from benchmarks.pypi_tools import PYPI_TOOLS
from benchmarks.report import Outcome, as_json, as_markdown
from benchmarks.session import Bench, Selected, measure_case
from benchmarks.tools import ROOT, Tool

__all__ = ["main"]

_TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (SAMEBOX, WITHOUT_NOTES, *PYPI_TOOLS, *CONDA_TOOLS)}
_SAMPLE = ROOT.parent / "shared" / "conda-forge-sample"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, and 1 where a tool that is there did not come to the right outcome."""
    options = _parser().parse_args(arguments)
    if options.list:
        _list()
        return 0
    out = Path(options.out or tempfile.mkdtemp(prefix="samebox-benchmarks-")).absolute()
    out.mkdir(parents=True, exist_ok=True)
    cases = [CASES[name] for name in options.cases]
    with_conda = any(case.kind != "pypi" for case in cases)
    channel = decompressed(options.sample, out / "channel") if with_conda else out / "channel"
    bench = Bench(
        out=out, channel=channel, runs=options.runs, limit=options.limit, index=os.environ.get("PIP_INDEX_URL")
    )
    outcomes: list[Outcome] = []
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"python": platform.python_version(), "machine": platform.machine(), "runs": str(options.runs)}
    for case in cases:
        print(f"{case.name}: {case.about}", file=sys.stderr, flush=True)
        outcomes += measure_case(case, list(_selected(case, options.tools)), bench)
        _write(outcomes, out, about={**about, "begun": begun})
    print(as_markdown(outcomes), end="")
    print(f"written to {out}", file=sys.stderr)
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


def _write(outcomes: Sequence[Outcome], out: Path, *, about: dict[str, str]) -> None:
    """After each case, so that a run which is stopped leaves what it has measured."""
    (out / "results.md").write_text(as_markdown(outcomes), encoding="utf-8")
    (out / "results.json").write_text(as_json(outcomes, about=about), encoding="utf-8")
    (out / "results.svg").write_text(as_svg(outcomes), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="cases × tools, as whole processes")
    add = parser.add_argument
    add("--cases", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE", help="default: all")
    add("--tools", nargs="+", default=list(_TOOLS), type=_tool, metavar="[CASE:]TOOL", help="default: all")
    add("-n", dest="runs", type=int, default=5, metavar="RUNS", help="measured runs of each (default: 5)")
    add("--out", metavar="DIR", help="where caches and results go (default: a new temporary folder)")
    add("--sample", type=Path, default=_SAMPLE, metavar="DIR", help="a folder of repodata that stands for conda-forge")
    add("--limit", type=float, default=600.0, metavar="SECONDS", help="a run that takes longer has failed")
    add("--list", action="store_true", help="list cases and tools")
    return parser


def _tool(text: str) -> str:
    case, colon, name = text.rpartition(":")
    if name not in _TOOLS or (colon and case not in CASES):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a tool nor CASE:TOOL; --list tells them")
    return text


def _selected(case: Case, chosen: Sequence[str]) -> Iterator[Selected]:
    for text in chosen:
        only, _, name = text.rpartition(":")
        tool = _TOOLS[name]
        if only in ("", case.name) and tool.takes(case):
            yield Selected.of(tool)


def _list() -> None:
    for case in CASES.values():
        print(f"{case.name:10} {case.about}")
    for tool in _TOOLS.values():
        selected = Selected.of(tool)
        print(f"{tool.name:12} {', '.join(sorted(tool.kinds)):34} {selected.absence or selected.program}")


def decompressed(sample: Path, folder: Path) -> Path:
    """``SUBDIR/repodata.json`` of each subdir of the sample, as every tool can read it."""
    for packed in sorted(sample.glob("*/repodata.json.zst")):
        plain = folder / packed.parent.name / "repodata.json"
        if not plain.exists():
            plain.parent.mkdir(parents=True, exist_ok=True)
            with packed.open("rb") as source, plain.open("wb") as target:
                shutil.copyfileobj(zstandard.ZstdDecompressor().stream_reader(source), target)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
