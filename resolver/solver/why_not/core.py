"""Why a joint problem has no solution: a smallest set of requests that still contradict each other, and the chain from
these to the package on which they do."""

from __future__ import annotations

from packaging.version import Version

from resolver.conda import CondaSolution, records_left_out, solve_all
from resolver.model import CondaSpec, Conflict
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.joint.solver import JointProblem, JointSolver
from resolver.solver.problem import PypiProblem
from resolver.solver.why_not.availability import Availability, Wanted, left_out_by_age, what_there_is
from resolver.solver.why_not.beyond_files import beyond_files
from resolver.solver.why_not.candidates import World, records_that_count
from resolver.solver.why_not.chains import Contradiction, claims_of, find_contradiction
from resolver.solver.why_not.explain import filtered, line_order, shown, virtual_package
from resolver.solver.why_not.pypi import resolve_pypi
from resolver.solver.why_not.pypi_conflict import limits_on
from resolver.solver.why_not.remedies import joint_remedies, problem_of
from resolver.solver.why_not.unknown_names import unknown_projects
from resolver.values import replace

__all__ = ["joint_conflict"]

_Root = CondaSpec | Request


def joint_conflict(solver: JointSolver, joint: JointProblem, problem: PypiProblem) -> Conflict:
    """The conflict of an unsolvable problem: the requests of the core with their origins, the chain from them to what
    contradicts itself, and what would fit in the place of one of them.

    Where following the best versions meets no contradiction, the requirement at which the fast path fails on the core
    alone stands for it.
    """
    world = _world(solver, joint)
    unknown = _unknown_projects(solver, joint, world)
    if unknown is not None:
        return unknown
    core = sorted(_core(solver, joint, world), key=lambda root: line_order(str(root.origin)))
    world = _world(solver, joint)  # the search for the core has learned more
    found = find_contradiction(core, world)
    there = _available(found, problem, solver, joint)
    if found is not None and there.out_of_reach:
        beyond = beyond_files(solver, joint, world, found.subject)
        if beyond is not None:
            (core, found), there = beyond, Availability()
    claims = tuple(_claim(root) for root in core)
    if found is not None:
        conflict = _told(found, there, problem, solver, joint)
    else:
        conflict = _where_it_fails(solver, problem_of(joint, core), problem) or Conflict(
            platform=joint.conda.platform.subdir, subject=core[0].name
        )
    rest = tuple(claim for claim in dict.fromkeys(conflict.claims) if claim not in claims)
    told = replace(conflict, claims=claims + rest)
    if len(core) == 1 and told.subject == core[0].name and told.nearest:
        return told  # the versions that there are say more
    return replace(told, remedies=joint_remedies(solver, joint, core))


def _unknown_projects(solver: JointSolver, joint: JointProblem, world: World) -> Conflict | None:
    def conda_has(name: str) -> bool:
        return bool(solver.conda_records(joint.conda, [name])[name])

    knowledge = solver.knowing(joint, joint.python)
    return unknown_projects(joint.requests, world, knowledge, conda_has, joint.conda.platform.subdir)


def _roots_of(found: Contradiction, joint: JointProblem) -> list[_Root]:
    places = {demand.way()[0].who for demand in found.demands}
    roots: list[_Root] = [*joint.requests, *joint.conda.specs]
    return [root for root in roots if str(root.origin) in places]


def _core(solver: JointSolver, joint: JointProblem, world: World) -> list[_Root]:
    """A set of roots without a solution, that has one as soon as any single root goes."""
    return _minimised(solver, joint, _suspected(solver, joint, world) or [*joint.requests, *joint.conda.specs])


def _suspected(solver: JointSolver, joint: JointProblem, world: World) -> list[_Root] | None:
    """The roots of a chain, if these alone have no solution: then most of the search for a core is spared."""
    roots: list[_Root] = [*joint.requests, *joint.conda.specs]
    found = find_contradiction(roots, world)
    if found is None:
        return None
    chain = _roots_of(found, joint)
    with_python = [root for root in roots if root in chain or (isinstance(root, CondaSpec) and root.name == "python")]
    for suspected in (chain, with_python):
        if solver.solve(problem_of(joint, suspected)) is None:
            return suspected
    return None


