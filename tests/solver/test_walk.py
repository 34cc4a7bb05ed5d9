"""The fast path, case by case and by its laws: what it answers is right, and the best of its kind."""

from __future__ import annotations

import pytest

from resolver.solver.knowledge import Knowledge
from resolver.solver.lookup import Lookup
from resolver.solver.problem import PypiProblem
from resolver.solver.walk import walk
from tests.solver.oracle import Oracle
from tests.solver.tiny_universes import random_problem
from tests.solver.worlds import Universe, chosen, projects_of, requirements, target


def _walked(universe: Universe, *roots: str, constraints: tuple[str, ...] = ()) -> dict[str, str] | None:
    problem = PypiProblem(
        target=target(),
        requirements=requirements(*roots),
        constraints=requirements(*constraints),
        fixed={},
        directs={},
    )
    solution = walk(problem, Lookup(Knowledge(projects_of(universe), problem.target)))
    return None if solution is None else chosen(solution)


def _needs(*needs: str) -> dict[str, object]:
    return {"requires_dist": list(needs)}


_CASES: dict[str, tuple[Universe, tuple[str, ...], dict[str, str] | None]] = {
    "a later limit makes a project older that nobody asked for by name": (
        {"app": {"1": _needs("lib", "tool")}, "lib": {"1": {}, "2": {}}, "tool": {"1": _needs("lib<2")}},
        ("app",),
        {"app": "1", "lib": "1", "tool": "1"},
    ),
    "what the older one does not need is forgotten": (
        {
            "app": {"1": _needs("lib", "tool")},
            "lib": {"1": {}, "2": _needs("extra-of-two")},
            "tool": {"1": _needs("lib<2")},
            "extra-of-two": {"1": {}},
        },
        ("app",),
        {"app": "1", "lib": "1", "tool": "1"},
    ),
    "what only the forgotten one limited is new again": (
        {
            "app": {"1": _needs("base", "lib", "tool")},
            "base": {"1": {}, "2": {}},
            "lib": {"1": {}, "2": _needs("base<2")},
            "tool": {"1": _needs("lib<2")},
        },
        ("app",),
        {"app": "1", "base": "2", "lib": "1", "tool": "1"},
    ),
    "what is forgotten is so too where it needs itself": (
        {
            "app": {"1": _needs("base", "lib", "tool")},
            "base": {"1": {}, "2": {}},
            "lib": {"1": {}, "2": _needs("a")},
            "a": {"1": _needs("b")},
            "b": {"1": _needs("a", "base<2")},
            "tool": {"1": _needs("lib<2")},
        },
        ("app",),
        {"app": "1", "base": "2", "lib": "1", "tool": "1"},
    ),
    "so is what an extra brought that is not asked for any more": (
        {
            "app": {"1": _needs("lib", "tool", "web")},
            "lib": {"1": _needs("web"), "2": _needs("web[fast]")},
            "tool": {"1": _needs("lib<2")},
            "web": {"1": _needs("speed; extra == 'fast'")},
            "speed": {"1": {}},
        },
        ("app",),
        {"app": "1", "lib": "1", "tool": "1", "web": "1"},
    ),
    "what the manifest asks for does not get older": (
        {"lib": {"1": {}, "2": {}}, "tool": {"1": {}, "2": _needs("lib<2")}},
        ("lib", "tool"),
        None,
    ),
    "two that want each other older have no end": (
        {"app": {"1": _needs("a")}, "a": {"1": {}, "2": _needs("b")}, "b": {"1": _needs("a<2")}},
        ("app",),
        None,
    ),
    "metadata that cannot be used": ({"app": {"1": {}, "2": {"invalid": "nonsense"}}}, ("app",), None),
    "a place that a package asks for": (
        {"app": {"1": _needs("lib @ https://files.example.org/lib-1.0.tar.gz")}, "lib": {"1.0": {}}},
        ("app",),
        None,
    ),
    "an extra that is asked for late": (
        {
            "app": {"1": _needs("web", "zoo")},
            "zoo": {"1": _needs("web[fast]")},
            "web": {"1": _needs("speed; extra == 'fast'")},
            "speed": {"1": {}},
        },
        ("app",),
        {"app": "1", "speed": "1", "web": "1", "zoo": "1"},
    ),
    "an extra that needs another one of the same project": (
        {"web": {"1": _needs("web[fast]; extra == 'all'", "speed; extra == 'fast'")}, "speed": {"1": {}}},
        ("web[all]",),
        {"speed": "1", "web": "1"},
    ),
    "a cycle": ({"a": {"1": _needs("b")}, "b": {"1": _needs("a")}}, ("a",), {"a": "1", "b": "1"}),
}


@pytest.mark.parametrize(("universe", "roots", "expected"), _CASES.values(), ids=_CASES.keys())
def test_case(universe: Universe, roots: tuple[str, ...], expected: dict[str, str] | None) -> None:
    assert _walked(universe, *roots) == expected


@pytest.mark.parametrize("seed", range(400))
def test_an_answer_is_right_and_each_of_its_versions_the_newest_that_may_be(seed: int) -> None:
    problem = random_problem(seed)
    answer = _walked(problem.universe, *problem.roots, constraints=problem.constraints)
    if answer is not None:
        assert list(problem.problems(answer)) == []
        assert answer == problem.newest(answer)


def test_the_random_universes_are_of_both_sorts() -> None:
    problems = map(random_problem, range(200))
    answers = [_walked(p.universe, *p.roots, constraints=p.constraints) for p in problems]
    assert 20 < sum(answer is not None for answer in answers) < 180


def test_the_law_of_the_newest_can_fail() -> None:
    problem = Oracle(universe={"a": {"1": {}, "2": {}, "3": {}}}, roots=("a<3",))
    assert problem.newest({"a": "1"}) == {"a": "2"}
