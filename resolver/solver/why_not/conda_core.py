"""Why conda's specs alone have no solution: the chain between them where one can be followed, else what the solver
says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resolver.conda import CondaRecord, CondaUnsolvable, conda_records, record_matches, records_left_out
from resolver.model import CondaSpec, Conflict
from resolver.names import NamesMap
from resolver.solver.why_not.ages import left_out_by_age
from resolver.solver.why_not.candidates import World, records_that_count
from resolver.solver.why_not.chains import claims_of, find_contradiction
from resolver.solver.why_not.explain import OF_THIS_NAME, conda_conflict, filtered, line_order, virtual_package
from resolver.solver.why_not.remedies import conda_remedies
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.conda.channels import Channels

__all__ = ["explained_conflict"]

_MOST_VERSIONS = 5


def explained_conflict(channels: Channels, failed: CondaUnsolvable, names: NamesMap) -> Conflict:
    """The conflict with its chain, and with what would fit in the place of one of the specs."""
    conflict = conda_conflict(failed)
    if OF_THIS_NAME in conflict.detail:
        return _by_its_other_name(conflict, failed, names)
    if conflict.nearest:
        return conflict
    return replace(_with_chain(channels, failed, names, conflict), remedies=conda_remedies(channels, failed))


def _with_chain(channels: Channels, failed: CondaUnsolvable, names: NamesMap, conflict: Conflict) -> Conflict:
    problem = failed.problem

    def ask(name: str) -> tuple[CondaRecord, ...]:
        return conda_records(channels, problem, [name])[name]

    records = records_that_count(problem, ask)
    world = World(names=names, records=records, python=_python(failed.core, records("python")))
    core = sorted(failed.core, key=lambda spec: line_order(str(spec.origin)))
    found = find_contradiction(core, world)
    if found is None:
        return conflict
    by_age = left_out_by_age(found, problem, ask) if not found.subject.startswith("__") else ""
    if len(found.demands) == 1 and found.demands[0].parent is None:
        there = tuple(dict.fromkeys(record.version for record in reversed(records(found.subject))))
        return replace(conflict, detail=by_age, nearest=there[:_MOST_VERSIONS]) if by_age else conflict
    return replace(
        conflict,
        subject=found.subject,
        claims=tuple(dict.fromkeys((*conflict.claims, *claims_of(found)))),
        detail=virtual_package(found.subject, problem.platform)
        or by_age
        or "\n".join(filtered(records_left_out(channels, problem, [found.subject]))),
    )


def _by_its_other_name(conflict: Conflict, failed: CondaUnsolvable, names: NamesMap) -> Conflict:
    """Where what is asked for is the name of a project that a conda package of another name provides."""
    core = sorted(failed.core, key=lambda spec: line_order(str(spec.origin)))
    unknown = [spec.name for spec in core if spec.name not in failed.names]
    by_name = {name: [n for n in names.conda_names(name) if n in failed.names] for name in unknown}
    if len(by_name) == 1 and by_name[unknown[0]]:
        return replace(conflict, nearest=tuple(by_name[unknown[0]]))
    others = tuple(f"{found[0]} for {name}" for name, found in by_name.items() if found)
    rest = tuple(near for near in conflict.nearest if not by_name.get(near.rpartition(" for ")[2]))
    return replace(conflict, nearest=(*others, *rest))


def _python(core: Sequence[CondaSpec], pythons: Sequence[CondaRecord]) -> CondaRecord | None:
    """The newest Python that the core asks for, where it asks for one."""
    specs = [str(spec) for spec in core if spec.name == "python"]
    fitting = [record for record in pythons if all(record_matches(spec, record) for spec in specs)]
    return fitting[-1] if specs and fitting else None
