"""One case: every tool is warmed up, then their runs alternate."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agree import Packages, differences
from benchmarks.cases import Case
from benchmarks.judge import Unreadable, answer, fault, first_line
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
        program, absence = found[0] or "", f"{' and '.join(missing)} not installed" if missing else ""
        if not absence and tool.probe and not _ends_well((program, *tool.probe)):
            absence = f"{program} knows no '{' '.join(tool.probe)}'"
        return cls(tool=tool, program=program, absence=absence)


def _ends_well(command: Command) -> bool:
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


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
            self.failure = fault(self._run(command), self.case, limit=self.bench.limit)
            if self.failure:
                return
        finished = self.run()
        self.packages = self._answer(finished)
        self.said = first_line(finished) if self.packages is None else self.asked.note

    def measure(self) -> None:
        """A run counts only if it ends as it should and answers what it answered before."""
        if self.failure:
            return
        finished = self.run()
        found = self._answer(finished)
        if not self.failure:
            self.failure = self._change(finished, found)
        self.usages.append(finished.usage)

    def _change(self, finished: Finished, found: Packages | None) -> str:
        if self.packages is not None and found is not None:
            changed = differences(self.packages, found)
            return f"another answer than when warmed up: {changed[0]}" if changed else ""
        said = first_line(finished)
        return f"{said!r}, and when warmed up {self.said!r}" if self.case.solvable and said != self.said else ""

    def run(self) -> Finished:
        for name in self.asked.made:
            (self.folder / name).unlink(missing_ok=True)
        if self.asked.before:
            subprocess.run(self.asked.before, cwd=self.folder, env=self.environ, check=True)
        finished = self._run(self.asked.command)
        self.failure = fault(finished, self.case, limit=self.bench.limit)
        return finished

    def _answer(self, finished: Finished) -> Packages | None:
        if self.failure:
            return None
        try:
            return answer(self.asked.answer, self.folder, finished, self.case)
        except Unreadable as error:
            self.failure = str(error)
            return None

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
