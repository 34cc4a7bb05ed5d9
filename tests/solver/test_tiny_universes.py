"""In universes so small that every choice can be tried, the solver and the trying agree."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from resolver.errors import NoSolution
from tests.solver.oracle import Oracle
from tests.solver.tiny_universes import random_problem
from tests.solver.worlds import Universe, requirements, solve

_SEEDS = range(400)


def _answer(problem: Oracle, roots: tuple[str, ...]) -> dict[str, str] | None:
    try:
        return solve(problem.universe, requirements(*roots), requirements(*problem.constraints))
    except NoSolution:
        return None


@pytest.mark.parametrize("seed", _SEEDS)
def test_the_solver_finds_a_solution_if_and_only_if_there_is_one(seed: int) -> None:
    problem = random_problem(seed)
    answer = _answer(problem, problem.roots)
    if answer is None:
        assert problem.first_answer() is None
    else:
        assert list(problem.problems(answer)) == []


@pytest.mark.parametrize("seed", range(0, 400, 2))
def test_the_answer_is_the_best_for_the_roots_in_their_order(seed: int) -> None:
    problem = random_problem(seed)
    answer = _answer(problem, problem.roots)
    roots = sorted(Requirement(root).name for root in problem.roots)
    versions = [Version(answer[root]) for root in roots] if answer is not None else None
    assert versions == problem.best_for_the_roots()


@pytest.mark.parametrize("seed", range(0, 400, 4))
def test_the_order_of_requirements_is_no_input(seed: int) -> None:
    problem = random_problem(seed)
    assert _answer(problem, problem.roots) == _answer(problem, problem.roots[::-1])


def test_the_universes_are_of_both_sorts() -> None:
    solvable = sum(random_problem(seed).first_answer() is not None for seed in range(200))
    assert 40 < solvable < 180


def test_the_check_of_answers_can_fail() -> None:
    universe: Universe = {
        "ant": {"1.0": {"requires_dist": ["bee<2"]}},
        "bee": {"1.0": {}, "2.0": {"yanked": True}},
        "cat": {"1": {}},
    }
    problem = Oracle(universe=universe, roots=("ant",))
    assert list(problem.problems({"ant": "1.0", "bee": "1.0"})) == []
    assert list(problem.problems({"ant": "1.0"})) == ["bee is needed and not chosen"]
    assert list(problem.problems({"ant": "1.0", "bee": "2.0"})) == ["bee 2.0 is not what ['<2'] admit"]
    assert list(problem.problems({"ant": "1.0", "bee": "1.0", "cat": "1"})) == ["cat is chosen and not needed"]
    pinned = Oracle(universe=universe, roots=("bee==2.0",))
    assert list(pinned.problems({"bee": "2.0"})) == []
