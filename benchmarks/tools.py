"""The tools: what each is asked for a case, and how its answer is read."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agree import Packages
from benchmarks.cases import Case, Kind
from benchmarks.measure import Finished

__all__ = ["ROOT", "Asked", "Command", "Place", "Tool", "find_program"]

ROOT = Path(__file__).parent.parent

Command = tuple[str, ...]
Answer = Callable[[Path, Finished], Packages]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tool works: ``folder`` is its project for one case, ``home`` holds its caches, ``channel`` is the folder
    that stands for conda-forge (repodata.json, decompressed), ``index`` a PyPI index that is not the default."""

    folder: Path
    home: Path
    channel: Path
    index: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``files`` are written into the project; ``warm`` is run once, with the network; ``command`` is what is measured,
    each time without the files in ``made``, and after ``before``, which is not. ``answer`` reads what came out; without
    it, the first line of stdout is the answer, and ``note`` says what to know about the figures."""

    files: Mapping[str, str]
    warm: tuple[Command, ...]
    command: Command
    made: tuple[str, ...] = ()
    before: Command = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    answer: Answer | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """``programs`` must all be there: the first is the tool's own, and ``probe`` are arguments that one which is new
    enough takes. ``many_platforms`` says that one run can solve for more than one."""

    name: str
    kinds: frozenset[Kind]
    programs: tuple[str, ...]
    ask: Callable[[Case, Place, str], Asked]
    probe: Command = ()
    many_platforms: bool = False

    def takes(self, case: Case) -> bool:
        return case.kind in self.kinds and (self.many_platforms or len(case.platforms) == 1)


def find_program(name: str) -> str | None:
    """On ``PATH``, else beside this Python."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), beside)))
