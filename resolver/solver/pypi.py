"""PyPI requirements resolved for one target by resolvelib, with what conda provides held fixed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import RequirementInformation, Resolution

from resolver.errors import IndexUnavailable, NoSolution
from resolver.indexes import DistributionFile
from resolver.model import Conflict, PypiRequirement
from resolver.names import known_projects
from resolver.solver.direct import DirectFile
from resolver.solver.explain import CONDA_PROVIDES_IT, OF_THIS_NAME, no_solution
from resolver.solver.projects import Projects, Wheels
from resolver.solver.provider import Candidate, Identifier, Need, Provider
from resolver.solver.targets import Target

__all__ = ["PypiProblem", "PypiSolution", "ResolvedProject", "resolve_pypi"]

_MAX_ROUNDS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiProblem:
    """What one target asks of the indexes. ``fixed`` are the projects that conda provides, ``directs`` the wheels of
    requirements with a URL, by URL."""

    target: Target
    requirements: tuple[PypiRequirement, ...]
    constraints: tuple[PypiRequirement, ...] = ()
    fixed: Mapping[str, Version]
    directs: Mapping[str, DirectFile]
    prereleases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProject:
    """One chosen version. ``file`` or ``direct`` is its wheel; ``dependencies`` are (name, specifier) of what it
    needs on this target, the extras that were asked for included."""

    name: str
    version: Version
    extras: tuple[str, ...]
    file: DistributionFile | None
    direct: DirectFile | None
    dependencies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiSolution:
    """The chosen projects, sorted by name, without those that conda provides. ``added`` tells what the extras of
    *those* need from PyPI, by (project, extra): whoever asks for such an extra depends on that."""

    projects: tuple[ResolvedProject, ...]
    added: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]


def resolve_pypi(problem: PypiProblem, projects: Projects) -> PypiSolution:
    """Resolve the requirements that apply on the target.

    Raises ``NoSolution`` with a ``Conflict``, and what the indexes raise.
    """
    provider = Provider(
        projects=projects,
        target=problem.target,
        fixed=problem.fixed,
        constraints=_constraints(problem),
        prereleases=problem.prereleases,
    )
    roots = _roots(problem)
    projects.prefetch([need.name for need in roots if need.name not in problem.fixed])
    # not Resolver: what it does with a finished Resolution recurses without end where left-over pins form a cycle
    resolution: Resolution[Need, Candidate, Identifier] = Resolution(provider, BaseReporter())
    try:
        pins = resolution.resolve(roots, max_rounds=_MAX_ROUNDS).mapping
    except ResolutionImpossible as error:
        raise no_solution([_conflict(problem, projects, error.causes)]) from error
    except ResolutionTooDeep as error:
        raise NoSolution(
            f"{problem.target.platform.subdir}: the search for PyPI packages was given up after {_MAX_ROUNDS} rounds",
            hint="pin some of the requirements to narrow it",
        ) from error
    return _solution(_reached(roots, pins, provider), provider, problem)


def _reached(roots: Iterable[Need], pins: Mapping[Identifier, Candidate], provider: Provider) -> list[Candidate]:
    """The pins that the roots need. Others may be left over from candidates that were given up on the way."""
    found: dict[Identifier, Candidate] = {}
    waiting = [provider.identify(need) for need in roots]
    while waiting:
        identifier = waiting.pop()
        if identifier not in found:
            found[identifier] = pins[identifier]
            waiting.extend(provider.identify(need) for need in provider.get_dependencies(pins[identifier]))
    return list(found.values())


def _roots(problem: PypiProblem) -> list[Need]:
    """The requirements that apply here, sorted, so that the order of lines in a file is no input."""
    needs = []
    for requirement in sorted(problem.requirements, key=lambda r: (r.name, str(r), str(r.origin))):
        if not problem.target.applies(requirement.marker):
            continue
        direct = problem.directs[requirement.url] if requirement.url is not None else None
        for extra in ("", *sorted(canonicalize_name(e) for e in requirement.extras)):
            needs.append(
                Need(
                    name=requirement.name,
                    extra=extra,
                    specifier=requirement.specifier,
                    hashes=requirement.hashes,
                    direct=direct,
                    needed_by=str(requirement.origin),
                    root=True,
                )
            )
    return needs


def _constraints(problem: PypiProblem) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for constraint in problem.constraints:
        if problem.target.applies(constraint.marker):
            found[constraint.name] = (*found.get(constraint.name, ()), constraint.specifier)
    return found


def _solution(candidates: Iterable[Candidate], provider: Provider, problem: PypiProblem) -> PypiSolution:
    by_name: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_name.setdefault(candidate.name, []).append(candidate)
    added = {
        candidate.identifier: [need for need in provider.get_dependencies(candidate) if need.name != candidate.name]
        for candidate in (c for same in by_name.values() for c in same)
        if candidate.extra and candidate.name in problem.fixed
    }
    resolved = []
    for name, same in sorted(by_name.items()):
        if name in problem.fixed:
            continue
        base = next(c for c in same if not c.extra)
        needs = [n for c in same for n in provider.get_dependencies(c) if n.name != name]
        resolved.append(
            ResolvedProject(
                name=name,
                version=base.version,
                extras=tuple(sorted(c.extra for c in same if c.extra)),
                file=base.file,
                direct=base.direct,
                dependencies=_dependencies(needs, added),
            )
        )
    return PypiSolution(
        projects=tuple(resolved),
        added={identifier: _dependencies(needs, added) for identifier, needs in sorted(added.items())},
    )


def _dependencies(needs: Iterable[Need], added: Mapping[Identifier, Sequence[Need]]) -> tuple[tuple[str, str], ...]:
    """The (name, specifier) pairs of ``needs``, with what extras of conda's projects add in their place."""
    found: set[tuple[str, str]] = set()
    seen: set[Identifier] = set()
    waiting = list(needs)
    while waiting:
        need = waiting.pop()
        found.add((need.name, need.specifier))
        identifier = (need.name, need.extra)
        if identifier in added and identifier not in seen:
            seen.add(identifier)
            waiting.extend(added[identifier])
    return tuple(sorted(found))


