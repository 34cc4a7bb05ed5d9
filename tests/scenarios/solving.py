"""A universe as the solver reads it, and its answer as a choice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from resolver.conda import CondaProblem, CondaSolution, solve_all
from resolver.conda.channels import Channels
from resolver.errors import NoSolution
from resolver.indexes import MemoryIndex
from resolver.mirrors import Mirrors
from resolver.model import CondaSpec, EnvironmentSpec, Origin, PypiRequirement
from resolver.names import NamesMap
from resolver.platforms import Platform
from resolver.solver.joint.solver import JointSolver
from resolver.solver.projects import Projects
from resolver.solver.solve import PlatformSolution, SolveRequest, owners_of, solve_environment
from tests.scenarios.universes import PYTHONS, Choice, CondaPackage, Need, Universe

__all__ = ["Answer", "solve_universe"]

_MAIN = "https://conda.example.org/main"
_NAMES = NamesMap.load()
_LINUX = Platform.of("linux-64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``choice`` is ``None`` where there is no solution. ``owned`` and ``first_python`` are what conda alone chose,
    and ``disputed`` says that the joint solve was asked."""

    choice: Choice | None
    disputed: bool
    owned: frozenset[str] = frozenset()
    first_python: int = max(PYTHONS)


def solve_universe(universe: Universe, folder: Path) -> Answer:
    """Solve it; ``folder`` is empty."""
    channels = _channels(universe, folder)
    request = SolveRequest(spec=_spec(universe), platforms=(_LINUX,), channels=(_MAIN,), names=_NAMES)
    alone = _conda_alone(channels, request.spec.conda)
    if alone is None:
        return Answer(choice=None, disputed=False)
    with _watched() as joint_solves:
        choice = _solve(request, channels, universe)
    return Answer(
        choice=choice,
        disputed=bool(joint_solves),
        owned=frozenset(owners_of(alone.records, _NAMES)),
        first_python=_python_of(alone.records[[r.name for r in alone.records].index("python")].version),
    )


def _conda_alone(channels: Channels, specs: tuple[CondaSpec, ...]) -> CondaSolution | None:
    (answer,) = solve_all(channels, [CondaProblem(platform=_LINUX, channels=(_MAIN,), specs=specs)])
    return answer if isinstance(answer, CondaSolution) else None


@contextmanager
def _watched() -> Iterator[list[object]]:
    """What the joint solver was asked while the block ran."""
    asked: list[object] = []
    original = JointSolver.solve

    def solve(self: JointSolver, problem: Any) -> Any:
        asked.append(problem)
        return original(self, problem)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JointSolver, "solve", solve)
        yield asked


def _solve(request: SolveRequest, channels: Channels, universe: Universe) -> Choice | None:
    try:
        (solution,) = solve_environment(
            request, channels=lambda: channels, projects=Projects([_index(universe)]), directs={}
        )
    except NoSolution:
        return None
    return _as_choice(solution)


def _as_choice(solution: PlatformSolution) -> Choice:
    conda = {record.name: record.version for record in solution.records}
    return Choice(
        python=_python_of(conda.pop("python")),
        conda={name: int(version) for name, version in conda.items()},
        pypi={project.name: int(str(project.version)) for project in solution.projects},
    )


def _python_of(version: str) -> int:
    return next(number for number, full in PYTHONS.items() if full == version)


# ------------------------------------------------------------------------------------------------- writing


def _spec(universe: Universe) -> EnvironmentSpec:
    origin = Origin(source="universe")
    python = CondaSpec(name="python", origin=origin)
    specs = [CondaSpec(name=n.name, version=str(n.bound) or None, origin=origin) for n in universe.conda_roots]
    return EnvironmentSpec(
        conda=(python, *specs),
        pip=tuple(_requirement(need, "pip") for need in universe.pip_roots),
        constraints=tuple(_requirement(need, "constraint") for need in universe.constraints),
    )


def _requirement(need: Need, source: str) -> PypiRequirement:
    extras = ("x",) if need.extra else ()
    return PypiRequirement(
        name=need.name, extras=extras, specifier=str(need.bound), origin=Origin(source=f"{source}-{need.name}")
    )


def _channels(universe: Universe, folder: Path) -> Channels:
    rows = [_row("python", version, "0") for version in PYTHONS.values()]
    for package in universe.conda:
        rows += _rows(package)
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {_file_name(r): r for r in rows}}
    (folder / "main" / "noarch").mkdir(parents=True)
    (folder / "main" / "noarch" / "repodata.json").write_text(json.dumps(document))
    return Channels(cache=folder / "cache", mirrors=Mirrors(((_MAIN, f"{folder}/main"),)))


def _rows(package: CondaPackage) -> list[dict[str, Any]]:
    """One build for each python that it can be installed beside, or one without."""
    depends = [f"{need.name} {need.bound}".strip() for need in package.depends]
    constrains = [f"{need.name} {need.bound}".strip() for need in package.constrains]
    if not package.pythons:
        return [_row(package.name, str(package.version), "0", depends, constrains)]
    return [
        _row(package.name, str(package.version), f"py{p}", [f"python {PYTHONS[p]}", *depends], constrains)
        for p in package.pythons
    ]


def _row(
    name: str, version: str, build: str, depends: list[str] | None = None, constrains: list[str] | None = None
) -> dict[str, Any]:
    made = {"name": name, "version": version, "build": build, "build_number": 0, "subdir": "noarch", "timestamp": 1}
    return {**made, "depends": depends or [], "constrains": constrains or [], "sha256": "0" * 64, "md5": "0" * 32}


def _file_name(row: dict[str, Any]) -> str:
    return f"{row['name']}-{row['version']}-{row['build']}.conda"


def _index(universe: Universe) -> MemoryIndex:
    projects: dict[str, dict[str, dict[str, object]]] = {}
    for release in universe.pypi:
        python = None if len(release.pythons) > 1 else "<3.12" if 311 in release.pythons else ">=3.12"
        requires = [_requires_dist(need) for need in release.requires]
        projects.setdefault(release.name, {})[str(release.version)] = {
            "requires_dist": requires,
            "requires_python": python,
        }
    return MemoryIndex(projects)


def _requires_dist(need: Need) -> str:
    marker = "; extra == 'x'" if need.only_for_extra else ""
    return f"{need.name}{'[x]' if need.extra else ''}{need.bound}{marker}"
