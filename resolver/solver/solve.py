"""The solve: both worlds, all platforms.

    conda specs ──▶ py-rattler, all platforms at once ──▶ records
                                                            │ names map
                                                            ▼
    pip requirements ──▶ the walk, for each platform ◀── fixed projects

What conda provides is fixed for PyPI and is never locked twice. At last the platforms are brought together (see
``together``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from resolver.errors import ManifestError
from resolver.light_typing import TYPE_CHECKING, TypeVar
from resolver.model import CondaSpec, Conflict
from resolver.roots import conda_roots
from resolver.solver.partial import owners_of, partial_solution
from resolver.solver.request import PlatformSolution, SolveRequest

if TYPE_CHECKING:
    from resolver.conda import CondaProblem, CondaSolution
    from resolver.conda.channels import Channels
    from resolver.solver.direct import DirectFile
    from resolver.solver.projects import Projects

__all__ = ["PlatformSolution", "SolveRequest", "owners_of", "solve_environment"]

_A = TypeVar("_A")
_B = TypeVar("_B")


def solve_environment(
    request: SolveRequest,
    *,
    channels: Callable[[], Channels],
    projects: Projects | None,
    directs: Mapping[str, DirectFile],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[PlatformSolution, ...]:
    """Solve all platforms; ``projects`` may be missing where nothing is asked of PyPI. Raises ``NoSolution`` (for all
    that failed), and what channels and indexes raise."""
    progress("solving conda packages")
    partial = _solve_conda(request, channels)
    progress("resolving PyPI packages")
    solved = tuple(partial)
    if projects is not None and any(part.pip_roots for part in partial):
        solved = _solve_pypi(request, partial, channels, projects, directs)
    if len(solved) < 2:
        return solved
    from resolver.solver.again import Platforms
    from resolver.solver.together import keep_together

    platforms = Platforms(request, channels, projects, directs)
    return keep_together(
        solved,
        again=platforms.again,
        nearby=platforms.nearby,
        available=platforms.available,
        pinned=platforms.pinned,
    )


def _solve_pypi(
    request: SolveRequest,
    partial: Sequence[PlatformSolution],
    channels: Callable[[], Channels],
    projects: Projects,
    directs: Mapping[str, DirectFile],
) -> tuple[PlatformSolution, ...]:
    from resolver.solver.one_platform import solve_pypi

    def solved(part: PlatformSolution) -> PlatformSolution | Conflict | None:
        return solve_pypi(request, part, channels, projects, directs)

    answers = _at_once(solved, partial)
    conflicts = [answer for answer in answers if isinstance(answer, Conflict)]
    if conflicts:
        from resolver.solver.why_not.explain import no_solution

        raise no_solution(conflicts)
    return tuple(answer for answer in answers if isinstance(answer, PlatformSolution))


def _at_once(function: Callable[[_A], _B], values: Sequence[_A]) -> list[_B]:
    """Each in a thread of its own, where there are several."""
    if len(values) < 2:
        return [function(value) for value in values]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=len(values)) as executor:
        return list(executor.map(function, values))


# --------------------------------------------------------------------------------------------------- conda


def _solve_conda(request: SolveRequest, channels: Callable[[], Channels]) -> list[PlatformSolution]:
    problems = {
        platform.subdir: _with_channels(request, specs).conda_problem(platform, specs)
        for platform in request.platforms
        if (specs := conda_roots(request.spec, platform.subdir))
    }
    answers = _conda_answers(request, problems, channels) if problems else {}
    return [partial_solution(request, platform, answers.get(platform.subdir)) for platform in request.platforms]


def _conda_answers(
    request: SolveRequest, problems: Mapping[str, CondaProblem], channels: Callable[[], Channels]
) -> dict[str, CondaSolution]:
    """By subdir. Raises ``NoSolution``."""
    from resolver.conda import CondaSolution, solve_all

    answers = dict(zip(problems, solve_all(channels(), list(problems.values())), strict=True))
    failed = [answer for answer in answers.values() if not isinstance(answer, CondaSolution)]
    if failed:
        from resolver.solver.why_not.conda_core import explained_conflict
        from resolver.solver.why_not.explain import no_solution

        raise no_solution(explained_conflict(channels(), answer, request.names) for answer in failed)
    return {subdir: answer for subdir, answer in answers.items() if isinstance(answer, CondaSolution)}


def _with_channels(request: SolveRequest, specs: tuple[CondaSpec, ...]) -> SolveRequest:
    if not request.channels:
        raise ManifestError(
            f"{specs[0].name} is asked from conda, but no channel is given",
            origin=specs[0].origin,
            hint="list channels in the manifest, in the settings, or with -c",
        )
    return request
