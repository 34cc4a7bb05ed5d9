"""Why conda's specs alone have no solution: the chain between them where one can be followed, else what the solver
says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from resolver.conda import CondaRecord, CondaUnsolvable, conda_records, record_matches
from resolver.model import CondaSpec, Conflict
from resolver.names import NamesMap
from resolver.solver.candidates import World, records_that_count
from resolver.solver.chains import claims_of, find_contradiction
from resolver.solver.explain import OF_THIS_NAME, conda_conflict, line_order, virtual_package
from resolver.solver.remedies import conda_remedies

if TYPE_CHECKING:
    from resolver.conda.channels import Channels

__all__ = ["explained_conflict"]


def explained_conflict(channels: Channels, failed: CondaUnsolvable, names: NamesMap) -> Conflict:
    """The conflict with its chain, and with what would fit in the place of one of the specs."""
    conflict = conda_conflict(failed)
    if conflict.nearest or OF_THIS_NAME in conflict.detail:
        return conflict
    return replace(_with_chain(channels, failed, names, conflict), remedies=conda_remedies(channels, failed))


def _with_chain(channels: Channels, failed: CondaUnsolvable, names: NamesMap, conflict: Conflict) -> Conflict:
    problem = failed.problem
    records = records_that_count(problem, lambda name: conda_records(channels, problem, [name])[name])
    world = World(names=names, records=records, python=_python(failed.core, records("python")))
    core = sorted(failed.core, key=lambda spec: line_order(str(spec.origin)))
    found = find_contradiction(core, world)
    if found is None or (len(found.demands) == 1 and found.demands[0].parent is None):
        return conflict
    return replace(
        conflict,
        subject=found.subject,
        claims=tuple(dict.fromkeys((*conflict.claims, *claims_of(found)))),
        detail=virtual_package(found.subject, problem.platform),
    )


def _python(core: Sequence[CondaSpec], pythons: Sequence[CondaRecord]) -> CondaRecord | None:
    """The newest Python that the core asks for, where it asks for one."""
    specs = [str(spec) for spec in core if spec.name == "python"]
    fitting = [record for record in pythons if all(record_matches(spec, record) for spec in specs)]
    return fitting[-1] if specs and fitting else None