# ------------------------------------------------------------------------------------------------- failing


def _conflict(
    problem: PypiProblem, projects: Projects, causes: Collection[RequirementInformation[Need, Candidate]]
) -> Conflict:
    subdir = problem.target.platform.subdir
    needs = sorted({cause.requirement for cause in causes}, key=lambda n: (n.name, n.extra, str(n), n.needed_by))
    impossible = [need for need in needs if need.impossible]
    if impossible:
        claims = tuple((str(n.impossible), n.needed_by) for n in impossible)
        return Conflict(platform=subdir, subject=impossible[0].name, claims=claims)
    name = needs[0].name
    claims = _asked_for(problem, causes) + tuple(
        (str(n) if not n.exactly else f"{n.name}=={n.exactly}", n.needed_by) for n in needs
    )
    if name in problem.fixed:
        claims += ((f"{name}=={problem.fixed[name]}", CONDA_PROVIDES_IT),)
    limits = tuple(
        (f"{c.name}{c.specifier}", f"the constraint in {c.origin}") for c in problem.constraints if c.name == name
    )
    detail, nearest = _what_there_is(problem, projects, name)
    return Conflict(platform=subdir, subject=name, claims=claims + limits, nearest=nearest, detail=detail)


def _asked_for(
    problem: PypiProblem, causes: Collection[RequirementInformation[Need, Candidate]]
) -> tuple[tuple[str, str], ...]:
    """The lines of the manifests that brought in those who make the contradicting requirements."""
    parents = {cause.parent.name for cause in causes if cause.parent is not None}
    roots = {(str(r), str(r.origin)) for r in problem.requirements if r.name in parents}
    return tuple(sorted(roots))


def _what_there_is(problem: PypiProblem, projects: Projects, name: str) -> tuple[str, tuple[str, ...]]:
    """Why the indexes have nothing that fits, and the newest versions that they do have for this target."""
    if name in problem.fixed:
        return "", ()
    project = projects.get(name)
    if project.index is None:
        places = ", ".join(index.url for index in projects.indexes) or "none is configured"
        return f"no index has a project {OF_THIS_NAME} (asked: {places})", _nearest(problem, projects, name)
    wheels = Wheels(project, problem.target)
    usable = [str(v) for rank, v in enumerate(project.ranked.versions) if wheels.best(rank) is not None]
    if usable:
        return "", tuple(reversed(usable[-5:]))
    if not any(project.wheels):
        detail = f"it has source distributions only ({len(project.sdists)}), and Samebox locks wheels"
        return f"{detail}: build one, and ask for that by its path", ()
    return f"none of its wheels is for {_of_target(problem.target)}", ()


def _nearest(problem: PypiProblem, projects: Projects, name: str) -> tuple[str, ...]:
    """The names most like it that are there. An index has no list of its projects that could be asked for, so these
    come from what is known without it, and the indexes say which of them they have."""
    asked = {requirement.name for requirement in problem.requirements}
    known = {*known_projects(), *problem.fixed, *asked} - {name}
    likely = difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.75)
    return tuple(other for other in likely if other in problem.fixed or _is_there(projects, other))[:3]


def _is_there(projects: Projects, name: str) -> bool:
    try:
        return projects.get(name).index is not None
    except IndexUnavailable:
        return False  # offline and never seen: a name that cannot be confirmed is not offered


def _of_target(target: Target) -> str:
    until = f" before {target.cut_off.isoformat()}" if target.cut_off else ""
    return f"{target.platform.subdir} with Python {target.python.version}{until}"
