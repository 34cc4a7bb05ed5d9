"""Over random universes of both worlds the solver agrees with trying every choice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.scenarios.random_universes import planted_universe, random_universe
from tests.scenarios.solving import Answer, solve_universe
from tests.scenarios.universes import Universe, best, is_valid, key_of

_SEEDS = range(360)
_SHUFFLED = range(0, 360, 6)
_PLANTED = range(100)
_CHUNKS = 10
_NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu")


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_as_trying_every_choice_does(chunk: int, tmp_path: Path) -> None:
    """Satisfiable or not is the same, an answer holds, and where the worlds dispute it is the best for the roots.

    Where they do not, conda's own choice stands and PyPI is resolved on top of it, whatever a joint solve would say.
    """
    for seed in _SEEDS[chunk::_CHUNKS]:
        universe = random_universe(random.Random(seed))
        answer = _solve(universe, tmp_path, seed)
        ideal = best(universe, answer.owned, answer.first_python)
        assert (answer.choice is None) == (ideal is None), seed
        if answer.choice is not None:
            assert is_valid(universe, answer.choice), seed
            key = key_of(universe, answer.choice, answer.owned, answer.first_python)
            assert not answer.disputed or key == ideal, seed


def test_there_is_something_to_agree_on() -> None:
    """A good part of the universes has a solution, and a good part has none."""
    ideals = [best(random_universe(random.Random(seed)), frozenset(), 312) for seed in _SEEDS]
    unsolvable = sum(ideal is None for ideal in ideals)
    assert len(ideals) // 5 < unsolvable < len(ideals) // 2


@pytest.mark.parametrize("seed", _SHUFFLED)
def test_the_order_of_everything_is_no_input(seed: int, tmp_path: Path) -> None:
    universe = random_universe(random.Random(seed))
    once = _solve(universe, tmp_path, 1).choice
    assert _solve(universe.shuffled(random.Random(seed + 1)), tmp_path, 2).choice == once


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_a_known_solution_is_never_missed(chunk: int, tmp_path: Path) -> None:
    """Larger universes, in which a choice was planted that all its own bounds admit."""
    for seed in _PLANTED[chunk::_CHUNKS]:
        universe, planted = planted_universe(random.Random(seed), _NAMES, 4)
        assert is_valid(universe, planted), seed
        answer = _solve(universe, tmp_path, seed)
        assert answer.choice is not None, seed
        assert is_valid(universe, answer.choice), seed


def _solve(universe: Universe, tmp_path: Path, number: int) -> Answer:
    folder = tmp_path / str(number)
    folder.mkdir()
    return solve_universe(universe, folder)
