"""Universes made by chance: small ones of any kind, and larger ones with a choice that is known to be valid."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

from tests.scenarios.universes import (
    LIBRARY,
    PROJECTS,
    PYTHONS,
    Bound,
    Choice,
    CondaPackage,
    Need,
    Release,
    Universe,
)

__all__ = ["planted_universe", "random_universe"]

_T = TypeVar("_T", str, int)


def random_universe(pick: random.Random) -> Universe:
    """A universe of which about a third has no solution."""
    conda = [_conda_package(pick, name, version) for name in PROJECTS for version in _some(pick, (1, 2, 3), 0, 3)]
    conda += [CondaPackage(name=LIBRARY, version=version) for version in (1, 2)]
    pypi = [_release(pick, name, version) for name in PROJECTS for version in _some(pick, (1, 2, 3), 1, 3)]
    in_conda = sorted({package.name for package in conda})
    asked = pick.sample(in_conda, min(len(in_conda), pick.choice([1, 2, 2])))
    return Universe(
        conda=tuple(conda),
        pypi=tuple(pypi),
        conda_roots=tuple(Need(name=name, bound=_bound(pick, 0.3)) for name in asked),
        pip_roots=tuple(
            Need(name=name, bound=_bound(pick, 0.3), extra=pick.random() < 0.2)
            for name in pick.sample(PROJECTS, pick.choice([1, 2]))
        ),
        constraints=(Need(name=pick.choice(PROJECTS), bound=_bound(pick, 1.0)),) if pick.random() < 0.2 else (),
    )


def _conda_package(pick: random.Random, name: str, version: int) -> CondaPackage:
    others = [other for other in (*PROJECTS, LIBRARY) if other != name]
    return CondaPackage(
        name=name,
        version=version,
        pythons=pick.choice([(311, 312), (311, 312), (311, 312), (311,), (312,)]),
        depends=tuple(Need(name=n, bound=_bound(pick, 0.6)) for n in _some(pick, others, 0, 1)),
        constrains=tuple(
            Need(name=n, bound=_bound(pick, 1.0)) for n in _some(pick, others, 0, 1) if pick.random() < 0.4
        ),
    )


def _release(pick: random.Random, name: str, version: int) -> Release:
    others = [other for other in PROJECTS if other != name]
    return Release(
        name=name,
        version=version,
        pythons=pick.choice([(311, 312)] * 6 + [(311,), (312,)]),
        requires=tuple(
            Need(name=n, bound=_bound(pick, 0.6), extra=pick.random() < 0.15, only_for_extra=pick.random() < 0.25)
            for n in _some(pick, others, 0, 2)
        ),
    )


def planted_universe(pick: random.Random, names: Sequence[str], versions: int) -> tuple[Universe, Choice]:
    """A larger universe with a valid choice: every bound of what is chosen admits what is chosen."""
    in_conda = set(pick.sample(names, len(names) // 2))
    chosen = {name: pick.randint(1, versions) for name in names}
    python = pick.choice(list(PYTHONS))
    conda = [
        _planted_package(pick, name, version, chosen, in_conda, python)
        for name in names
        for version in range(1, versions + 1)
        if name in in_conda or pick.random() < 0.4
    ]
    pypi = [
        _planted_release(pick, name, version, chosen, python) for name in names for version in range(1, versions + 1)
    ]
    universe = Universe(
        conda=tuple(conda),
        pypi=tuple(pypi),
        conda_roots=tuple(Need(name=name) for name in sorted(in_conda)[:3]),
        pip_roots=tuple(Need(name=name) for name in pick.sample(names, 3)),
    )
    choice = Choice(
        python=python,
        conda={name: chosen[name] for name in in_conda},
        pypi={name: chosen[name] for name in names if name not in in_conda},
    )
    return universe, choice


def _planted_package(
    pick: random.Random, name: str, version: int, chosen: Mapping[str, int], in_conda: set[str], python: int
) -> CondaPackage:
    is_chosen = chosen[name] == version and name in in_conda
    others = sorted(in_conda - {name}) if is_chosen else [other for other in chosen if other != name]
    needs = tuple(_planted_need(pick, other, chosen, is_chosen) for other in _some(pick, others, 0, 2))
    return CondaPackage(name=name, version=version, pythons=_pythons(pick, python, is_chosen), depends=needs)


def _planted_release(pick: random.Random, name: str, version: int, chosen: Mapping[str, int], python: int) -> Release:
    is_chosen = chosen[name] == version
    others = [other for other in chosen if other != name]
    needs = tuple(_planted_need(pick, other, chosen, is_chosen) for other in _some(pick, others, 0, 3))
    return Release(name=name, version=version, pythons=_pythons(pick, python, is_chosen), requires=needs)


def _planted_need(pick: random.Random, name: str, chosen: Mapping[str, int], must_admit: bool) -> Need:
    bound = _bound(pick, 0.7)
    return Need(name=name, bound=Bound() if must_admit and not bound.admits(chosen[name]) else bound)


def _pythons(pick: random.Random, python: int, must_have: bool) -> tuple[int, ...]:
    found = pick.choice([(311, 312), (311, 312), (311,), (312,)])
    return (311, 312) if must_have and python not in found else found


def _bound(pick: random.Random, chance: float) -> Bound:
    if pick.random() >= chance:
        return Bound()
    operator = pick.choice([">=", ">=", "<", "==", "!="])
    return Bound(operator, pick.choice([2, 3]) if operator == "<" else pick.choice([1, 2, 3]))


def _some(pick: random.Random, values: Sequence[_T], least: int, most: int) -> list[_T]:
    return sorted(pick.sample(list(values), min(len(values), pick.randint(least, most))))
