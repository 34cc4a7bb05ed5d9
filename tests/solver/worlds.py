"""Small worlds for the solver: requirements as text, an index as data, and what came out as text."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from packaging.version import Version

from resolver.conda.channels import Channels
from resolver.indexes import Index, MemoryIndex
from resolver.manifests import parse_requirements_txt
from resolver.model import EnvironmentSpec, PypiRequirement
from resolver.names import NamesMap
from resolver.platforms import Platform, PythonTarget
from resolver.solver.answer import PypiSolution
from resolver.solver.direct import DirectFile
from resolver.solver.knowledge import Knowledge
from resolver.solver.problem import PypiProblem
from resolver.solver.projects import Projects
from resolver.solver.solve import SolveRequest, solve_environment
from resolver.solver.targets import Target
from resolver.solver.why_not.explain import no_solution
from resolver.solver.why_not.pypi import resolve_pypi

__all__ = ["Universe", "chosen", "projects_of", "requirements", "resolve", "solve", "target"]

Universe = Mapping[str, Mapping[str, Mapping[str, object]]]


def requirements(*lines: str, source: str = "requirements.in") -> tuple[PypiRequirement, ...]:
    """The lines of a requirements file, each with its origin."""
    return parse_requirements_txt("\n".join(lines), source=source).pip


def target(
    subdir: str = "linux-64", python: str = "3.12.4", *, cut_off: datetime | None = None, free_threaded: bool = False
) -> Target:
    python_target = PythonTarget(version=python, free_threaded=free_threaded)
    return Target(platform=Platform.of(subdir), python=python_target, cut_off=cut_off)


def resolve(
    universe: Universe | Sequence[Index],
    asked: tuple[PypiRequirement, ...],
    *,
    constraints: tuple[PypiRequirement, ...] = (),
    fixed: Mapping[str, str] | None = None,
    directs: Mapping[str, DirectFile] | None = None,
    where: Target | None = None,
    prereleases: bool = False,
) -> PypiSolution:
    problem = PypiProblem(
        target=where or target(),
        requirements=asked,
        constraints=constraints,
        fixed={name: Version(version) for name, version in (fixed or {}).items()},
        directs=directs or {},
        prereleases=prereleases,
    )
    answer = resolve_pypi(problem, Knowledge(projects_of(universe), problem.target))
    if answer.solution is None:
        raise no_solution([answer.conflict] if answer.conflict else [])
    return answer.solution


def solve(
    universe: Universe | Sequence[Index],
    asked: tuple[PypiRequirement, ...],
    constraints: tuple[PypiRequirement, ...] = (),
) -> dict[str, str]:
    """The whole solve of an environment without conda, whichever engines that takes."""
    request = SolveRequest(
        spec=EnvironmentSpec(pip=asked, constraints=constraints),
        platforms=(Platform.of("linux-64"),),
        channels=(),
        names=NamesMap.load(),
        python="3.12.4",
    )
    with tempfile.TemporaryDirectory() as cache:
        channels = Channels(cache=Path(cache))
        (solution,) = solve_environment(request, channels=lambda: channels, projects=projects_of(universe), directs={})
    return {project.name: str(project.version) for project in solution.projects}


def projects_of(universe: Universe | Sequence[Index]) -> Projects:
    return Projects([MemoryIndex(universe)] if isinstance(universe, Mapping) else universe)


def chosen(solution: PypiSolution) -> dict[str, str]:
    return {project.name: str(project.version) for project in solution.projects}
