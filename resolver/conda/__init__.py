"""The conda world, and the only package that imports py-rattler (the copy in ``prefix/slice_installer.py`` apart).

py-rattler is imported by the first of these functions that is called, and not before: a solve over PyPI alone, and the
way to ``--help``, do not pay for it. It keeps threads after its first use: fork no process after that (spawn), and a
command that used it ends by ``os._exit``, since the interpreter's shutdown may crash. What is a value here is imported
when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.conda.channels import Channels
    from resolver.conda.problems import (
        CondaProblem,
        CondaSolution,
        CondaUnsolvable,
        MadeUpRecord,
        MixedProblem,
        MixedSolution,
    )
    from resolver.conda.records import CondaRecord
    from resolver.conda.urls import canonical_channel_url, expand_defaults
    from resolver.model import CondaSpec, LockedPackage

__all__ = [
    "CondaProblem",
    "CondaRecord",
    "CondaSolution",
    "CondaUnsolvable",
    "MadeUpRecord",
    "MixedProblem",
    "MixedSolution",
    "canonical_channel_url",
    "conda_records",
    "conda_versions",
    "constraint_matches",
    "expand_defaults",
    "matches",
    "record_matches",
    "records_left_out",
    "solve_all",
    "solve_mixed",
    "solve_within",
]

_HOMES = {
    "CondaProblem": "problems",
    "CondaRecord": "records",
    "CondaSolution": "problems",
    "CondaUnsolvable": "problems",
    "MadeUpRecord": "problems",
    "MixedProblem": "problems",
    "MixedSolution": "problems",
    "canonical_channel_url": "urls",
    "expand_defaults": "urls",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def solve_all(channels: Channels, problems: Sequence[CondaProblem]) -> list[CondaSolution | CondaUnsolvable]:
    """Solve each problem; answers come in the order of the problems, whatever finishes first.

    Raises ``IndexUnavailable`` where a channel cannot be read.
    """
    from resolver.conda import solve

    return solve.solve_all(channels, problems)


def solve_mixed(channels: Channels, problem: MixedProblem) -> MixedSolution | str:
    """The solution, or the solver's words for why there is none. Raises ``IndexUnavailable``."""
    from resolver.conda import mixed

    return mixed.solve_mixed(channels, problem)


def conda_records(
    channels: Channels, problem: CondaProblem, names: Iterable[str]
) -> dict[str, tuple[CondaRecord, ...]]:
    """All records that the channels have of each package, oldest first in conda's order."""
    from resolver.conda import lookup

    return lookup.conda_records(channels, problem, names)


def records_left_out(channels: Channels, problem: CondaProblem, names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """How many records of each name the problem's filters hide, for those of which they hide any."""
    from resolver.conda import filters, solve

    return solve.run(filters.left_out(channels, problem, names)) if problem.filters else ()


def conda_versions(channels: Channels, problem: CondaProblem, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """All versions that the channels have of each package, oldest first in conda's order."""
    from resolver.conda import lookup

    return lookup.conda_versions(channels, problem, names)


def solve_within(
    channels: Channels,
    problem: CondaProblem,
    records: Sequence[CondaRecord],
    versions: Mapping[str, frozenset[str]],
) -> tuple[CondaRecord, ...] | None:
    """The problem solved with ``records``, an answer that these ``channels`` gave, and the builds of the ``versions``
    of some of their packages; ``None`` where that has no solution. Raises ``IndexUnavailable``."""
    from resolver.conda import within

    return within.solve_within(channels, problem, records, versions)


def matches(spec: CondaSpec, package: LockedPackage) -> bool:
    """Whether a locked conda package is what the spec asks for (its channel is judged by the URL)."""
    from resolver.conda import specs

    return specs.matches(spec, package)


def constraint_matches(constraint: str, package: LockedPackage) -> bool:
    """Whether a package satisfies the constraint part of another's dependency: ``>=1.2,<2 py312*``."""
    from resolver.conda import specs

    return specs.constraint_matches(constraint, package)


def record_matches(spec: str, record: CondaRecord) -> bool:
    """Whether a record is what a MatchSpec (as it stands in another record's depends or constrains) asks for."""
    from resolver.conda import specs

    return specs.record_matches(spec, record)
