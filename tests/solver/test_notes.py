"""What is noted about pages makes a solve faster and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from resolver.errors import NoSolution
from resolver.solver import checker
from resolver.solver.knowledge import Knowledge
from resolver.solver.lookup import Lookup
from resolver.solver.policy import FilePolicy, overrides_by_name
from resolver.solver.problem import PypiProblem
from resolver.solver.projects import Projects
from resolver.solver.targets import Target
from resolver.solver.walk import walk
from tests.solver.noting_index import Notes, NotingMemoryIndex
from tests.solver.tiny_universes import random_problem
from tests.solver.worlds import Universe, requirements, solve, target

_WEB: Universe = {
    "web": {"1.0": {"requires_dist": ["core>=1", "fast; extra == 'speed'"]}, "2.0rc1": {}},
    "core": {"1.0": {}, "2.0": {"requires_dist": ["base<2; python_version >= '3.8'"]}},
    "base": {"1.5": {}, "2.0": {}},
    "fast": {"1": {}},
}
_ANSWER = {"base": "1.5", "core": "2.0", "fast": "1", "web": "1.0"}


def _answer(universe: Universe, notes: Notes | None, roots: tuple[str, ...], limits: tuple[str, ...] = ()) -> object:
    index = universe if notes is None else [NotingMemoryIndex(universe, notes)]
    try:
        return solve(index, requirements(*roots), requirements(*limits))
    except NoSolution as error:
        return str(error)


@pytest.mark.parametrize("seed", range(0, 300, 3))
def test_what_was_noted_of_other_questions_and_other_pages_changes_no_answer(seed: int) -> None:
    """Of three worlds the second shares some pages with the first, and the third is the first again."""
    notes: Notes = {}
    one, other = random_problem(seed), random_problem(seed + 1)
    mixed = {name: (other if name in ("ant", "cat") else one).universe[name] for name in one.universe}
    for universe in (one.universe, mixed, one.universe):
        for problem in (one, other):
            alone = _answer(universe, None, problem.roots, problem.constraints)
            assert _answer(universe, notes, problem.roots, problem.constraints) == alone


def test_a_page_that_was_noted_is_not_read_again() -> None:
    notes: Notes = {}
    assert _answer(_WEB, notes, ("web[speed]",)) == _ANSWER
    index = NotingMemoryIndex(_WEB, notes)
    assert solve([index], requirements("web[speed]")) == _ANSWER
    assert (index.pages_asked, index.metadata_asked) == ([], [])


def test_of_one_more_request_only_what_is_new_is_read() -> None:
    notes: Notes = {}
    _answer(_WEB, notes, ("web",))
    index = NotingMemoryIndex(_WEB, notes)
    assert solve([index], requirements("web", "fast")) == _ANSWER
    assert set(index.pages_asked) == {"fast"}


_CONTEXTS: dict[str, tuple[Target, FilePolicy]] = {
    "as it is": (target(), FilePolicy()),
    "another Python": (target(python="3.12.5"), FilePolicy()),
    "without a GIL": (target(python="3.13.0", free_threaded=True), FilePolicy()),
    "with one": (target(python="3.13.0"), FilePolicy()),
    "another platform": (target("osx-arm64"), FilePolicy()),
    "a cut-off": (target(cut_off=datetime(2026, 1, 1, tzinfo=UTC)), FilePolicy(take_untimed=True)),
    "a later one": (target(cut_off=datetime(2026, 1, 2, tzinfo=UTC)), FilePolicy(take_untimed=True)),
    "wheels only": (target(), FilePolicy(only_binary=frozenset({":all:"}))),
    "sdists only": (target(), FilePolicy(no_binary=frozenset({"zoo"}))),
    "builds": (target(), FilePolicy(builds=frozenset({":all:"}))),
    "an override": (target(), FilePolicy(overrides=overrides_by_name(requirements("core<2")))),
    "another one": (target(), FilePolicy(overrides=overrides_by_name(requirements("core<2; python_version>'3'")))),
}


def test_a_note_is_for_one_target_and_one_policy() -> None:
    notes: Notes = {}
    for where, policy in _CONTEXTS.values():
        lookup = Lookup(Knowledge(Projects([NotingMemoryIndex(_WEB, notes)], policy=policy), where))
        asked = PypiProblem(target=where, requirements=requirements("base"), fixed={}, directs={})
        assert walk(asked, lookup) is not None
        lookup.keep()
    assert len({context for context, _, _ in notes}) == len(_CONTEXTS)


_DAMAGES: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "an end that is missing": lambda note: note[:-9],
    "another form": lambda _: '{"first": {}}',
    "an older form": lambda note: note[64:],
    "another version": lambda note: note.replace("2", "1"),
    "another type inside": lambda note: note.replace('"2"', "2.5"),
}


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES.keys())
def test_a_note_that_is_not_as_it_was_written_is_made_anew(damage: Callable[[str], str]) -> None:
    notes: Notes = {}
    _answer(_WEB, notes, ("web[speed]",))
    whole = dict(notes)
    for key, note in notes.items():
        notes[key] = damage(note)
    assert _answer(_WEB, notes, ("web[speed]",)) == _ANSWER
    assert notes == whole


def test_the_checker_is_asked_once_about_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = checker.violations

    def violations(*given: object, **named: object) -> list[str]:
        asked.append(named)
        return original(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(checker, "violations", violations)
    notes: Notes = {}
    for lines in (("web",), ("web",), ("web", "core>=1"), ("web", "core>=1"), ("core>=1", "web")):
        _answer(_WEB, notes, lines)
    assert len(asked) == 2
    changed = {**_WEB, "fast": {"2": {}}}
    _answer(changed, notes, ("web[speed]",))
    assert len(asked) == 3


def test_a_note_does_not_become_ever_longer() -> None:
    notes: Notes = {}
    universe: Universe = {"base": {f"{minor}.0": {} for minor in range(200)}}
    sizes = []
    for minor in range(1, 200):
        assert solve([NotingMemoryIndex(universe, notes)], requirements(f"base<{minor}")) == {"base": f"{minor - 1}.0"}
        sizes.append(len("".join(notes.values())))
    assert sizes[-1] < 1.2 * sizes[70]
