"""Why resolvelib found nothing, as a conflict."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from resolver.model import Conflict
from resolver.solver.knowledge import Knowledge
from resolver.solver.problem import PypiProblem, limits_of
from resolver.solver.why_not.availability import Wanted, what_there_is
from resolver.solver.why_not.explain import A_CONSTRAINT, CONDA_PROVIDES_IT

if TYPE_CHECKING:
    from resolvelib.resolvers import RequirementInformation

    from resolver.solver.why_not.provider import Candidate, Need

__all__ = ["conflict_of", "limits_on"]


def conflict_of(
    problem: PypiProblem, knowledge: Knowledge, causes: Collection[RequirementInformation[Need, Candidate]]
) -> Conflict:
    """The conflict out of the causes that resolvelib gives."""
    subdir = problem.target.platform.subdir
    needs = sorted({cause.requirement for cause in causes}, key=lambda n: (n.name, n.extra, str(n), n.needed_by))
    impossible = [need for need in needs if need.impossible and need.name not in knowledge.unbuilt]
    if impossible:
        reasons = dict.fromkeys(str(need.impossible) for need in impossible)
        claims = _asked_for(problem, causes)
        return Conflict(platform=subdir, subject=impossible[0].name, claims=claims, detail="\n".join(reasons))
    name = needs[0].name
    claims = _asked_for(problem, causes) + tuple(
        (str(n) if not n.exactly else f"{n.name}=={n.exactly}", n.needed_by) for n in needs if not n.impossible
    )
    if name in problem.fixed:
        claims += ((f"{name} {problem.fixed[name]}", CONDA_PROVIDES_IT),)
    limits = limits_on(problem, name)
    wanted = Wanted(
        specifiers=(*(n.specifier for n in needs if n.name == name), *limits_of(problem).get(name, ())),
        hashes=frozenset(digest for n in needs if n.name == name for digest in n.hashes),
    )
    there = what_there_is(knowledge, name, wanted, problem.fixed)
    claims = tuple(dict.fromkeys(claims))
    return Conflict(platform=subdir, subject=name, claims=claims + limits, nearest=there.nearest, detail=there.detail)


def _asked_for(
    problem: PypiProblem, causes: Collection[RequirementInformation[Need, Candidate]]
) -> tuple[tuple[str, str], ...]:
    """The lines of the manifests that brought in those who make the contradicting requirements."""
    parents = {cause.parent.name for cause in causes if cause.parent is not None}
    roots = {(str(r), str(r.origin)) for r in problem.requirements if r.name in parents}
    return tuple(sorted(roots))


def limits_on(problem: PypiProblem, name: str) -> tuple[tuple[str, str], ...]:
    """The claims of the constraints on a project."""
    return tuple(
        (f"{c.name}{c.specifier}", f"{A_CONSTRAINT} {c.origin}") for c in problem.constraints if c.name == name
    )
