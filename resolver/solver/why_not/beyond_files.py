"""Requests that contradict each other whichever files there are: then it helps nobody to have missing files made."""

from __future__ import annotations

from collections.abc import Iterator

from resolver.model import CondaSpec
from resolver.solver.answer import Request
from resolver.solver.joint.solver import JointProblem, JointSolver
from resolver.solver.versions import ranks
from resolver.solver.why_not.any_file import KnowledgeOfAny
from resolver.solver.why_not.candidates import World
from resolver.solver.why_not.chains import Contradiction, find_contradiction
from resolver.solver.why_not.explain import line_order
from resolver.solver.why_not.remedies import problem_of

__all__ = ["beyond_files"]

_MOST_TRIALS = 4


def beyond_files(
    solver: JointSolver, joint: JointProblem, world: World, subject: str
) -> tuple[list[CondaSpec | Request], Contradiction] | None:
    """Two requests, the one for the subject, that contradict each other on it as if every file could be used, and the
    chain between them. Asked where the files of the subject alone are reason enough for there being no solution.

    A request without a version is not tried: it can mostly step back to a release from before it needed anything.
    """
    known = solver.knowing(joint, joint.python)
    knowledge = KnowledgeOfAny(known.projects, known.target)
    _learn_best(knowledge, joint)
    lenient = JointSolver(solver.channels, knowledge.projects)
    lenient.begin_with(knowledge)
    for pair, found in _suspected(joint, world.knowing(knowledge), subject):
        if lenient.solve(problem_of(joint, pair)) is None:
            again = find_contradiction(pair, world.knowing(knowledge))
            return sorted(pair, key=lambda root: line_order(str(root.origin))), again or found
    return None


def _suspected(
    joint: JointProblem, world: World, subject: str
) -> Iterator[tuple[list[CondaSpec | Request], Contradiction]]:
    asked = [request for request in joint.requests if request.name == subject]
    others = [request for request in joint.requests if request.name != subject and request.specifier]
    trials = 0
    for other in others if len(asked) == 1 else ():
        pair: list[CondaSpec | Request] = [*asked, other]
        found = find_contradiction(pair, world)
        if found is None or found.subject != subject or len({demand.way()[0].who for demand in found.demands}) < 2:
            continue
        yield pair, found
        trials += 1
        if trials == _MOST_TRIALS:
            return


def _learn_best(knowledge: KnowledgeOfAny, joint: JointProblem) -> None:
    """The metadata of the best version of each request: those of what else matters were learned before, or not."""
    best = []
    for request in joint.requests:
        files = knowledge.files(request.name)
        project = files.project.ranked
        admitted = ranks(project.admitted(request.specifier))
        # the order is that of the candidates in a chain
        order = [
            (knowledge.is_stand_in(request.name, rank), project.versions[rank].is_prerelease, -rank)
            for rank in admitted
        ]
        file = files.best(-min(order)[2]) if order else None
        best += [(request.name, file)] if file is not None else []
    knowledge.learn(best)
