"""What a cut-off leaves out of conda's packages, for explanations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from resolver.conda import CondaProblem, CondaRecord, record_matches
from resolver.solver.why_not.candidates import is_old_enough
from resolver.solver.why_not.chains import Contradiction
from resolver.solver.why_not.explain import shown_instant

__all__ = ["left_out_by_age"]


def left_out_by_age(found: Contradiction, problem: CondaProblem, ask: Callable[[str], Sequence[CondaRecord]]) -> str:
    """The records of the contradiction's package that all demands admit, and only the cut-off does not; ``""`` where
    there are none. ``ask`` gives all records of a package, oldest first."""
    if problem.cut_off is None:
        return ""
    specs = [demand.spec for demand in found.demands if demand.is_conda and demand.name == found.subject]
    left_out = [
        record
        for record in ask(found.subject)
        if not is_old_enough(problem, record) and all(record_matches(spec, record) for spec in specs)
    ]
    timed = [(time, record.version) for record in left_out if (time := record.uploaded or record.timestamp)]
    if timed:
        versions = list(dict.fromkeys(record.version for record in reversed(left_out)))
        several = len(versions) > 1
        which = f"{versions[0]} … {versions[-1]}" if len(versions) > 2 else ", ".join(versions)
        time, version = min(timed)
        day = f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d}"
        return (
            f"{found.subject} {which} would fit, but {'were' if several else 'was'} made after the cut-off, "
            f"{shown_instant(problem.cut_off)} ({f'{version} on ' if several else ''}{day})"
        )
    if left_out:
        return (
            f"{len(left_out)} records of {found.subject} tell no time, and the cut-off leaves such out (missing-time)"
        )
    return ""
