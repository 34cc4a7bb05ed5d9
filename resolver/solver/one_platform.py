"""One platform, once conda has been solved: its projects, by the fast path or jointly with conda."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolver.errors import ResolverError
from resolver.light_typing import TYPE_CHECKING
from resolver.model import Conflict
from resolver.platforms import PythonTarget
from resolver.solver.answer import Choice, metadata_of
from resolver.solver.knowledge import Knowledge
from resolver.solver.lookup import CheckedAnswer, Lookup
from resolver.solver.partial import owners_of
from resolver.solver.problem import PypiProblem, limits_of, requests_of
from resolver.solver.projects import Projects
from resolver.solver.request import PlatformSolution, SolveRequest
from resolver.solver.targets import Target
from resolver.solver.walk import walk
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.conda.channels import Channels
    from resolver.solver.direct import DirectFile

__all__ = ["solve_pypi"]


def solve_pypi(
    request: SolveRequest,
    part: PlatformSolution,
    channels: Callable[[], Channels],
    projects: Projects,
    directs: Mapping[str, DirectFile],
    *,
    explained: bool = True,
) -> PlatformSolution | Conflict | None:
    """The platform with its projects, else the conflict (``None`` where it need not be explained).

    What must be built before it can be installed is looked at only where wheels alone give no solution.
    """
    if not part.pip_roots or part.python is None:
        return part
    problem = _pypi_problem(request, part, part.python, directs)
    of_wheels = _solve_from(request, part, problem, channels, projects.of_wheels(), explained=False)
    return of_wheels or _solve_from(request, part, problem, channels, projects, explained=explained)


def _solve_from(
    request: SolveRequest,
    part: PlatformSolution,
    problem: PypiProblem,
    channels: Callable[[], Channels],
    projects: Projects,
    *,
    explained: bool,
) -> PlatformSolution | Conflict | None:
    knowledge = Knowledge(projects, problem.target)
    lookup = Lookup(knowledge)
    fast = walk(problem, lookup)
    if fast is not None:
        found = replace(part, projects=fast.projects, added=fast.added, needs=fast.needs)
        if _is_right(found, request, knowledge, lookup):
            lookup.keep()
            return found
    lookup.keep()
    lookup.learn()  # what is known must be a function of the requests, and not of what was noted
    return _solve_jointly(request, part, problem, knowledge, channels, explained)


def _is_right(found: PlatformSolution, request: SolveRequest, knowledge: Knowledge, lookup: Lookup) -> bool:
    """What the checker says, or said of just the same answer to the same requests before."""
    files = [(p.name, p.file) for p in found.projects if p.file is not None]
    answer = CheckedAnswer(found.pip_roots, request.spec.constraints, files)
    of_files_alone = bool(files) and len(files) == len(found.projects) and not found.records
    if of_files_alone and lookup.is_right(answer):
        return True
    if wrong(found, request, knowledge):
        return False
    if of_files_alone:
        lookup.found_right(answer)
    return True


def _solve_jointly(
    request: SolveRequest,
    part: PlatformSolution,
    problem: PypiProblem,
    knowledge: Knowledge,
    channels: Callable[[], Channels],
    explained: bool,
) -> PlatformSolution | Conflict | None:
    # most environments never come here, and need not pay for the import
    from resolver.solver.joint.solver import JointProblem, JointSolver

    joint = JointProblem(
        conda=request.conda_problem(part.platform, part.conda_roots),
        requests=requests_of(problem),
        constraints=limits_of(problem),
        owned=part.owners,
        python=problem.target.python,
        names=request.names,
        prereleases=problem.prereleases,
        pins=problem.pins,
    )
    solver = JointSolver(channels, knowledge.projects)
    solver.begin_with(knowledge)
    solution = solver.solve(joint)
    if solution is None and explained:
        from resolver.solver.why_not.core import joint_conflict

        return joint_conflict(solver, joint, problem)
    if solution is None:
        return None
    found = replace(
        part,
        python=solution.python,
        records=solution.records,
        projects=solution.pypi.projects,
        added=solution.pypi.added,
        needs=solution.pypi.needs,
        owners=owners_of(solution.records, request.names),
    )
    faults = wrong(found, request, solver.knowing(joint, solution.python))
    if faults:
        raise ResolverError(
            f"{part.platform.subdir}: the solver gave an answer that does not hold: {'; '.join(faults)}",
            hint="this is a fault of Samebox: please report it with the manifest",
        )
    return found


def _pypi_problem(
    request: SolveRequest, part: PlatformSolution, python: PythonTarget, directs: Mapping[str, DirectFile]
) -> PypiProblem:
    versions = {record.name: record.version for record in part.records}
    fixed = {}
    if part.owners:
        from resolver.roots import pep440_of

        fixed = {project: pep440_of(versions[owner]) for project, owner in part.owners.items()}
    return PypiProblem(
        target=Target(platform=part.platform, python=python, cut_off=request.cut_off),
        requirements=part.pip_roots,
        constraints=request.spec.constraints,
        fixed=fixed,
        directs=directs,
        prereleases=request.spec.index.pre,
        pins=request.pins_on(part.platform.subdir),
    )


def wrong(found: PlatformSolution, request: SolveRequest, knowledge: Knowledge) -> list[str]:
    """What the independent checker says about an answer."""
    from resolver.roots import pep440_of
    from resolver.solver.checker import Answer, violations

    versions = {record.name: pep440_of(record.version) for record in found.records}
    owned = {project: versions[owner] for project, owner in found.owners.items()}
    choices = {p.name: Choice(version=p.version, file=p.file, direct=p.direct) for p in found.projects}
    wheels = {name: metadata_of(name, choice, knowledge) for name, choice in choices.items()}
    extras = {name: metadata_of(name, Choice(version=str(owned[name])), knowledge) for name, _ in found.added}
    answer = Answer(
        platform=found.platform,
        environment=knowledge.target.environment,
        records=found.records,
        wheels={name: metadata for name, metadata in wheels.items() if metadata is not None},
        owned=owned,
        owned_extras={name: metadata for name, metadata in extras.items() if metadata is not None},
        overrides=knowledge.projects.policy.overrides,
    )
    return violations(
        answer, specs=found.conda_roots, requirements=found.pip_roots, constraints=request.spec.constraints
    )
