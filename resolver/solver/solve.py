"""The solve: both worlds, all platforms.

    conda specs ──▶ py-rattler, all platforms at once ──▶ records
                                                            │ names map
                                                            ▼
    pip requirements ──▶ resolvelib, for each platform ◀── fixed projects

What conda provides is fixed for PyPI and is never locked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from resolver.conda import Channels, CondaProblem, CondaRecord, CondaSolution, CondaUnsolvable, solve_all
from resolver.errors import ManifestError, ResolverError
from resolver.model import CondaSpec, Conflict, EnvironmentSpec, PypiRequirement
from resolver.names import NamesMap
from resolver.platforms import Platform, PythonTarget, newest_python
from resolver.roots import conda_roots, pep440_of
from resolver.solver.answer import Choice, ResolvedProject, metadata_of
from resolver.solver.checker import Answer, violations
from resolver.solver.core import joint_conflict
from resolver.solver.direct import DirectFile
from resolver.solver.explain import conda_conflict, no_solution
from resolver.solver.joint import JointProblem, JointSolver
from resolver.solver.knowledge import Knowledge
from resolver.solver.projects import Projects
from resolver.solver.pypi import PypiProblem, limits_of, requests_of, resolve_pypi
from resolver.solver.targets import Target

__all__ = ["PlatformSolution", "SolveRequest", "python_for", "solve_environment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveRequest:
    """One environment on some platforms. ``channels`` are canonical URLs; ``python`` is the version that is used
    where conda locks none; ``cut_off`` is in UTC."""

    spec: EnvironmentSpec
    platforms: tuple[Platform, ...]
    channels: tuple[str, ...]
    names: NamesMap
    python: str | None = None
    cut_off: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSolution:
    """The answer for one platform. ``owners`` maps each PyPI project that conda provides to the conda package;
    ``conda_roots`` and ``pip_roots`` are the requests that were solved, implied ones included; ``added`` is that of
    ``PypiSolution``."""

    platform: Platform
    python: PythonTarget | None
    records: tuple[CondaRecord, ...]
    projects: tuple[ResolvedProject, ...]
    owners: Mapping[str, str]
    shown: tuple[tuple[str, str], ...]
    conda_roots: tuple[CondaSpec, ...]
    pip_roots: tuple[PypiRequirement, ...]
    added: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)


def solve_environment(
    request: SolveRequest,
    *,
    channels: Callable[[], Channels],
    projects: Projects,
    directs: Mapping[str, DirectFile],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[PlatformSolution, ...]:
    """Solve all platforms. Raises ``NoSolution`` (for all that failed), and what channels and indexes raise."""
    progress("solving conda packages")
    partial = _solve_conda(request, channels)
    progress("resolving PyPI packages")
    with ThreadPoolExecutor(max_workers=max(1, len(partial))) as executor:
        answers = list(executor.map(lambda part: _solve_pypi(request, part, channels, projects, directs), partial))
    conflicts = [answer for answer in answers if isinstance(answer, Conflict)]
    if conflicts:
        raise no_solution(conflicts)
    return tuple(answer for answer in answers if isinstance(answer, PlatformSolution))


# --------------------------------------------------------------------------------------------------- conda


def _solve_conda(request: SolveRequest, channels: Callable[[], Channels]) -> list[PlatformSolution]:
    problems = {
        platform.subdir: CondaProblem(
            platform=platform,
            channels=_required_channels(request, specs),
            specs=specs,
            cut_off=request.cut_off,
        )
        for platform in request.platforms
        if (specs := conda_roots(request.spec, platform.subdir))
    }
    answers = dict(zip(problems, solve_all(channels(), list(problems.values())), strict=True)) if problems else {}
    failed = [answer for answer in answers.values() if isinstance(answer, CondaUnsolvable)]
    if failed:
        raise no_solution(conda_conflict(answer) for answer in failed)
    return [_partial(request, platform, answers.get(platform.subdir)) for platform in request.platforms]


def _required_channels(request: SolveRequest, specs: tuple[CondaSpec, ...]) -> tuple[str, ...]:
    if not request.channels:
        raise ManifestError(
            f"{specs[0].name} is asked from conda, but no channel is given",
            origin=specs[0].origin,
            hint="list channels in the manifest, in the settings, or with -c",
        )
    return request.channels


def _partial(
    request: SolveRequest, platform: Platform, answer: CondaSolution | CondaUnsolvable | None
) -> PlatformSolution:
    records = answer.records if isinstance(answer, CondaSolution) else ()
    python = next((r for r in records if r.name == "python"), None)
    pip = request.spec.pip_on(platform.subdir)
    if python is not None:
        target: PythonTarget | None = PythonTarget.from_conda(python.version, python.build)
    else:
        target = python_for(request) if pip else None
    return PlatformSolution(
        platform=platform,
        python=target,
        records=records,
        projects=(),
        owners=owners_of(records, request.names),
        shown=answer.shown if isinstance(answer, CondaSolution) else (),
        conda_roots=conda_roots(request.spec, platform.subdir),
        pip_roots=pip,
    )


def python_for(request: SolveRequest) -> PythonTarget:
    """The Python where conda locks none: the setting, else the newest known one that the project allows."""
    if request.python is not None:
        return PythonTarget(version=request.python)
    return newest_python(request.spec.requires_python)


def owners_of(records: tuple[CondaRecord, ...], names: NamesMap) -> dict[str, str]:
    """The conda package that provides each project."""
    owners: dict[str, str] = {}
    for record in records:
        for project in names.provides(record.name, depends=record.depends, noarch=record.noarch):
            owners.setdefault(project, record.name)
    return owners


# ---------------------------------------------------------------------------------------------------- PyPI


def _solve_pypi(
    request: SolveRequest,
    part: PlatformSolution,
    channels: Callable[[], Channels],
    projects: Projects,
    directs: Mapping[str, DirectFile],
) -> PlatformSolution | Conflict:
    if not part.pip_roots or part.python is None:
        return part
    problem = _pypi_problem(request, part, part.python, directs)
    knowledge = Knowledge(projects, problem.target)
    fast = resolve_pypi(problem, knowledge)
    if fast.solution is not None and not fast.disputed:
        found = replace(part, projects=fast.solution.projects, added=fast.solution.added)
        if not wrong(found, request, knowledge):
            return found
    return _solve_jointly(request, part, problem, knowledge, channels)


def _solve_jointly(
    request: SolveRequest,
    part: PlatformSolution,
    problem: PypiProblem,
    knowledge: Knowledge,
    channels: Callable[[], Channels],
) -> PlatformSolution | Conflict:
    joint = JointProblem(
        conda=CondaProblem(
            platform=part.platform, channels=request.channels, specs=part.conda_roots, cut_off=request.cut_off
        ),
        requests=requests_of(problem),
        constraints=limits_of(problem),
        owned=part.owners,
        python=problem.target.python,
        names=request.names,
        prereleases=problem.prereleases,
    )
    solver = JointSolver(channels, knowledge.projects)
    solver.begin_with(knowledge)
    solution = solver.solve(joint)
    if solution is None:
        return joint_conflict(solver, joint, problem)
    found = replace(
        part,
        python=solution.python,
        records=solution.records,
        projects=solution.pypi.projects,
        added=solution.pypi.added,
        owners=owners_of(solution.records, request.names),
    )
    faults = wrong(found, request, solver.knowing(joint, solution.python))
    if faults:
        raise ResolverError(
            f"{part.platform.subdir}: the solver gave an answer that does not hold: {'; '.join(faults)}",
            hint="this is a fault of Samebox: please report it with the manifest",
        )
    return found


def _pypi_problem(
    request: SolveRequest, part: PlatformSolution, python: PythonTarget, directs: Mapping[str, DirectFile]
) -> PypiProblem:
    versions = {record.name: record.version for record in part.records}
    return PypiProblem(
        target=Target(platform=part.platform, python=python, cut_off=request.cut_off),
        requirements=part.pip_roots,
        constraints=request.spec.constraints,
        fixed={project: pep440_of(versions[owner]) for project, owner in part.owners.items()},
        directs=directs,
        prereleases=request.spec.index.pre,
    )


def wrong(found: PlatformSolution, request: SolveRequest, knowledge: Knowledge) -> list[str]:
    """What the independent checker says about an answer."""
    versions = {record.name: pep440_of(record.version) for record in found.records}
    owned = {project: versions[owner] for project, owner in found.owners.items()}
    choices = {p.name: Choice(version=p.version, file=p.file, direct=p.direct) for p in found.projects}
    wheels = {name: metadata_of(name, choice, knowledge) for name, choice in choices.items()}
    extras = {name: metadata_of(name, Choice(version=owned[name]), knowledge) for name, _ in found.added}
    answer = Answer(
        platform=found.platform,
        environment=knowledge.target.environment,
        records=found.records,
        wheels={name: metadata for name, metadata in wheels.items() if metadata is not None},
        owned=owned,
        owned_extras={name: metadata for name, metadata in extras.items() if metadata is not None},
    )
    return violations(
        answer, specs=found.conda_roots, requirements=found.pip_roots, constraints=request.spec.constraints
    )
