"""Platforms stay together: where one version of a package serves all platforms, it is chosen for all.

    answers of all platforms ─▶ packages whose versions differ ─▶ for each the newest version that some platform chose
    and all could have ─▶ the platforms that have another one are solved again, limited to it

A platform accepts a limit only if it still has a solution in which no request that is not limited itself gets older.
What one platform does not accept is asked of none. A pin that is held is not moved for the sake of another platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.solver.request import PlatformSolution

__all__ = ["Again", "Package", "keep_together", "versions_of"]

Package = tuple[str, str]
"""``conda`` or ``pypi``, and the name."""

Again = Callable[["PlatformSolution", Mapping[Package, str], Mapping[Package, str]], "PlatformSolution | None"]
"""Solves a platform again with packages limited to versions, and others preferred in some version; ``None`` where that
has no solution."""

_ROUNDS = 2
"""In each a platform is solved three times at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """``available`` gives the versions that a platform could have of a package, oldest first; ``pinned`` the version
    that an earlier lock holds for it there."""

    again: Again
    available: Callable[[PlatformSolution, Package], Sequence[str]]
    pinned: Callable[[PlatformSolution, Package], str | None]


def versions_of(solution: PlatformSolution) -> dict[Package, str]:
    """What was chosen for the platform."""
    conda = {("conda", record.name): record.version for record in solution.records}
    return conda | {("pypi", p.name): str(p.version) for p in solution.projects if p.direct is None}


def keep_together(
    solutions: tuple[PlatformSolution, ...],
    *,
    again: Again,
    available: Callable[[PlatformSolution, Package], Sequence[str]],
    pinned: Callable[[PlatformSolution, Package], str | None],
) -> tuple[PlatformSolution, ...]:
    """The answers with as few differences as some more solves can bring about; see the module."""
    world = _World(again=again, available=available, pinned=pinned)
    settled: dict[Package, str] = {}
    refused: set[tuple[Package, str]] = set()
    for _ in range(_ROUNDS):
        wanted = _wanted(solutions, world, refused)
        if not wanted:
            break
        found, given_up = _moved(solutions, world, settled, wanted)
        refused |= {(package, wanted[package]) for package in given_up}
        if found is None or len(_differing(found)) >= len(_differing(solutions)):
            continue
        solutions = found
        settled |= {package: version for package, version in wanted.items() if package not in given_up}
    return solutions


# ------------------------------------------------------------------------------------------- what is wanted


def _differing(solutions: Sequence[PlatformSolution]) -> list[Package]:
    found: dict[Package, set[str]] = {}
    for solution in solutions:
        for package, version in versions_of(solution).items():
            found.setdefault(package, set()).add(version)
    return sorted(package for package, versions in found.items() if len(versions) > 1)


def _wanted(
    solutions: Sequence[PlatformSolution], world: _World, refused: set[tuple[Package, str]]
) -> dict[Package, str]:
    """The version that all platforms should have, for the packages of which there is one."""
    wanted = {}
    for package in _differing(solutions):
        having = [solution for solution in solutions if package in versions_of(solution)]
        version = _common(package, having, world, {v for p, v in refused if p == package})
        if version is not None:
            wanted[package] = version
    return wanted


def _common(package: Package, having: Sequence[PlatformSolution], world: _World, refused: set[str]) -> str | None:
    """The newest of the chosen versions that all could have. Where a pin is held, it is that or none."""
    chosen = {versions_of(solution)[package] for solution in having}
    held = {version for s in having if (version := world.pinned(s, package)) == versions_of(s)[package]}
    if len(held) > 1:
        return None
    everywhere = ((held or chosen) - refused).intersection(*(world.available(solution, package) for solution in having))
    return next((v for v in reversed(world.available(having[0], package)) if v in everywhere), None)


# --------------------------------------------------------------------------------------------- what is moved


def _moved(
    solutions: tuple[PlatformSolution, ...],
    world: _World,
    settled: Mapping[Package, str],
    wanted: Mapping[Package, str],
) -> tuple[tuple[PlatformSolution, ...] | None, set[Package]]:
    """The answers with what is wanted, and what some platform refused. ``None`` where that leaves nothing to do."""

    def attempt(solution: PlatformSolution) -> _Attempt:
        return _attempt(solution, world, settled, _limits_on(solution, wanted))

    with ThreadPoolExecutor(max_workers=len(solutions)) as executor:
        attempts = list(executor.map(attempt, solutions))
        given_up = {package for attempt in attempts for package in attempt.refused}
        left = {package: version for package, version in wanted.items() if package not in given_up}
        if not left:
            return None, given_up

        def once_more(solution: PlatformSolution) -> PlatformSolution | None:
            return _limited(solution, world, settled, _limits_on(solution, left))

        found = tuple(executor.map(once_more, solutions)) if given_up else tuple(a.found for a in attempts)
    solved = tuple(solution for solution in found if solution is not None)
    return (solved if len(solved) == len(solutions) else None), given_up


def _limits_on(solution: PlatformSolution, wanted: Mapping[Package, str]) -> dict[Package, str]:
    """Those on what the platform has; none where all of them hold already. Requests come first, python before all."""
    versions = versions_of(solution)
    limits = {package: version for package, version in wanted.items() if package in versions}
    if all(versions[package] == version for package, version in limits.items()):
        return {}
    roots = _roots_of(solution)
    order = sorted(limits, key=lambda package: (package != ("conda", "python"), package not in roots, package))
    return {package: limits[package] for package in order}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One platform with what is wanted of it, and what it cannot do: ``found`` is ``None`` where that is anything."""

    found: PlatformSolution | None
    refused: frozenset[Package] = frozenset()


def _attempt(
    solution: PlatformSolution, world: _World, settled: Mapping[Package, str], limits: Mapping[Package, str]
) -> _Attempt:
    """All limits at once; else they are made preferences, to see which of them hold together."""
    found = _limited(solution, world, settled, limits)
    if found is not None:
        return _Attempt(found)
    willing = world.again(solution, settled, limits)
    if willing is None:
        return _Attempt(None, frozenset(limits))
    versions = versions_of(willing)
    refused = frozenset(package for package, version in limits.items() if versions.get(package) != version)
    return _Attempt(None, refused or frozenset(limits))


def _limited(
    solution: PlatformSolution, world: _World, settled: Mapping[Package, str], limits: Mapping[Package, str]
) -> PlatformSolution | None:
    """The answer under the limits, if there is one in which no other request gets older."""
    if not limits:
        return solution
    found = world.again(solution, {**settled, **limits}, {})
    if found is None:
        return None
    old, new = versions_of(solution), versions_of(found)
    for package in _roots_of(solution) - limits.keys():
        order = world.available(solution, package)
        if new.get(package) != old[package] and not (
            package in new and order.index(new[package]) >= order.index(old[package])
        ):
            return None
    return found


def _roots_of(solution: PlatformSolution) -> set[Package]:
    """What the environment asks for by name, as the packages that answer to it."""
    names: Iterable[Package] = (
        *(("conda", spec.name) for spec in solution.conda_roots),
        *(_answering(solution, requirement.name) for requirement in solution.pip_roots),
    )
    return set(names) & versions_of(solution).keys()


def _answering(solution: PlatformSolution, project: str) -> Package:
    owner = solution.owners.get(project)
    return ("conda", owner) if owner is not None else ("pypi", project)
