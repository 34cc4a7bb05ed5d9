"""An answer with some packages at other versions and all else as it is: a SAT problem over some dozen records.

Where it has a solution, that is one of the whole problem too, for a hundredth of the work; where it has none, the whole
problem may have one still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rattler import RepoDataRecord
from rattler.exceptions import SolverError

from resolver.conda.channels import Channels
from resolver.conda.lookup import records_of
from resolver.conda.problems import CondaProblem
from resolver.conda.records import CondaRecord
from resolver.conda.rewritten import rewritten
from resolver.conda.solve import run, solve_few
from resolver.values import replace

__all__ = ["solve_within"]


def solve_within(
    channels: Channels,
    problem: CondaProblem,
    records: Sequence[CondaRecord],
    versions: Mapping[str, frozenset[str]],
) -> tuple[CondaRecord, ...] | None:
    """The problem solved with ``records``, an answer that these ``channels`` gave, and the builds of the ``versions``
    of some of their packages; ``None`` where that has no solution. Raises ``IndexUnavailable``."""
    return run(_solve_within(channels, problem, records, versions))


async def _solve_within(
    channels: Channels,
    problem: CondaProblem,
    records: Sequence[CondaRecord],
    versions: Mapping[str, frozenset[str]],
) -> tuple[CondaRecord, ...] | None:
    there = {record.url: channels.chosen[record.url] for record in records}
    for record in await _builds(channels, problem, records, versions):
        there.setdefault(channels.canonical_text(record.url), record)
    sources = rewritten(channels, problem, list(there.values()))
    try:
        # the pins have been looked at already: as preferred records they would be candidates too
        answer = await solve_few(replace(problem, pins=()), sources)
    except SolverError:
        return None
    known = {_file(channels, record): record for record in there.values()}
    return channels.choose(known[_file(channels, record)] for record in answer)


async def _builds(
    channels: Channels,
    problem: CondaProblem,
    records: Sequence[CondaRecord],
    versions: Mapping[str, frozenset[str]],
) -> list[RepoDataRecord]:
    """Those of each package from the channel that it is from now; of a pinned one none but the pin."""
    pinned = {pin.name: pin.url for pin in problem.pins}
    chosen = {r.name: r for r in records if r.name in versions and r.url != pinned.get(r.name)}
    builds: list[RepoDataRecord] = []
    for name, found in (await records_of(channels, problem, sorted(chosen))).items():
        channel = channels.canonical_channel(channels.chosen[chosen[name].url])
        fitting = [r for r in found if r.sha256 and str(r.version) in versions[name]]
        fitting = [r for r in fitting if channels.canonical_channel(r) == channel]
        builds += [r for r in fitting if channels.canonical_text(r.url) == pinned.get(name)] or fitting
    return builds


def _file(channels: Channels, record: RepoDataRecord) -> tuple[str, str, str]:
    return channels.canonical_channel(record), record.subdir, record.file_name
