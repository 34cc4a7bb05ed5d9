"""One SAT problem over conda's records and made-up ones: the engine of the joint solve over conda and PyPI.

A made-up record stands for a version of a PyPI project. Its version is a whole number, the rank of that version, so
that the solver never has to know what PEP 440 is. Records are handed over as repodata in a file: py-rattler's own way
to take records from Python objects crashes the interpreter at exit in a third of short processes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rattler import Channel, MatchSpec, SparseRepoData
from rattler.exceptions import GatewayError, SolverError

from resolver.conda.channels import Channels
from resolver.conda.filters import filtered_sources
from resolver.conda.problems import MadeUpRecord, MixedProblem, MixedSolution
from resolver.conda.solve import only_hashed, run, solve_records

__all__ = ["solve_mixed"]

_CHANNEL = "https://pypi.invalid/ranked"


def solve_mixed(channels: Channels, problem: MixedProblem) -> MixedSolution | str:
    """The solution, or the solver's words for why there is none. Raises ``IndexUnavailable``."""
    return run(_solve_mixed(channels, problem))


async def _solve_mixed(channels: Channels, problem: MixedProblem) -> MixedSolution | str:
    conda = problem.conda
    needs = (need for record in problem.records for need in (*record.depends, *record.constrains))
    sources = await filtered_sources(channels, conda, (*problem.specs, *problem.constraints, *needs))
    specs = [MatchSpec(spec, strict=True) for spec in problem.specs]
    with tempfile.TemporaryDirectory(prefix="samebox-") as folder:
        made_up = _as_repodata(problem.records, Path(folder))
        try:
            chosen = await solve_records(channels, conda, [*sources, made_up], specs, problem.constraints)
            if any(r.sha256 is None for r in chosen):
                sources, _ = await only_hashed(channels, conda, sources)
                chosen = await solve_records(channels, conda, [*sources, made_up], specs, problem.constraints)
        except SolverError as error:
            return channels.canonical_text(str(error))
        except GatewayError as error:
            raise channels.unavailable(conda, error) from error
    names = {record.name for record in problem.records}
    ours = [r for r in chosen if r.name.normalized in names]
    theirs = channels.choose(r for r in chosen if r.name.normalized not in names)
    return MixedSolution(records=theirs, ranks={r.name.normalized: int(str(r.version)) for r in ours})


def _as_repodata(records: Sequence[MadeUpRecord], folder: Path) -> SparseRepoData:
    rows = {f"{r.name}-{r.rank}-0.conda": _row(r) for r in records}
    path = folder / "repodata.json"
    path.write_text(json.dumps({"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": rows}))
    return SparseRepoData(Channel(_CHANNEL), "noarch", path)


def _row(record: MadeUpRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "version": str(record.rank),
        "build": "0",
        "build_number": 0,
        "subdir": "noarch",
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "sha256": "0" * 64,
        "timestamp": 1,  # older than any cut-off: what may not be used is not made up in the first place
    }
