"""The groups of a lock are what a slow walk over the metadata finds, and the commands that read a lock agree with it.

The walk takes from the lock which versions were chosen, and nothing else: requirements and markers are ``packaging``'s.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from resolver.locking import check, lock
from resolver.locks.graph import graph_of
from resolver.locks.walks import all_chains, shortest_chains
from resolver.model import Lock
from resolver.names import NamesMap
from tests.scenarios.outcome import environment_of
from tests.scenarios.scenario import Expectation, Group, Requests, Scenario, parse_record, parse_release
from tests.scenarios.world import World
from tests.solver.oracle import LINUX_312

_SEEDS = range(120)
_CHUNKS = 6
_OF_CONDA = ("ant", "bee")
"""Python packages of conda, which have the projects of their names; ``dog`` is a library."""
_OF_PYPI = ("cat", "elk", "fox", "gnu")
_PROJECTS = (*_OF_CONDA, *_OF_PYPI)
_GROUPS = ("main", "dev", "docs")
_MARKERS = ("", "", "", "sys_platform == 'win32'", "python_version >= '3.11'")


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_each_group_has_what_a_slow_walk_finds(chunk: int, tmp_path: Path) -> None:
    for seed in _SEEDS[chunk::_CHUNKS]:
        scenario = _scenario(random.Random(seed))
        found = _locked(scenario, tmp_path / str(seed))
        packages = found.platforms[0].packages
        walk = _Walk(scenario, found)
        for group in _GROUPS:
            have = {(p.kind, p.name) for p in packages if group in p.groups}
            assert have == walk.of(group), (seed, group)
        assert all(package.groups for package in packages), seed


@pytest.mark.parametrize("chunk", range(_CHUNKS))
def test_chains_begin_in_the_groups_of_a_package(chunk: int, tmp_path: Path) -> None:
    """All but python, which a group of wheels has although no wheel needs it by name."""
    for seed in _SEEDS[chunk::_CHUNKS]:
        graph = graph_of(_locked(_scenario(random.Random(seed)), tmp_path / str(seed)), "linux-64", NamesMap.load())
        for node, package in graph.packages.items():
            every, complete = all_chains(graph, node, most=5000)
            assert complete, (seed, node)
            for chains in (shortest_chains(graph, node), every):
                groups = {chain.root.group for chain in chains if chain.root is not None}
                assert groups == set(package.groups) or (node[1] == "python" and groups < set(package.groups)), (
                    seed,
                    node,
                )


def test_extras_make_a_difference_between_groups() -> None:
    """Else the tests above would say little: in many universes a project has more in one group than in another."""
    scenarios = [_scenario(random.Random(seed)) for seed in _SEEDS]
    assert sum(_is_telling(scenario) for scenario in scenarios) > len(scenarios) // 4


# ------------------------------------------------------------------------------------------------ the universe


def _scenario(pick: random.Random) -> Scenario:
    conda = [
        "python 3.12.4",
        "dog 1.0",
        _record(["python"], "ant", pick.choice([[], ["dog"], ["bee"]])),
        _record(["python"], "bee", pick.choice([[], ["dog"]])),
    ]
    versions = {name: ("1.0",) if name in _OF_CONDA else ("1.0", "2.0") for name in _PROJECTS}
    pypi = [_release(pick, name, version) for name in _PROJECTS for version in versions[name]]
    main, dev, docs = (_group(pick) for _ in _GROUPS)
    request = Requests(conda=("python", *main.conda), pip=main.pip, groups={"dev": dev, "docs": docs})
    return Scenario(
        about="Made by chance.", conda=tuple(conda), pypi=tuple(pypi), request=request, expect=Expectation(lock=())
    )


def _record(depends: Sequence[str], name: str, more: Sequence[str]) -> str:
    return f"{name} 1.0 0: {' & '.join((*depends, *more))}"


def _release(pick: random.Random, name: str, version: str) -> str:
    needs = [_need(pick, name) for _ in range(pick.choice([0, 1, 2, 3, 3]))]
    return f"{name} {version}" + (f": {' & '.join(needs)}" if needs else "")


def _need(pick: random.Random, needing: str) -> str:
    name = pick.choice(_PROJECTS)
    extras = pick.choice(["", "", "[x]", "[y]", "[x,y]"])
    own = pick.choice(["", "extra == 'x'", "extra == 'x'", "extra == 'y'", "extra == 'y'"])
    if name == needing:
        extras, own = "[y]", "extra == 'x'"
    bound = "<2" if name in _OF_PYPI and name > needing and pick.random() < 0.15 else ""
    marker = " and ".join(part for part in (pick.choice(_MARKERS), own) if part)
    return f"{name}{extras}{bound}" + (f"; {marker}" if marker else "")


def _group(pick: random.Random) -> Group:
    conda = pick.sample((*_OF_CONDA, "dog"), pick.choice([0, 0, 1]))
    pip = []
    for name in pick.sample(_PROJECTS, pick.choice([0, 1, 1, 2])):
        marker = pick.choice(_MARKERS)
        pip.append(f"{name}{pick.choice(['', '[x]', '[y]', '[x,y]'])}" + (f"; {marker}" if marker else ""))
    return Group(conda=tuple(conda), pip=tuple(pip))


def _is_telling(scenario: Scenario) -> bool:
    asked = [scenario.request.pip, *(group.pip for group in scenario.request.groups.values())]
    extras = [{(r.name, frozenset(r.extras)) for r in map(Requirement, lines)} for lines in asked]
    return any(
        name == other and one != two
        for number, roots in enumerate(extras)
        for name, one in roots
        for later in extras[number + 1 :]
        for other, two in later
    )


# ------------------------------------------------------------------------------------------- lock and slow walk


def _locked(scenario: Scenario, folder: Path) -> Lock:
    """The lock, which must be fresh for the manifests that it was made from."""
    folder.mkdir()
    world = World(scenario)
    with world.in_memory(folder) as session:
        environment = environment_of(scenario, world, folder / "project")
        found = lock(environment, session=session)
        assert check(found, environment).status == "fresh"
    return found


class _Walk:
    """What each group reaches, step by step, given which version of each name was chosen."""

    def __init__(self, scenario: Scenario, found: Lock) -> None:
        self._request = scenario.request
        packages = found.platforms[0].packages
        self._conda = {p.name for p in packages if p.kind == "conda"}
        versions = {p.name: p.version for p in packages if p.kind == "pypi"}
        versions |= {name: "1.0" for name in _OF_CONDA if name in self._conda}
        records = [parse_record(line)[1] for line in scenario.conda]
        self._depends = {record["name"]: record["depends"] for record in records}
        releases = [parse_release(line) for line in scenario.pypi]
        self._requires = {name: needs for name, version, needs, _ in releases if versions.get(name) == version}
        self._reached: set[tuple[str, str, str]] = set()

    def of(self, group: str) -> set[tuple[str, str]]:
        asked = self._request if group == "main" else self._request.groups[group]
        self._reached = set()
        for name in asked.conda:
            self._from_conda(name)
        for line in asked.pip:
            if _holds(Requirement(line), ""):
                self._from_conda("python")
                self._from_project(Requirement(line))
        return {(world, name) for world, name, _ in self._reached if world == "conda" or name not in self._conda}

    def _from_conda(self, name: str) -> None:
        if ("conda", name, "") not in self._reached:
            self._reached.add(("conda", name, ""))
            for depend in self._depends[name]:
                self._from_conda(depend.split()[0])

    def _from_project(self, asked: Requirement) -> None:
        if asked.name in self._conda:
            self._from_conda(asked.name)
        for extra in ("", *asked.extras):
            if ("pypi", asked.name, extra) not in self._reached:
                self._reached.add(("pypi", asked.name, extra))
                for need in self._needs(asked.name, extra):
                    self._from_project(need)

    def _needs(self, name: str, extra: str) -> Iterator[Requirement]:
        """What the project needs, or what the extra adds to that."""
        for need in map(Requirement, self._requires[name]):
            without = _holds(need, "")
            if not extra and without and name not in self._conda:
                yield need
            if extra and not without and _holds(need, extra):
                yield need


def _holds(need: Requirement, extra: str) -> bool:
    return need.marker is None or need.marker.evaluate({**LINUX_312, "extra": extra})
