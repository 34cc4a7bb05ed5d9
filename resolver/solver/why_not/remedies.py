"""The nearest thing that would work: which one request of a contradiction, with its version set free, lets the whole
have a solution, and by which version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from resolver.conda import CondaProblem, CondaUnsolvable, MixedProblem, MixedSolution, solve_mixed
from resolver.errors import NoSolution
from resolver.model import CondaSpec
from resolver.solver.answer import Request
from resolver.solver.joint.solver import JointProblem, JointSolution, JointSolver
from resolver.solver.why_not.explain import line_order, shown
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.conda.channels import Channels

__all__ = ["Remedy", "conda_remedies", "joint_remedies", "problem_of"]

_MOST_TRIALS = 4

Remedy = tuple[str, str]
"""What would fit (a name and a version), and the request that stands in its way."""

Root = CondaSpec | Request


def joint_remedies(solver: JointSolver, joint: JointProblem, core: Sequence[Root]) -> tuple[Remedy, ...]:
    """For each request of the core that names a version: the version that fits the rest of the core, if the whole
    problem has a solution with that.

    Two small solves for each. The whole problem with a request set free may take minutes, and with one version is
    about as hard as any.
    """
    found = []
    for root in _worth_a_trial(core):
        rest = [other for other in core if other is not root]
        try:
            version = _version(solver.solve(problem_of(joint, [*rest, _free(root)])), root, joint)
            whole: list[Root] = [*joint.requests, *joint.conda.specs]
            if version is None or solver.solve(problem_of(joint, _pinned(whole, root, version))) is None:
                continue
        except NoSolution:
            continue  # the search ended at its bound: nothing is known, so nothing is promised
        found.append((f"{root.name} {version}", _said(root)))
    return tuple(found)


def problem_of(joint: JointProblem, roots: Sequence[Root]) -> JointProblem:
    """The problem with these roots in place of its own."""
    specs = tuple(root for root in roots if isinstance(root, CondaSpec))
    requests = tuple(root for root in roots if isinstance(root, Request))
    python = next((spec for spec in joint.conda.specs if spec.name == "python"), None)
    if requests and python is not None and not any(spec.name == "python" for spec in specs):
        # wheels need conda's interpreter all the same, only any version of it
        specs += (CondaSpec(name="python", origin=python.origin, group=python.group),)
    return replace(joint, conda=replace(joint.conda, specs=specs), requests=requests)


def conda_remedies(channels: Channels, failed: CondaUnsolvable) -> tuple[Remedy, ...]:
    """The same where conda's specs alone contradict each other. Where a name or a version is nowhere, the names and
    versions that there are say more."""
    if failed.versions or any(spec.name not in failed.names for spec in failed.core):
        return ()
    found = []
    core = sorted(failed.core, key=lambda spec: line_order(str(spec.origin)))
    for root in _worth_a_trial(core):
        rest = [other for other in core if other is not root]
        version = _conda_version(channels, failed.problem, [*rest, _free(root)], root)
        if version is not None:
            whole = _pinned(failed.problem.specs, root, version)
            if _conda_version(channels, failed.problem, whole, root) is not None:
                found.append((f"{root.name} {version}", _said(root)))
    return tuple(found)


def _worth_a_trial(core: Sequence[Root]) -> Iterator[Root]:
    """Requests with a version, but not those that another line asks for too: one of the two has to go."""
    kinds = [(type(root), root.name) for root in core]
    candidates = [root for root in core if _has_version(root) and kinds.count((type(root), root.name)) == 1]
    yield from candidates[:_MOST_TRIALS]


def _has_version(root: Root) -> bool:
    if isinstance(root, CondaSpec):
        return any((root.version, root.build, root.build_number))
    return bool(root.specifier) and root.direct is None


def _free(root: Root) -> Root:
    if isinstance(root, CondaSpec):
        return replace(root, version=None, build=None, build_number=None)
    return replace(root, specifier="", hashes=())


def _pinned(roots: Sequence[Root], root: Root, version: str) -> list[Root]:
    """The roots with ``root`` asking for one version."""
    exactly = (
        replace(root, version=f"=={version}", build=None, build_number=None)
        if isinstance(root, CondaSpec)
        else replace(root, specifier=f"=={version}", hashes=())
    )
    return [exactly if other is root else other for other in roots]


def _version(solution: JointSolution | None, root: Root, joint: JointProblem) -> str | None:
    """The version that was found for a root, in whichever world."""
    if solution is None:
        return None
    if isinstance(root, Request):
        for project in solution.pypi.projects:
            if project.name == root.name:
                return str(project.version)
    for record in solution.records:
        projects = joint.names.provides(record.name, depends=record.depends, noarch=record.noarch)
        if record.name == root.name if isinstance(root, CondaSpec) else root.name in projects:
            return record.version
    return None


def _conda_version(channels: Channels, problem: CondaProblem, specs: Sequence[Root], root: Root) -> str | None:
    conda = tuple(spec for spec in specs if isinstance(spec, CondaSpec))
    answer = solve_mixed(channels, MixedProblem(conda=replace(problem, specs=conda), records=(), specs=()))
    if not isinstance(answer, MixedSolution):
        return None
    return next((record.version for record in answer.records if record.name == root.name), None)


def _said(root: Root) -> str:
    return shown(root) if isinstance(root, CondaSpec) else str(root)
