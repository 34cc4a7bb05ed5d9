"""The joint solve where there is no conda: it ends without a SAT solver where nobody has to step back blindly."""

from __future__ import annotations

import pytest

from resolver.conda.channels import Channels
from resolver.conda.problems import CondaProblem
from resolver.indexes import MemoryIndex
from resolver.names import NamesMap
from resolver.solver.joint.solver import JointProblem, JointSolver
from resolver.solver.problem import PypiProblem, limits_of, requests_of
from resolver.solver.projects import Projects
from tests.solver.worlds import Universe, requirements, target

_OLD = 300
"""As many versions as there are between two that fit."""


def _no_channels() -> Channels:
    raise AssertionError("the SAT solver is asked")


def _solve(universe: Universe, *lines: str) -> tuple[dict[str, str] | None, Projects]:
    where = target()
    problem = PypiProblem(target=where, requirements=requirements(*lines), fixed={}, directs={})
    projects = Projects([MemoryIndex(universe)])
    solution = JointSolver(_no_channels, projects).solve(
        JointProblem(
            conda=CondaProblem(platform=where.platform, channels=(), specs=()),
            requests=requests_of(problem),
            constraints=limits_of(problem),
            owned={},
            python=where.python,
            names=NamesMap.load(),
        )
    )
    return {p.name: p.version for p in solution.pypi.projects} if solution is not None else None, projects


def test_a_project_steps_back_as_far_as_it_has_to() -> None:
    universe: Universe = {
        "core": {f"1.{minor}": {} for minor in range(_OLD)},
        "demo": {f"2.{minor}": {"requires_dist": [f"core>=1.{minor}"]} for minor in range(_OLD)},
    }
    answer, _ = _solve(universe, "core<1.7", "demo")
    assert answer == {"core": "1.6", "demo": "2.6"}


def test_a_root_is_decided_before_those_after_it() -> None:
    universe: Universe = {
        "ant": {"1": {"requires_dist": ["core"]}, "2": {"requires_dist": ["core<3"]}},
        "bee": {"1": {"requires_dist": ["core<4"]}, "2": {"requires_dist": ["core>=4"]}},
        "core": {"2": {}, "3": {}, "4": {}},
    }
    answer, _ = _solve(universe, "bee", "ant")
    assert answer == {"ant": "2", "bee": "1", "core": "2"}


def test_what_an_extra_needs_counts() -> None:
    universe: Universe = {
        "ant": {
            "1": {},
            "2": {"requires_dist": ["core>=2; extra == 'x'"]},
            "3": {"requires_dist": ["core>=3; extra == 'x'"]},
        },
        "core": {"1": {}, "2": {}, "3": {}},
    }
    assert _solve(universe, "ant[x]", "core<3")[0] == {"ant": "2", "core": "2"}
    assert _solve(universe, "ant", "core<3")[0] == {"ant": "3", "core": "2"}


def test_there_is_no_solution_without_a_search() -> None:
    universe: Universe = {
        "ant": {"1": {"requires_dist": ["bee"]}, "2": {"requires_dist": ["bee"]}},
        "bee": {"1": {"requires_dist": ["core>=2"]}},
        "core": {"1": {}, "2": {}},
    }
    assert _solve(universe, "ant", "core<2")[0] is None


def test_versions_that_pin_what_has_no_file_here_are_passed_over_at_once() -> None:
    universe: Universe = {
        "demo": {f"1.{minor}": {"requires_dist": [f"core==1.{minor}"]} for minor in range(_OLD)},
        "core": {f"1.{minor}": {"requires_python": "<3"} if minor else {} for minor in range(_OLD)},
    }
    assert _solve(universe, "demo")[0] == {"core": "1.0", "demo": "1.0"}


def test_what_is_behind_a_pin_is_learned_many_at_a_time() -> None:
    universe: Universe = {
        "demo": {f"1.{minor}": {"requires_dist": [f"core==1.{minor}"]} for minor in range(_OLD)},
        "core": {f"1.{minor}": {"requires_dist": ["base<2"] if minor else []} for minor in range(_OLD)},
        "base": {"1": {}, "2": {}},
    }
    assert _solve(universe, "demo", "base>=2")[0] == {"base": "2", "core": "1.0", "demo": "1.0"}


def test_a_project_is_looked_up_only_for_what_may_be_chosen() -> None:
    universe: Universe = {
        "ant": {"1": {"requires_dist": ["core"]}, "2": {"requires_dist": ["other", "core>=2"]}},
        "core": {"1": {}, "2": {}},
        "other": {"1": {}},
    }
    answer, projects = _solve(universe, "ant", "core<2")
    assert answer == {"ant": "1", "core": "1"}
    assert projects.seen() == ("ant", "core")


@pytest.mark.parametrize("pin", ["core==1.0", "core==1"])
def test_a_yanked_version_is_there_for_who_pins_it(pin: str) -> None:
    universe: Universe = {
        "ant": {"1": {"requires_dist": [pin]}},
        "core": {"0.9": {}, "1.0": {"yanked": True}},
    }
    assert _solve(universe, "ant", "core")[0] == {"ant": "1", "core": "1.0"}
    assert _solve(universe, "core")[0] == {"core": "0.9"}
