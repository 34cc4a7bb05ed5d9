"""Why a joint problem has no solution: a smallest set of requests that still contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.version import Version

from resolver.conda import CondaSolution, solve_all
from resolver.model import CondaSpec, Conflict
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.explain import shown
from resolver.solver.joint import JointProblem, JointSolver
from resolver.solver.pypi import PypiProblem, resolve_pypi

__all__ = ["joint_conflict"]

_Root = CondaSpec | Request


def joint_conflict(solver: JointSolver, joint: JointProblem, problem: PypiProblem) -> Conflict:
    """The conflict of an unsolvable problem: the requests of the core with their origins, then the requirement at
    which the fast path fails on that core alone."""
    core = _core(solver, joint)
    smaller = _with(joint, core)
    claims = tuple(_claim(root) for root in core)
    conflict = _where_it_fails(solver, smaller, problem)
    if conflict is None:
        return Conflict(platform=joint.conda.platform.subdir, subject=claims[0][0], claims=claims)
    rest = tuple(claim for claim in conflict.claims if claim not in claims)
    return replace(conflict, claims=claims + rest)


def _core(solver: JointSolver, joint: JointProblem) -> list[_Root]:
    """Leave out ever smaller runs of roots for as long as what remains has no solution. What is left has one as soon
    as any single root goes."""
    core: list[_Root] = [*joint.requests, *joint.conda.specs]
    size = max(1, len(core) // 2)
    while True:
        start = 0
        while start < len(core):
            rest = core[:start] + core[start + size :]
            if rest and solver.solve(_with(joint, rest)) is None:
                core = rest
            else:
                start += size
        if size == 1:
            return core
        size //= 2


def _with(joint: JointProblem, roots: Sequence[_Root]) -> JointProblem:
    specs = tuple(root for root in roots if isinstance(root, CondaSpec))
    requests = tuple(root for root in roots if isinstance(root, Request))
    return replace(joint, conda=replace(joint.conda, specs=specs), requests=requests)


def _claim(root: _Root) -> tuple[str, str]:
    return (shown(root), str(root.origin)) if isinstance(root, CondaSpec) else (str(root), root.origin)


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
