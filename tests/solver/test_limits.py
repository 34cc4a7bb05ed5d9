"""What resolvelib alone gets wrong, and whether the whole solve mends it."""

from __future__ import annotations

import pytest

from resolver.errors import NoSolution
from tests.solver.oracle import Oracle
from tests.solver.worlds import Universe, chosen, requirements, resolve, solve

_BACKJUMP: Universe = {
    "ant": {
        "2.0": {"requires_dist": ["dog!=3.0", "bee"], "invalid": "Requires-Dist: nonsense"},
        "1.0": {"requires_dist": ["dog>=1.0", "cat; extra == 'x'"]},
    },
    "bee": {"2.0": {"requires_dist": ["ant[x]"]}},
    "cat": {
        "2.0": {"requires_dist": ["ant>=1.0"]},
        "3.0": {"requires_dist": ["dog==1.*; extra == 'x'"]},
        "1.0": {},
    },
    "dog": {
        "3.0": {"requires_dist": ["cat[x]"]},
        "2.0": {"requires_dist": ["cat==3.0"]},
        "1.0": {"requires_dist": ["bee[x]==1.0", "cat"]},
    },
}
_ROOTS = ("cat>=3.0", "bee>=1.0")


def test_a_solution_behind_a_backjump() -> None:
    """resolvelib keeps what it learned beneath a decision after it has undone the decision."""
    answer = {"ant": "1.0", "bee": "2.0", "cat": "3.0", "dog": "2.0"}
    assert list(Oracle(universe=_BACKJUMP, roots=_ROOTS).problems(answer)) == []
    with pytest.raises(NoSolution):
        resolve(_BACKJUMP, requirements(*_ROOTS))
    assert solve(_BACKJUMP, requirements(*_ROOTS)) == answer


def test_pins_that_are_left_over_in_a_cycle_are_no_endless_search() -> None:
    """resolvelib's own way from a finished search to a result does not come back from such a cycle."""
    ant = {
        "1.0": {"requires_dist": ["dog==1.*"]},
        "2.0": {"requires_dist": ["dog[x]!=3.0", "cat[x]==1.*", "bee; extra == 'x'"]},
    }
    dog = {
        "1.0": {"requires_dist": ["cat; extra == 'x'"]},
        "3.0": {"requires_dist": ["ant"]},
        "2.0": {"requires_dist": ["ant; extra == 'x'"]},
    }
    universe: Universe = {"ant": ant, "bee": {"3.0": {}}, "cat": {"1.0": {}, "3.0": {}, "2.0": {}}, "dog": dog}
    asked = requirements("cat==1.0", "dog!=1.0")
    assert chosen(resolve(universe, asked)) == solve(universe, asked) == {"cat": "1.0", "dog": "2.0"}


_LEFT_OVER: Universe = {
    "ant": {"3.0rc1": {}, "1.0": {"requires_dist": ["cat"]}},
    "cat": {"1.0": {}, "2.0": {"requires_dist": ["ant==3.0rc1"]}},
}


def test_a_prerelease_that_only_a_package_asked_for_that_is_not_there() -> None:
    """ant 1.0 needs cat, cat 2.0 needs the pre-release of ant, which needs no cat: then nobody asked for it."""
    assert solve(_LEFT_OVER, requirements("ant")) == {"ant": "1.0", "cat": "1.0"}
