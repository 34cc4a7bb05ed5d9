"""PyPI requirements resolved for one target by resolvelib, with what conda provides held fixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from resolver.model import Conflict, PypiRequirement
from resolver.solver.answer import Choice, PypiSolution, Request, read_answer
from resolver.solver.direct import DirectFile
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import NO_PINS, Pins
from resolver.solver.provider import Candidate, Identifier, Need, Provider
from resolver.solver.targets import Target
from resolver.values import dataclass

__all__ = [
    "FastAnswer",
    "PypiProblem",
    "limits_of",
    "requests_of",
    "resolve_pypi",
]

_MAX_ROUNDS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiProblem:
    """What one target asks of the indexes. ``fixed`` are the projects that conda provides, ``directs`` the wheels of
    requirements with a URL, by URL. ``pins`` are those of an earlier lock."""

    target: Target
    requirements: tuple[PypiRequirement, ...]
    constraints: tuple[PypiRequirement, ...] = ()
    fixed: Mapping[str, Version]
    directs: Mapping[str, DirectFile]
    prereleases: bool = False
    pins: Pins = NO_PINS


@dataclass(frozen=True, slots=True, kw_only=True)
class FastAnswer:
    """What resolvelib found: a solution, or a conflict that may only be one with conda's projects held fixed.

    ``disputed`` says that some candidate was rejected on the way: another choice elsewhere might serve better.
    """

    solution: PypiSolution | None = None
    conflict: Conflict | None = None
    disputed: bool


def resolve_pypi(problem: PypiProblem, knowledge: Knowledge, *, until_disputed: bool = False) -> FastAnswer:
    """Resolve the requirements that apply on the target. With ``until_disputed`` the search ends, without a result,
    where something has to be given up: from there on it can take for ever. Raises what the indexes raise."""
    provider = Provider(
        knowledge=knowledge,
        fixed=problem.fixed,
        constraints=limits_of(problem),
        prereleases=problem.prereleases,
        pins=problem.pins.projects,
    )
    roots = _roots(problem)
    knowledge.projects.prefetch([need.name for need in roots if need.name not in problem.fixed])
    reporter = _Reporter([need.name for need in roots], until_disputed)
    # not Resolver: what it does with a finished Resolution recurses without end where left-over pins form a cycle
    resolution: Resolution[Need, Candidate, Identifier] = Resolution(provider, reporter)
    try:
        pins = resolution.resolve(roots, max_rounds=_MAX_ROUNDS).mapping
    except ResolutionImpossible as error:
        if until_disputed:
            return FastAnswer(disputed=True)
        from resolver.solver.pypi_conflict import conflict_of

        return FastAnswer(conflict=conflict_of(problem, knowledge, error.causes), disputed=True)
    except (ResolutionTooDeep, _Disputed):
        return FastAnswer(disputed=True)
    choices = {
        name: Choice(version=c.version, file=c.file, direct=c.direct) for (name, extra), c in pins.items() if not extra
    }
    try:
        solution = read_answer(requests_of(problem), choices, knowledge)
    except KeyError:
        return FastAnswer(disputed=True)  # resolvelib has been seen to leave out what a pin needs
    return FastAnswer(solution=solution, disputed=reporter.disputed)


class _Disputed(Exception):
    """Something had to be given up, and that is all that was to be found out."""


class _Reporter(BaseReporter[Need, Candidate, Identifier]):
    """Listens whether anything had to be given up: a candidate, or a root's first pin for an older one."""

    def __init__(self, roots: Collection[str], until_disputed: bool) -> None:
        self.disputed = False
        self._until_disputed = until_disputed
        self._roots = frozenset(roots)
        self._pinned: set[Identifier] = set()

    def pinning(self, candidate: Candidate) -> None:
        if candidate.name in self._roots and candidate.identifier in self._pinned:
            self._given_up()
        self._pinned.add(candidate.identifier)

    def rejecting_candidate(self, criterion: Any, candidate: Candidate) -> None:
        self._given_up()

    def resolving_conflicts(self, causes: Any) -> None:
        self._given_up()

    def _given_up(self) -> None:
        self.disputed = True
        if self._until_disputed:
            raise _Disputed


def requests_of(problem: PypiProblem) -> tuple[Request, ...]:
    """The requirements that apply here, sorted, so that the order of lines in a file is no input. What is pinned comes
    before what is new."""
    pinned = {*problem.pins.projects, *(problem.fixed if problem.pins.conda else ())}
    return tuple(
        Request(
            name=r.name,
            extras=tuple(sorted(canonicalize_name(extra) for extra in r.extras)),
            specifier=r.specifier,
            hashes=r.hashes,
            direct=problem.directs[r.url] if r.url is not None else None,
            origin=str(r.origin),
        )
        for r in sorted(problem.requirements, key=lambda r: (r.name not in pinned, r.name, str(r), str(r.origin)))
        if problem.target.applies(r.marker)
    )


def limits_of(problem: PypiProblem) -> dict[str, tuple[str, ...]]:
    """The constraints that apply here, by project."""
    found: dict[str, tuple[str, ...]] = {}
    for constraint in problem.constraints:
        if problem.target.applies(constraint.marker):
            found[constraint.name] = (*found.get(constraint.name, ()), constraint.specifier)
    return found


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
