"""In universes so small that every choice can be tried, the solver and the trying agree."""

from __future__ import annotations

import random

import pytest

from resolver.errors import NoSolution
from tests.solver.oracle import Oracle
from tests.solver.worlds import Universe, requirements, solve

_SEEDS = range(400)
_NAMES = ("ant", "bee", "cat", "dog")
_VERSIONS = ("1.0", "2.0", "3.0")
_MARKERS = ("", "", "", "; sys_platform == 'win32'", "; python_version >= '3.11'")


def _specifier(pick: random.Random) -> str:
    version = pick.choice(_VERSIONS)
    return pick.choice(["", "", f">={version}", f"<{version}", f"=={version}", f"!={version}", "~=2.0", "==1.*"])


def _needs(pick: random.Random, name: str) -> list[str]:
    needs = []
    for _ in range(pick.choice([0, 1, 1, 2])):
        other = pick.choice([n for n in _NAMES if n != name])
        extra = pick.choice(["", "", "", "[x]"])
        needs.append(f"{other}{extra}{_specifier(pick)}{pick.choice(_MARKERS)}")
    if pick.random() < 0.4:
        other = pick.choice([n for n in _NAMES if n != name])
        needs.append(f"{other}{_specifier(pick)}; extra == 'x'")
    return needs


def _release(pick: random.Random, name: str) -> dict[str, object]:
    release: dict[str, object] = {"requires_dist": _needs(pick, name)}
    if pick.random() < 0.12:
        release["requires_python"] = pick.choice(["<3.12", ">=3.12"])
    if pick.random() < 0.06:
        release["invalid"] = "Requires-Dist: nonsense"
    return release


def _problem(seed: int) -> Oracle:
    pick = random.Random(seed)
    universe = {
        name: {version: _release(pick, name) for version in pick.sample(_VERSIONS, pick.choice([1, 2, 3]))}
        for name in _NAMES
    }
    roots = [f"{name}{pick.choice(['', '', '[x]'])}{_specifier(pick)}" for name in pick.sample(_NAMES, 2)]
    constraints = [f"{pick.choice(_NAMES)}{pick.choice(['<3.0', '!=2.0'])}"] if pick.random() < 0.3 else []
    return Oracle(universe=universe, roots=tuple(roots), constraints=tuple(constraints))


def _answer(problem: Oracle, roots: tuple[str, ...]) -> dict[str, str] | None:
    try:
        return solve(problem.universe, requirements(*roots), requirements(*problem.constraints))
    except NoSolution:
        return None


@pytest.mark.parametrize("seed", _SEEDS)
def test_the_solver_finds_a_solution_if_and_only_if_there_is_one(seed: int) -> None:
    problem = _problem(seed)
    answer = _answer(problem, problem.roots)
    if answer is None:
        assert problem.first_answer() is None
    else:
        assert list(problem.problems(answer)) == []


@pytest.mark.parametrize("seed", range(0, 400, 4))
def test_the_order_of_requirements_is_no_input(seed: int) -> None:
    problem = _problem(seed)
    assert _answer(problem, problem.roots) == _answer(problem, problem.roots[::-1])


def test_the_universes_are_of_both_sorts() -> None:
    solvable = sum(_problem(seed).first_answer() is not None for seed in range(200))
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
