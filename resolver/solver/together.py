"""Platforms stay together: where one version of a package serves all platforms, it is chosen for all.

    answers of all platforms ─▶ packages whose versions differ ─▶ for each the newest version that some platform chose
    and all could have ─▶ the platforms that have another one are solved again, limited to it

Whole solves are dear. So conda's packages are first brought together with nothing moved but those that differ
(``nearby``). What no one asked for by name may then have an older version than the newest: as a rule the platform that
chose the oldest has no place for a newer one, else it would have taken it.

A platform accepts a limit only if it still has a solution in which no request that is not limited itself gets older.
What one platform does not accept is asked of none. A pin that is held is not moved for the sake of another platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.solver.request import PlatformSolution

__all__ = ["Again", "Available", "Nearby", "Package", "keep_together", "versions_of"]

Package = tuple[str, str]
"""``conda`` or ``pypi``, and the name."""

Again = Callable[["PlatformSolution", Mapping[Package, str], Mapping[Package, str]], "PlatformSolution | None"]
"""Solves a platform again with packages limited to versions, and others preferred in some version; ``None`` where that
has no solution."""

Nearby = Callable[
    ["PlatformSolution", Mapping[Package, str], Mapping[Package, frozenset[str]]], "PlatformSolution | None"
]
"""The same for conda's packages where no other is moved, but some are free to have one of several versions."""

Available = Callable[["PlatformSolution", Sequence[Package]], Mapping[Package, Sequence[str]]]
"""The versions that a platform could have of packages, oldest first."""

_ROUNDS = 2
"""In each a platform is solved three times at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """``available`` gives the versions that a platform could have of packages, oldest first; ``pinned`` the version
    that an earlier lock holds for one there."""

    again: Again
    nearby: Nearby
    available: Available
    pinned: Callable[[PlatformSolution, Package], str | None]


def versions_of(solution: PlatformSolution) -> dict[Package, str]:
    """What was chosen for the platform."""
    conda = {("conda", record.name): record.version for record in solution.records}
    return conda | {("pypi", p.name): str(p.version) for p in solution.projects if p.direct is None}


def keep_together(
    solutions: tuple[PlatformSolution, ...],
    *,
    again: Again,
    nearby: Nearby,
    available: Available,
    pinned: Callable[[PlatformSolution, Package], str | None],
) -> tuple[PlatformSolution, ...]:
    """The answers with as few differences as some more solves can bring about; see the module."""
    world = _World(again=again, nearby=nearby, available=available, pinned=pinned)
    settled: dict[Package, str] = {}
    solutions = _brought_nearby(solutions, world, settled)
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
    common = _common_versions(solutions, world)
    left = {package: [v for v in versions if (package, v) not in refused] for package, versions in common.items()}
    return {package: versions[0] for package, versions in left.items() if versions}


def _common_versions(solutions: Sequence[PlatformSolution], world: _World) -> dict[Package, list[str]]:
    """For each package that differs the chosen versions that all could have, newest first. Where a pin is held, it is
    that or none."""
    differing = _differing(solutions)
    platforms = []
    for solution in solutions:
        versions = versions_of(solution)
        available = world.available(solution, [package for package in differing if package in versions])
        platforms.append(_Having(solution, versions, available))
    return {
        package: _common(package, [platform for platform in platforms if package in platform.versions], world)
        for package in differing
    }


@dataclass(frozen=True, slots=True)
class _Having:
    solution: PlatformSolution
    versions: Mapping[Package, str]
    available: Mapping[Package, Sequence[str]]


def _common(package: Package, having: Sequence[_Having], world: _World) -> list[str]:
    chosen = {platform.versions[package] for platform in having}
    held = {p.versions[package] for p in having if world.pinned(p.solution, package) == p.versions[package]}
    if len(held) > 1:
        return []
    everywhere = (held or chosen).intersection(*(platform.available[package] for platform in having))
    return [version for version in reversed(having[0].available[package]) if version in everywhere]


# ------------------------------------------------------------------------------------------- what lies nearby


def _brought_nearby(
    solutions: tuple[PlatformSolution, ...], world: _World, settled: dict[Package, str]
) -> tuple[PlatformSolution, ...]:
    """The answers with what can be had for a few small solves; ``settled`` takes the versions."""
    common = {p: versions for p, versions in _common_versions(solutions, world).items() if p[0] == "conda" and versions}
    requests = set().union(*map(_roots_of, solutions)) & common.keys()
    tried: list[Mapping[Package, str]] = []
    for attempt in _attempts(common, requests):
        limits = {package: version for package, version in attempt.items() if package not in settled}
        if limits in tried or not limits.keys() & set(_differing(solutions)):
            continue
        tried.append(limits)
        free = {p: frozenset(common[p]) for p in common.keys() - requests - settled.keys() - limits.keys()}
        found = _nearby_everywhere(solutions, world, {**settled, **limits}, free)
        if found is not None and len(_differing(found)) < len(_differing(solutions)):
            solutions = found
            settled.update(limits)
    return solutions


def _attempts(common: Mapping[Package, Sequence[str]], requests: set[Package]) -> Iterator[Mapping[Package, str]]:
    """All at once; else the requests, all or one by one, and then each of the others, version by version. A request
    that cannot have the newest version in this way is left to the whole solves."""
    asked, others = sorted(requests), sorted(common.keys() - requests)
    newest = {package: common[package][0] for package in asked}
    yield newest | {package: common[package][0] for package in others}
    yield newest | {package: common[package][-1] for package in others}
    yield newest
    for package in asked:
        yield {package: newest[package]}
    for package in others:
        for version in common[package]:
            yield {package: version}


def _nearby_everywhere(
    solutions: Sequence[PlatformSolution],
    world: _World,
    limits: Mapping[Package, str],
    free: Mapping[Package, frozenset[str]],
) -> tuple[PlatformSolution, ...] | None:
    found = []
    for solution in solutions:
        own = _limits_on(solution, limits)
        moved = world.nearby(solution, own, free) if own else solution
        if moved is None or not _no_older(solution, moved, world, own):
            return None
        found.append(moved)
    return tuple(found)


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

        def once_more(solution: PlatformSolution, before: _Attempt) -> PlatformSolution | None:
            limits = _limits_on(solution, left)
            if limits == _limits_on(solution, wanted):
                return before.found
            return _limited(solution, world, settled, limits)

        found = tuple(executor.map(once_more, solutions, attempts))
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
    return found if found is not None and _no_older(solution, found, world, limits) else None


def _no_older(
    solution: PlatformSolution, found: PlatformSolution, world: _World, limits: Mapping[Package, str]
) -> bool:
    """Whether no request got older that was not limited."""
    old, new = versions_of(solution), versions_of(found)
    moved = [package for package in sorted(_roots_of(solution) - limits.keys()) if new.get(package) != old[package]]
    orders = world.available(solution, moved) if moved else {}
    for package in moved:
        if package not in new or orders[package].index(new[package]) < orders[package].index(old[package]):
            return False
    return True


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
