"""Running one process and taking what it used, and the order in which runs are made."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finished", "Usage", "alternating", "medians", "run_process"]

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process used, with the children that it waited for: seconds of CPU (user and system) and of wall time,
    and the peak resident memory of the largest of these processes in bytes.

    The kernel counts the memory of the process that starts another one as the other's first, so that a peak below
    this program's own cannot be seen."""

    cpu: float
    wall: float
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A process that has ended; a negative ``code`` is the signal that ended it, ``over_limit`` says that it was us."""

    code: int
    usage: Usage
    stdout: str
    stderr: str
    over_limit: bool = False


def run_process(
    command: Sequence[str], *, folder: Path, environ: Mapping[str, str], scratch: Path, limit: float
) -> Finished:
    """Run ``command`` in ``folder`` and wait for it; it is killed after ``limit`` seconds, with all that it started
    (its process group), so that nothing of it disturbs the next run. What it says goes to files in ``scratch``, so that
    nobody has to read while it runs. Raises ``OSError`` if it cannot be started."""
    over_limit = threading.Event()
    out, err = scratch / "stdout", scratch / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        guard = threading.Timer(limit, _end_group, (process.pid, over_limit))
        guard.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            guard.cancel()
    return Finished(
        code=process.returncode,
        usage=Usage(cpu=usage.ru_utime + usage.ru_stime, wall=wall, peak=usage.ru_maxrss * _PEAK_UNIT),
        stdout=out.read_text(encoding="utf-8", errors="replace"),
        stderr=err.read_text(encoding="utf-8", errors="replace"),
        over_limit=over_limit.is_set(),
    )


def _end_group(leader: int, over_limit: threading.Event) -> None:
    over_limit.set()
    with contextlib.suppress(ProcessLookupError):  # it ended at this very moment
        os.killpg(leader, signal.SIGKILL)


def alternating(names: Sequence[str], runs: int) -> Iterator[str]:
    """A B A B …: what disturbs the machine for a while disturbs all of them."""
    for _ in range(runs):
        yield from names


def medians(usages: Sequence[Usage]) -> Usage:
    """The median of each figure by itself. Raises ``statistics.StatisticsError`` if there are none."""
    return Usage(
        cpu=statistics.median(u.cpu for u in usages),
        wall=statistics.median(u.wall for u in usages),
        peak=int(statistics.median(u.peak for u in usages)),
    )
