"""Solving: conda specs on several platforms at once, by py-rattler's resolvo."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Coroutine, Sequence
from datetime import UTC
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from rattler import (
    ChannelPriority,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    RepoDataRecord,
    SparseRepoData,
    Version,
    solve,
    solve_with_sparse_repodata,
)
from rattler.exceptions import GatewayError, SolverError
from rattler.package import BuildString

from resolver.conda.channels import Channels, Source
from resolver.conda.filters import filtered_sources, left_out
from resolver.conda.pins import pinned_records
from resolver.conda.problems import CondaProblem, CondaSolution, CondaUnsolvable
from resolver.conda.reach import ReachCache
from resolver.conda.rewritten import rewritten
from resolver.conda.specs import match_spec, name_spec
from resolver.model import CondaSpec
from resolver.platforms import Platform
from resolver.values import replace

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ["only_hashed", "run", "solve_all", "solve_few", "solve_records"]

_T = TypeVar("_T")

_PRIORITIES = {
    "strict": ChannelPriority.Strict,
    "flexible": ChannelPriority.Flexible,
    "disabled": ChannelPriority.Disabled,
}


def solve_all(channels: Channels, problems: Sequence[CondaProblem]) -> list[CondaSolution | CondaUnsolvable]:
    """Solve each problem; answers come in the order of the problems, whatever finishes first.

    Raises ``IndexUnavailable`` where a channel cannot be read.
    """

    import asyncio  # it brings ssl, which matching alone does not need

    reach = channels.reach(problems)
    channels.kept = reach.kept()

    async def gather() -> list[CondaSolution | CondaUnsolvable]:
        return list(await asyncio.gather(*(_solve_one(channels, problem, reach) for problem in problems)))

    answers = run(gather())
    reach.keep(channels.canonical_text)
    return answers


async def _solve_one(channels: Channels, problem: CondaProblem, reach: ReachCache) -> CondaSolution | CondaUnsolvable:
    sources = await filtered_sources(channels, problem)
    unhashed: tuple[tuple[str, str], ...] = ()
    try:
        shown = await _shown(channels, problem, sources, reach)
        records = await solve_records(channels, problem, sources)
        if any(record.sha256 is None for record in records):
            sources, unhashed = await only_hashed(channels, problem, sources)
            records = await solve_records(channels, problem, sources)
    except SolverError as error:
        found = await _unsolvable(channels, problem, sources, channels.canonical_text(str(error)))
        filtered = await left_out(channels, problem, (spec.name for spec in found.core))
        untimed = await _untimed(channels, problem, sources)
        return replace(found, unhashed=unhashed, untimed=untimed, filtered=filtered)
    except GatewayError as error:
        raise channels.unavailable(problem, error) from error
    return CondaSolution(records=channels.choose(records), shown=shown)


async def solve_records(
    channels: Channels,
    problem: CondaProblem,
    sources: Sequence[Source],
    specs: Sequence[MatchSpec] = (),
    constraints: Sequence[str] = (),
) -> list[RepoDataRecord]:
    """The chosen records; ``specs`` are asked for besides the problem's own, and ``constraints`` limit without asking.
    Raises rattler's ``SolverError`` and ``GatewayError``."""
    return await solve(
        sources,
        **_asked(problem, specs, constraints),
        locked_packages=await pinned_records(channels, problem),
        gateway=channels.gateway(problem.channels),
        platforms=list(problem.subdirs),  # type: ignore[arg-type]
        channel_relations="disabled",
    )


async def solve_few(problem: CondaProblem, sources: Sequence[SparseRepoData]) -> list[RepoDataRecord]:
    """The same where there is not much to read, and all of it in files: the gateway would take twice as long to hand
    it over as the solver needs. No pin is preferred. Raises rattler's ``SolverError``."""
    return await solve_with_sparse_repodata(sparse_repodata=sources, **_asked(problem))


def _asked(problem: CondaProblem, specs: Sequence[MatchSpec] = (), constraints: Sequence[str] = ()) -> dict[str, Any]:
    pinned = {pin.name for pin in problem.pins}
    own = sorted(problem.specs, key=lambda spec: (spec.name != "python", spec.name not in pinned, str(spec)))
    python = sum(spec.name == "python" for spec in own)
    return {
        # roots are decided in the order given: python, what is asked besides, the rest by name, what is pinned before
        # what is new; the order of a file's lines is no input
        "specs": [*map(name_spec, own[:python]), *specs, *map(name_spec, own[python:])],
        "constraints": [*map(match_spec, own), *constraints, *problem.limits],
        "virtual_packages": _virtual_packages(problem.platform),
        "channel_priority": _PRIORITIES[problem.channel_priority],
        "exclude_newer": problem.cut_off.astimezone(UTC) if problem.cut_off else None,
        "timestamp_policy": "allow-missing" if problem.take_untimed else "require-timestamp",
    }


