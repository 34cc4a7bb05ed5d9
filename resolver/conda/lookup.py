"""What the channels have of a package, asked for by name and without what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rattler import RepoDataRecord
from rattler.exceptions import GatewayError

from resolver.conda.channels import Channels
from resolver.conda.filters import visible
from resolver.conda.problems import CondaProblem
from resolver.conda.records import CondaRecord
from resolver.conda.solve import run

__all__ = ["conda_records", "conda_versions", "records_of"]


def conda_records(
    channels: Channels, problem: CondaProblem, names: Iterable[str]
) -> dict[str, tuple[CondaRecord, ...]]:
    """All records that the channels have of each package, oldest first in conda's order."""
    found = run(records_of(channels, problem, sorted(names)))
    return {name: tuple(map(channels.canonical_record, sorted(records, key=_age))) for name, records in found.items()}


def conda_versions(channels: Channels, problem: CondaProblem, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """All versions that the channels have of each package, oldest first in conda's order."""
    found = run(records_of(channels, problem, sorted(names)))
    return {name: _versions(records) for name, records in found.items()}


def _versions(records: Sequence[RepoDataRecord]) -> tuple[str, ...]:
    by_text = {str(version): version for version in (record.version for record in records)}
    return tuple(sorted(by_text, key=lambda text: (by_text[text], text)))


def _age(record: RepoDataRecord) -> tuple[Any, ...]:
    return (record.version, record.build_number, str(record.build))


async def records_of(
    channels: Channels, problem: CondaProblem, names: Sequence[str]
) -> dict[str, list[RepoDataRecord]]:
    """The records by name, as they are in the channels; those that the problem's filters hide are left out. Raises
    ``IndexUnavailable``."""
    known = channels.looked_up.setdefault((problem.channels, problem.subdirs, problem.filters), {})
    new = [name for name in names if name not in known]
    if new:
        try:
            lists = await channels.gateway(problem.channels).query(
                channels.sources(problem, new),  # type: ignore[arg-type]
                list(problem.subdirs),  # type: ignore[arg-type]
                new,
                recursive=False,
                channel_relations="disabled",
            )
        except GatewayError as error:
            raise channels.unavailable(problem, error) from error
        found: dict[str, list[RepoDataRecord]] = {name: [] for name in new}
        for record in visible(problem, (r for records in lists for r in records)):
            found[record.name.normalized].append(record)
        known.update(found)
    return {name: known[name] for name in names}
