"""The packages of an earlier lock as records that the solver prefers.

py-rattler takes a preferred record as one more candidate, past the cut-off and past channel priority. So only those are
handed over that could be chosen without that: they are there now, old enough, and of the channel that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from rattler import RepoDataRecord

from resolver.conda.channels import Channels
from resolver.conda.filters import visible
from resolver.conda.problems import CondaProblem
from resolver.model import LockedPackage
from resolver.values import replace

__all__ = ["pinned_records"]


async def pinned_records(channels: Channels, problem: CondaProblem) -> list[RepoDataRecord]:
    """The records of the problem's pins, as the channels have them today; a pin that is gone has none."""
    if not problem.pins or not problem.specs:
        return []
    key = replace(problem, specs=tuple(spec for spec in problem.specs if spec.channel), limits=())
    if key not in channels.pinned:
        names = sorted({pin.name for pin in problem.pins})
        lists = await channels.gateway(problem.channels).query(
            channels.sources(problem, names),  # type: ignore[arg-type]
            list(problem.subdirs),  # type: ignore[arg-type]
            list(names),
            recursive=False,
            channel_relations="disabled",
        )
        there = visible(problem, (record for records in lists for record in records))
        channels.pinned[key] = list(_found(channels, problem, there))
    return channels.pinned[key]


def _found(channels: Channels, problem: CondaProblem, records: Sequence[RepoDataRecord]) -> Iterable[RepoDataRecord]:
    by_name: dict[str, list[RepoDataRecord]] = {}
    for record in records:
        by_name.setdefault(record.name.normalized, []).append(record)
    for pin in problem.pins:
        same = by_name.get(pin.name, [])
        found = next((r for r in same if _is(pin, r, channels)), None)
        if found is None or _has_other_variants(problem, found, same):
            continue
        if _old_enough(problem, found) and _channel_counts(channels, problem, found, same):
            yield found


def _is(pin: LockedPackage, record: RepoDataRecord, channels: Channels) -> bool:
    """The same bytes from the same place: a file may have been replaced under its name. Another tool's lock may hold
    an md5 alone."""
    if pin.sha256 is None:
        same = record.md5 is not None and record.md5.hex() == pin.md5
    else:
        same = record.sha256 is not None and record.sha256.hex() == pin.sha256
    return same and channels.canonical_text(record.url) == pin.url


def _old_enough(problem: CondaProblem, record: RepoDataRecord) -> bool:
    if problem.cut_off is None:
        return True
    time = record.indexed_timestamp or record.timestamp
    return problem.take_untimed if time is None else time.astimezone(UTC) <= problem.cut_off


def _channel_counts(
    channels: Channels, problem: CondaProblem, record: RepoDataRecord, same: Sequence[RepoDataRecord]
) -> bool:
    """Under strict priority only the first channel that has the package counts, unless a spec names its channel."""
    name = record.name.normalized
    if problem.channel_priority != "strict" or any(s.channel for s in problem.specs if s.name == name):
        return True
    having = {channels.canonical_channel(other) for other in same}
    return next(c for c in problem.channels if c in having) == channels.canonical_channel(record)


def _has_other_variants(problem: CondaProblem, record: RepoDataRecord, same: Sequence[RepoDataRecord]) -> bool:
    """Whether a changed virtual package decides between builds of that version: who sets ``__cuda`` wants theirs."""
    return any(
        depend.split()[0] in problem.changed_virtual
        for other in same
        if other.version == record.version
        for depend in other.depends
    )