async def _shown(
    channels: Channels, problem: CondaProblem, sources: Sequence[Source], reach: ReachCache
) -> tuple[tuple[str, str], ...]:
    """For each channel the digest over the sorted sha256s of all records within reach of the specs."""
    if channels.kept is not None:
        return channels.kept.shown[problem.platform.subdir]
    reachable = await _reachable(channels, problem, sources)
    hashes: dict[str, list[str]] = {channel: [] for channel in problem.channels}
    for _, records in groupby(reachable, key=lambda record: record.channel):
        of_one = list(records)  # records come channel by channel, so that a channel's name is made out but once
        own = hashes.setdefault(channels.canonical_channel(of_one[0]), [])
        own += [sha256.hex() for r in of_one if (sha256 := r.sha256)]
    shown = tuple((channel, _digest(sorted(hashes[channel]))) for channel in problem.channels)
    reach.found(problem, reachable, shown)
    return shown


def _digest(hashes: Sequence[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(hashes).encode()).hexdigest()


async def _untimed(channels: Channels, problem: CondaProblem, sources: Sequence[Source]) -> int:
    """How many records within reach the cut-off leaves out because they have no time."""
    if problem.cut_off is None or problem.take_untimed:
        return 0
    return sum(r.timestamp is None for r in await _reachable(channels, problem, sources))


async def _reachable(channels: Channels, problem: CondaProblem, sources: Sequence[Source]) -> list[RepoDataRecord]:
    lists = await channels.gateway(problem.channels).query(
        sources,  # type: ignore[arg-type]
        list(problem.subdirs),  # type: ignore[arg-type]
        [name_spec(spec) for spec in problem.specs],
        channel_relations="disabled",
    )
    return [record for records in lists for record in records]


async def only_hashed(
    channels: Channels, problem: CondaProblem, sources: Sequence[Source]
) -> tuple[list[Source], tuple[tuple[str, str], ...]]:
    """The records within reach again, without those that have no sha256: such a record is never a candidate. Those
    that were left out come second, as (name, version).

    This is off the common path (some hundred old records of conda-forge are meant), so it may cost: the records
    are written out once more and read as repodata.
    """
    found = await _reachable(channels, problem, sources)
    unhashed = {(r.name.normalized, str(r.version)) for r in found if r.sha256 is None}
    return [*rewritten(channels, problem, [r for r in found if r.sha256])], tuple(sorted(unhashed))


def _virtual_packages(platform: Platform) -> list[GenericVirtualPackage]:
    return [
        GenericVirtualPackage(PackageName(p.name), Version(p.version), BuildString(p.build))
        for p in platform.virtual_packages
    ]


async def _unsolvable(
    channels: Channels, problem: CondaProblem, sources: Sequence[Source], text: str
) -> CondaUnsolvable:
    """The specs whose names are nowhere; else leave specs out one at a time for as long as what remains still has no
    solution."""
    core = sorted(problem.specs, key=str)
    names = frozenset(await channels.names(problem))
    unknown = tuple(spec for spec in core if spec.name not in names and not spec.name.startswith("__"))
    if unknown:
        return CondaUnsolvable(problem=problem, core=unknown, text=text, names=names)
    for spec in tuple(core):
        if len(core) == 1:
            break
        rest = [other for other in core if other is not spec]
        remaining = replace(problem, specs=tuple(rest))
        try:
            await solve_records(channels, remaining, sources)
        except SolverError as error:
            core, text = rest, channels.canonical_text(str(error))
    versions = await _versions(channels, problem, sources, core[0]) if len(core) == 1 else ()
    return CondaUnsolvable(problem=problem, core=tuple(core), text=text, names=names, versions=versions)


async def _versions(
    channels: Channels, problem: CondaProblem, sources: Sequence[Source], spec: CondaSpec
) -> tuple[str, ...]:
    """The versions of a package in the first channel that has it (strict priority), newest first, if none of its
    records there is what the spec asks for."""
    lists = await channels.gateway(problem.channels).query(
        sources,  # type: ignore[arg-type]
        list(problem.subdirs),  # type: ignore[arg-type]
        [MatchSpec(spec.name)],
        recursive=False,
        channel_relations="disabled",
    )
    found = [record for records in lists for record in records]
    by_channel = ([r for r in found if channels.canonical_channel(r) == channel] for channel in problem.channels)
    records = found if spec.channel is not None else next(filter(None, by_channel), [])
    if any(match_spec(spec).matches(record) for record in records):
        return ()
    return tuple(str(version) for version in sorted({record.version for record in records}, reverse=True))


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end, in another thread: the caller may be inside an event loop (a notebook is)."""
    import asyncio

    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


@cache
def _loop() -> AbstractEventLoop:
    """One loop for all that is ever asked of py-rattler: to open one takes as long as to ask something small."""
    import asyncio

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="samebox-conda", daemon=True).start()
    return loop
