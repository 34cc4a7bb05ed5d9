"""Universes over both worlds, small enough to try every choice, and the trying.

Nothing here comes from the solver. Versions are whole numbers, a bound is one comparison, python is 3.11.9 or 3.12.4.
``ant``, ``bee`` and ``cat`` may be in both worlds, and conda's are Python packages, so that they own their projects;
``dog`` is a conda library and no project.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import TypeVar

__all__ = [
    "LIBRARY",
    "PROJECTS",
    "PYTHONS",
    "Bound",
    "Choice",
    "CondaPackage",
    "Need",
    "Release",
    "Universe",
    "best",
    "is_valid",
    "key_of",
]

_T = TypeVar("_T")

PYTHONS = {311: "3.11.9", 312: "3.12.4"}
PROJECTS = ("ant", "bee", "cat")
LIBRARY = "dog"


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a number, written the same in both worlds. No operator: any version."""

    operator: str = ""
    number: int = 0

    def admits(self, version: int) -> bool:
        return {
            "": True,
            ">=": version >= self.number,
            "<": version < self.number,
            "==": version == self.number,
            "!=": version != self.number,
        }[self.operator]

    def __str__(self) -> str:
        return f"{self.operator}{self.number}" if self.operator else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A need of one name. ``extra``: the extra ``x`` of that project is asked for; ``only_for_extra``: it is the
    needing release's own extra ``x`` that adds this."""

    name: str
    bound: Bound = Bound()
    extra: bool = False
    only_for_extra: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPackage:
    """``pythons`` are those that it can be installed beside; empty: it does not depend on python."""

    name: str
    version: int
    pythons: tuple[int, ...] = ()
    depends: tuple[Need, ...] = ()
    constrains: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str
    version: int
    pythons: tuple[int, ...] = tuple(PYTHONS)
    requires: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Both worlds and what is asked of them; python is always asked from conda."""

    conda: tuple[CondaPackage, ...]
    pypi: tuple[Release, ...]
    conda_roots: tuple[Need, ...]
    pip_roots: tuple[Need, ...]
    constraints: tuple[Need, ...] = ()

    def package(self, name: str, version: int) -> CondaPackage | None:
        return next((p for p in self.conda if (p.name, p.version) == (name, version)), None)

    def release(self, name: str, version: int) -> Release | None:
        return next((r for r in self.pypi if (r.name, r.version) == (name, version)), None)

    def shuffled(self, pick: random.Random) -> Universe:
        """The same, said in another order."""

        return replace(
            self,
            conda=_mixed(pick, self.conda),
            pypi=_mixed(pick, self.pypi),
            conda_roots=_mixed(pick, self.conda_roots),
            pip_roots=_mixed(pick, self.pip_roots),
        )


def _mixed(pick: random.Random, values: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(pick.sample(values, len(values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A python, and versions by name in each world."""

    python: int
    conda: Mapping[str, int]
    pypi: Mapping[str, int]


# ---------------------------------------------------------------------------------------------- what holds


def is_valid(universe: Universe, choice: Choice) -> bool:
    """Whether the choice has all that is asked for and needed, and nothing that contradicts."""
    return (
        _conda_holds(universe, choice)
        and _pip_reaches(universe, choice) is not None
        and all(
            need.bound.admits(world[need.name])
            for need in universe.constraints
            for world in (choice.conda, choice.pypi)
            if need.name in world
        )
    )


def _conda_holds(universe: Universe, choice: Choice) -> bool:
    needs = [*universe.conda_roots]
    limits: list[Need] = []
    for name, version in choice.conda.items():
        package = universe.package(name, version)
        if package is None or (package.pythons and choice.python not in package.pythons):
            return False
        needs += package.depends
        limits += package.constrains
    asked = all(n.name in choice.conda and n.bound.admits(choice.conda[n.name]) for n in needs)
    return asked and all(n.name not in choice.conda or n.bound.admits(choice.conda[n.name]) for n in limits)


def _pip_reaches(universe: Universe, choice: Choice) -> set[str] | None:
    """The projects that the pip roots reach, or ``None`` where something on the way does not hold."""
    if any(name in choice.conda for name in choice.pypi):
        return None
    reached: set[tuple[str, bool]] = set()
    waiting = list(universe.pip_roots)
    while waiting:
        need = waiting.pop()
        version = choice.conda.get(need.name, choice.pypi.get(need.name))
        if version is None or not need.bound.admits(version):
            return None
        for extra in (False, True) if need.extra else (False,):
            if (need.name, extra) not in reached:
                reached.add((need.name, extra))
                added = _added(universe, choice, need.name, version, extra)
                if added is None:
                    return None
                waiting += added
    return {name for name, _ in reached}


def _added(universe: Universe, choice: Choice, name: str, version: int, extra: bool) -> list[Need] | None:
    """What a project (or its extra) needs. What a conda package needs is conda's affair; what its extra needs is
    told by the release of its version."""
    if name in choice.conda and not extra:
        return []
    release = universe.release(name, version)
    if release is None or choice.python not in release.pythons:
        return None
    return [need for need in release.requires if need.only_for_extra == extra]


# ------------------------------------------------------------------------------------------- what is best


def best(universe: Universe, owned: Set[str], first_python: int) -> tuple[object, ...] | None:
    """The key of the best choice, or ``None`` where there is none that is valid."""
    keys = (key_of(universe, choice, owned, first_python) for choice in _choices(universe))
    return max(keys, default=None)


def key_of(universe: Universe, choice: Choice, owned: Set[str], first_python: int) -> tuple[object, ...]:
    """How good a valid choice is: first that each project that pip reaches stays with the world which had it when
    conda was solved alone; then python, conda's own first; pip's roots by name; conda's roots by name."""
    reached = _pip_reaches(universe, choice)
    assert reached is not None
    stays = {name: (name in choice.conda) == (name in owned) for name in reached}
    versions = {**choice.pypi, **choice.conda}
    return (
        all(stays.values()),
        (choice.python == first_python, choice.python),
        tuple((stays[n.name], versions[n.name]) for n in sorted(universe.pip_roots, key=lambda n: n.name)),
        tuple(choice.conda[n.name] for n in sorted(universe.conda_roots, key=lambda n: n.name)),
    )


def _choices(universe: Universe) -> Iterator[Choice]:
    """All valid choices."""
    for python in PYTHONS:
        for conda in _versions((p.name, p.version) for p in universe.conda):
            if _conda_holds(universe, Choice(python=python, conda=conda, pypi={})):
                for pypi in _versions((r.name, r.version) for r in universe.pypi if r.name not in conda):
                    choice = Choice(python=python, conda=conda, pypi=pypi)
                    if is_valid(universe, choice):
                        yield choice


def _versions(pairs: Iterator[tuple[str, int]]) -> Iterator[dict[str, int]]:
    """Every way to choose at most one version of each name."""
    names: dict[str, list[int | None]] = {}
    for name, version in pairs:
        names.setdefault(name, [None]).append(version)
    for versions in itertools.product(*names.values()):
        yield {name: version for name, version in zip(names, versions, strict=True) if version is not None}
