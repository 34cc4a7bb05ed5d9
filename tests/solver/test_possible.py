"""What follows from requirements without any choice, beside trying every choice."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from resolver.solver.joint.possible import Node, Possible, Rules

_NAMES = ("ant", "bee", "cat", "dog")
_RANKS = 3
_ALL = 2**_RANKS - 1

Needs = dict[tuple[str, int], dict[str, int]]
"""By project and rank: which ranks of which projects it needs, as a mask."""


def _needs(pick: random.Random) -> Needs:
    found: Needs = {}
    for name, rank in itertools.product(_NAMES, range(_RANKS)):
        others = pick.sample([other for other in _NAMES if other != name], pick.choice([0, 1, 1, 2]))
        found[name, rank] = {other: pick.randint(0, _ALL) for other in others}
    return found


def _possible(needs: Needs, required: dict[str, int]) -> Possible:
    rules = Rules()
    possible = Possible(rules)
    possible.ranks = {(name, ""): _ALL for name in _NAMES}
    for name, mask in required.items():
        possible.require((name, ""), mask)
    for (name, rank), needed in needs.items():
        for other, mask in needed.items():
            rules.add((other, ""), str(mask), mask, (name, ""), rank)
            if not possible.ranks[other, ""] & mask:
                possible.rule_out((name, ""), 1 << rank)
    return possible


def _answers(needs: Needs, required: dict[str, int]) -> Iterator[dict[str, int]]:
    for ranks in itertools.product((None, *range(_RANKS)), repeat=len(_NAMES)):
        choice = {name: rank for name, rank in zip(_NAMES, ranks, strict=True) if rank is not None}
        asked = [required, *(needs[chosen] for chosen in choice.items())]
        if all(name in choice and mask >> choice[name] & 1 for some in asked for name, mask in some.items()):
            yield choice


@pytest.mark.parametrize("seed", range(300))
def test_nothing_is_ruled_out_that_is_part_of_an_answer(seed: int) -> None:
    pick = random.Random(seed)
    needs, required = _needs(pick), {name: pick.randint(1, _ALL) for name in pick.sample(_NAMES, 2)}
    possible = _possible(needs, required)
    answers = list(_answers(needs, required))
    assert not (possible.failed and answers)
    for answer in answers:
        assert all(possible.ranks[name, ""] >> rank & 1 for name, rank in answer.items())


def test_one_fact_leads_to_the_next() -> None:
    """The only version of cat that is left needs what no dog is, so bee has to do without it, and ant has not bee 2."""
    needs: Needs = {("ant", 2): {"bee": 0b100}, ("bee", 2): {"cat": 0b010}, ("cat", 1): {"dog": 0b001}}
    possible = _possible(needs, {"ant": _ALL, "dog": 0b110})
    assert {name: possible.ranks[name, ""] for name in _NAMES} == {
        "ant": 0b011,
        "bee": 0b011,
        "cat": 0b101,
        "dog": 0b110,
    }
    assert not possible.failed


def test_a_project_that_is_needed_and_has_nothing_left_is_a_failure() -> None:
    needs: Needs = {("ant", rank): {"bee": 0b001} for rank in range(_RANKS)}
    assert not _possible(needs, {"ant": _ALL}).failed
    assert _possible(needs, {"ant": _ALL, "bee": 0b110}).failed


def test_an_extra_is_ruled_out_with_its_project_and_a_needed_one_the_other_way_round() -> None:
    node: Node = ("ant", "x")
    rules = Rules()
    rules.extras["ant"].add("x")
    possible = Possible(rules)
    possible.ranks = {("ant", ""): _ALL, node: _ALL}
    possible.rule_out(("ant", ""), 0b001)
    assert possible.ranks[node] == 0b110
    possible.rule_out(node, 0b010)
    assert possible.ranks["ant", ""] == 0b110
    possible.require(node, _ALL)
    assert possible.ranks["ant", ""] == 0b100


def test_what_is_tried_on_a_copy_stays_there() -> None:
    possible = _possible({}, {"ant": _ALL})
    tried = possible.copy()
    tried.require(("bee", ""), 0b001)
    tried.limit(("ant", ""), 0)
    assert tried.failed and tried.ranks["bee", ""] == 0b001
    assert not possible.failed and possible.ranks["ant", ""] == possible.ranks["bee", ""] == _ALL
    assert ("bee", "") not in possible.required