def _minimised(solver: JointSolver, joint: JointProblem, core: list[_Root]) -> list[_Root]:
    """Leave out ever smaller runs of roots for as long as what remains has no solution."""
    size = max(1, len(core) // 2)
    while True:
        start = 0
        while start < len(core):
            rest = core[:start] + core[start + size :]
            if rest and solver.solve(problem_of(joint, rest)) is None:
                core = rest
            else:
                start += size
        if size == 1:
            return core
        size //= 2


def _claim(root: _Root) -> tuple[str, str]:
    return (shown(root), str(root.origin)) if isinstance(root, CondaSpec) else (str(root), root.origin)


def _world(solver: JointSolver, joint: JointProblem) -> World:
    records = records_that_count(joint.conda, lambda name: solver.conda_records(joint.conda, [name])[name])
    pythons = records("python") if any(spec.name == "python" for spec in joint.conda.specs) else ()
    return World(
        knowledge=solver.knowing(joint, joint.python),
        names=joint.names,
        records=records,
        python=next((record for record in pythons if record.version == joint.python.version), None),
        owned=frozenset(joint.owned),
        limits=joint.constraints,
    )


def _available(
    found: Contradiction | None, problem: PypiProblem, solver: JointSolver, joint: JointProblem
) -> Availability:
    """What there is of the project that the chain ends at, where conda and places have no part in that."""
    if found is None or any(demand.is_conda or demand.exactly is not None for demand in found.demands):
        return Availability()
    others = problem.fixed.keys() - {found.subject}
    return what_there_is(solver.knowing(joint, joint.python), found.subject, _wanted(found, joint), others)


def _told(
    found: Contradiction, there: Availability, problem: PypiProblem, solver: JointSolver, joint: JointProblem
) -> Conflict:
    """A contradiction with the way to each of its demands. Those that are roots are claims of their own."""
    platform = joint.conda.platform
    steps = [step for demand in found.demands for step in demand.way() if not step.is_conda]
    knowledge = solver.knowing(joint, joint.python)
    detail = there.detail or virtual_package(found.subject, platform)
    detail = detail or left_out_by_age(knowledge, list(dict.fromkeys(step.name for step in steps)))
    detail = detail or _filtered(found.subject, solver, joint)
    claims = claims_of(found) + limits_on(problem, found.subject)
    return Conflict(
        platform=platform.subdir, subject=found.subject, claims=claims, nearest=there.nearest, detail=detail
    )


def _filtered(subject: str, solver: JointSolver, joint: JointProblem) -> str:
    """What the filters leave out of the package, and of those of conda that may provide the project."""
    if not joint.conda.filters or not joint.conda.channels:
        return ""
    names = dict.fromkeys((subject, *joint.names.conda_names(subject)))
    return "\n".join(filtered(records_left_out(solver.channels(), joint.conda, names)))


def _wanted(found: Contradiction, joint: JointProblem) -> Wanted:
    limits = joint.constraints.get(found.subject, ())
    hashes = (digest for root in joint.requests if root.name == found.subject for digest in root.hashes)
    return Wanted(specifiers=(*(demand.spec for demand in found.demands), *limits), hashes=frozenset(hashes))


def _where_it_fails(solver: JointSolver, core: JointProblem, problem: PypiProblem) -> Conflict | None:
    """The fast path's conflict over the core alone, with the versions that conda chooses for the core."""
    origins = {request.origin for request in core.requests}
    requirements = tuple(r for r in problem.requirements if str(r.origin) in origins)
    fixed: dict[str, Version] = {}
    if core.conda.specs:
        answer = solve_all(solver.channels(), [core.conda])[0]
        if isinstance(answer, CondaSolution):
            for record in answer.records:
                for project in core.names.provides(record.name, depends=record.depends, noarch=record.noarch):
                    fixed.setdefault(project, pep440_of(record.version))
    smaller = replace(problem, requirements=requirements, fixed=fixed)
    return resolve_pypi(smaller, solver.knowing(core, core.python)).conflict
