"""Is what a run came to the right outcome? Only then it may count as a time: a run that fails is often a fast one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.agree import Packages
from benchmarks.cases import Case
from benchmarks.measure import Finished

__all__ = ["Unreadable", "answer", "fault", "first_line"]

_WIDTH = 160
_NEVER_LOOKED = re.compile(r"offline|network|connection|timed out|not found in the cache", re.IGNORECASE)
_FAULT = re.compile(r"error|not found|no solution|because|cannot", re.IGNORECASE)


class Unreadable(Exception):
    """A tool said that it was done and left no answer that can be read."""


def fault(finished: Finished, case: Case, *, limit: float) -> str:
    """Why a run did not come to the right outcome, in a line; empty where it did. ``limit`` is in seconds."""
    if finished.over_limit:
        return f"not done after {limit:g} s, {finished.usage.cpu:.1f} s of them CPU"
    told = first_line(finished) or f"exit code {finished.code}"
    if _crashed(finished):
        return told
    if case.solvable:
        return "" if finished.code == 0 else told
    return "an answer where there is no solution" if finished.code == 0 else _no_explanation(finished, case, told)


def _crashed(finished: Finished) -> bool:
    """Ended by a signal or by an exception that nobody caught: never a right outcome, not even where there is none."""
    return finished.code < 0 or finished.stderr.startswith("Traceback ")


def _no_explanation(finished: Finished, case: Case, told: str) -> str:
    """A tool may also give up since it could not ask: an explanation names a project asked for, and no such reason."""
    said = finished.stdout + finished.stderr
    names = [Requirement(text).name for text in case.pip]
    if not any(name.lower() in said.lower() for name in names):
        return f"no word of {' or '.join(names)}: {told}"[:_WIDTH]
    return f"not looked for: {told}"[:_WIDTH] if _NEVER_LOOKED.search(said) else ""


def answer(
    read: Callable[[Path, Finished], Packages] | None, folder: Path, finished: Finished, case: Case
) -> Packages | None:
    """The packages that a right run came to; ``None`` where there are none to compare. Raises ``Unreadable``."""
    if read is None or not case.solvable:
        return None
    try:
        packages = read(folder, finished)
    except (OSError, LookupError, ValueError) as error:  # no file, or not in the format
        raise Unreadable(f"no answer that can be read: {error}"[:_WIDTH]) from error
    if not packages:
        raise Unreadable("an answer without packages")
    return packages


def first_line(finished: Finished) -> str:
    """The first line that a tool says: of stdout where it is done; else of stderr, if there, the first that tells what
    is wrong (progress and warnings may stand above it)."""
    text = finished.stdout if finished.code == 0 else finished.stderr.strip() or finished.stdout
    lines = [line.strip()[:_WIDTH] for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if _FAULT.search(line)] if finished.code != 0 else []
    return [*telling, *lines, ""][0]
