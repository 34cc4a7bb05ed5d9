"""PyPI requirements resolved for one target by resolvelib, with what conda provides held fixed.

The fast path is ``walk`` and the authority the joint solve. resolvelib is asked where these found that there is no
solution and no chain shows why: it names the requirements at which its own search ended."""

from __future__ import annotations

from functools import partial

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from resolver.model import Conflict
from resolver.solver.answer import Choice, PypiSolution, needs_of, read_answer
from resolver.solver.knowledge import Knowledge
from resolver.solver.problem import PypiProblem, limits_of, requests_of
from resolver.solver.why_not.provider import Candidate, Identifier, Need, Provider
from resolver.values import dataclass

__all__ = ["PypiAnswer", "resolve_pypi"]

_MAX_ROUNDS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiAnswer:
    """What resolvelib found: a solution, or a conflict that may only be one with conda's projects held fixed. Neither
    where the search ended at its bound."""

    solution: PypiSolution | None = None
    conflict: Conflict | None = None


def resolve_pypi(problem: PypiProblem, knowledge: Knowledge) -> PypiAnswer:
    """Resolve the requirements that apply on the target. Raises what the indexes raise."""
    provider = Provider(
        knowledge=knowledge,
        fixed=problem.fixed,
        constraints=limits_of(problem),
        prereleases=problem.prereleases,
        pins=problem.pins.projects,
    )
    roots = _roots(problem)
    knowledge.projects.prefetch([need.name for need in roots if need.name not in problem.fixed])
    reporter: BaseReporter[Need, Candidate, Identifier] = BaseReporter()
    # not Resolver: what it does with a finished Resolution recurses without end where left-over pins form a cycle
    resolution: Resolution[Need, Candidate, Identifier] = Resolution(provider, reporter)
    try:
        pins = resolution.resolve(roots, max_rounds=_MAX_ROUNDS).mapping
    except ResolutionImpossible as error:
        from resolver.solver.why_not.pypi_conflict import conflict_of

        return PypiAnswer(conflict=conflict_of(problem, knowledge, error.causes))
    except ResolutionTooDeep:
        return PypiAnswer()
    choices = {
        name: Choice(version=str(c.version), file=c.file, direct=c.direct)
        for (name, extra), c in pins.items()
        if not extra
    }
    try:
        solution = read_answer(requests_of(problem), choices, partial(needs_of, knowledge))
    except KeyError:
        return PypiAnswer()  # resolvelib has been seen to leave out what a pin needs
    return PypiAnswer(solution=solution)


def _roots(problem: PypiProblem) -> list[Need]:
    return [
        Need(
            name=request.name,
            extra=extra,
            specifier=request.specifier,
            hashes=request.hashes,
            direct=request.direct,
            needed_by=request.origin,
            root=True,
        )
        for request in requests_of(problem)
        for extra in ("", *request.extras)
    ]
