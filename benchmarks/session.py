"""One case: every tool is warmed up, then their runs alternate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agree import Packages
from benchmarks.cases import Case
from benchmarks.measure import Finished, Usage, alternating, run_process
from benchmarks.report import Outcome
from benchmarks.tools import Asked, Command, Place, Tool, find_program

__all__ = ["Bench", "Selected", "measure_case"]

_OTHERS_SETTINGS = (
    "PIP_",
    "UV_",
    "PDM_",
    "POETRY_",
    "CONDA_",
    "MAMBA_",
    "PIXI_",
    "NAB_",
    "SAMEBOX_",
    "VIRTUAL_ENV",
    "PYTHON",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all cases share. ``limit`` is in seconds, for one run."""

    out: Path
    channel: Path
    runs: int
    limit: float
    index: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A tool and where its program is, or why it cannot be used."""

    tool: Tool
    program: str
    absence: str

    @classmethod
    def of(cls, tool: Tool) -> Selected:
        found = [find_program(program) for program in tool.programs]
        missing = [name for name, path in zip(tool.programs, found, strict=True) if path is None]
        absence = f"{' and '.join(missing)} not installed" if missing else ""
        return cls(tool=tool, program=found[0] or "", absence=absence)


@dataclass(slots=True, kw_only=True)
class _Entrant:
    """A tool on one case, while it is measured."""

    name: str
    case: Case
    asked: Asked
    folder: Path
    bench: Bench
    environ: dict[str, str]
    usages: list[Usage] = field(default_factory=list)
    packages: Packages | None = None
    failure: str = ""
    said: str = ""

    def warm(self) -> None:
        """Fill the caches, then run once as it will be measured, which also gives the answer."""
        for command in self.asked.warm:
            finished = self._run(command)
            if self.case.solvable and finished.code != 0:
                self.failure = _first_line(finished)
                return
        finished = self.run()
        if not self.failure and self.case.solvable:
            self.packages = self.asked.answer(self.folder, finished) if self.asked.answer else None
        self.said = _first_line(finished) if self.packages is None else self.asked.note

    def measure(self) -> None:
        if not self.failure:
            self.usages.append(self.run().usage)

    def run(self) -> Finished:
        for name in self.asked.made:
            (self.folder / name).unlink(missing_ok=True)
        finished = self._run(self.asked.command)
        if (finished.code == 0) != self.case.solvable or _crashed(finished):
            self.failure = _first_line(finished) or f"exit code {finished.code}"
        return finished

    def _run(self, command: Command) -> Finished:
        scratch = self.folder.parent / f"{self.folder.name}.output"
        scratch.mkdir(exist_ok=True)
        return run_process(command, folder=self.folder, environ=self.environ, scratch=scratch, limit=self.bench.limit)

    def outcome(self) -> Outcome:
        if self.failure:
            return Outcome(case=self.case.name, tool=self.name, state="failed", message=self.failure)
        return Outcome(
            case=self.case.name,
            tool=self.name,
            state="measured",
            usages=tuple(self.usages),
            packages=self.packages,
            message=self.said,
        )


def measure_case(case: Case, tools: Sequence[Selected], bench: Bench) -> list[Outcome]:
    """Outcomes in the order of the tools."""
    entrants = {s.tool.name: _entrant(case, s, bench) for s in tools if not s.absence}
    for entrant in entrants.values():
        entrant.warm()
    for name in alternating(list(entrants), bench.runs):
        entrants[name].measure()
    return [
        Outcome(case=case.name, tool=s.tool.name, state="absent", message=s.absence)
        if s.absence
        else entrants[s.tool.name].outcome()
        for s in tools
    ]


def _entrant(case: Case, selected: Selected, bench: Bench) -> _Entrant:
    name = selected.tool.name.replace(" ", "-")
    folder, home = bench.out / "work" / case.name / name, bench.out / "homes" / name
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    place = Place(folder=folder, home=home, channel=bench.channel, index=bench.index)
    asked = selected.tool.ask(case, place, selected.program)
    for file, text in asked.files.items():
        (folder / file).write_text(text, encoding="utf-8")
    return _Entrant(
        name=selected.tool.name,
        case=case,
        asked=asked,
        folder=folder,
        bench=bench,
        environ={**clean_environ(home), **asked.environ},
    )


def clean_environ(home: Path) -> dict[str, str]:
    """This process's environment, but for what would configure one tool and not another (of Python's own variables,
    one forbids to keep compiled modules, as an installed program has them); caches and the user's settings are looked
    for in ``home``. pip's settings of the machine are left out too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS_SETTINGS)}
    caches = {"XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config")}
    return {**kept, "HOME": str(home), **caches, "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}


def _crashed(finished: Finished) -> bool:
    """Ended by a signal or by an exception that nobody caught: never a right outcome, not even where there is none."""
    return finished.code < 0 or finished.stderr.startswith("Traceback ")


def _first_line(finished: Finished) -> str:
    """The first line that a tool says: on stderr where it failed, else on stdout."""
    text = finished.stderr if finished.code != 0 else finished.stdout
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:160] if lines else ""
