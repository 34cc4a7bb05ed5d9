"""What one target asks of the indexes, for all engines alike."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.light_typing import TYPE_CHECKING
from resolver.names import normalize
from resolver.solver.answer import Request
from resolver.solver.pins import NO_PINS, Pins
from resolver.values import dataclass

if TYPE_CHECKING:
    from packaging.version import Version

    from resolver.model import PypiRequirement
    from resolver.solver.direct import DirectFile
    from resolver.solver.targets import Target

__all__ = ["PypiProblem", "limits_of", "requests_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiProblem:
    """What one target asks of the indexes. ``fixed`` are the projects that conda provides, ``directs`` the wheels of
    requirements with a URL, by URL. ``pins`` are those of an earlier lock."""

    target: Target
    requirements: tuple[PypiRequirement, ...]
    constraints: tuple[PypiRequirement, ...] = ()
    fixed: Mapping[str, Version]
    directs: Mapping[str, DirectFile]
    prereleases: bool = False
    pins: Pins = NO_PINS


def requests_of(problem: PypiProblem) -> tuple[Request, ...]:
    """The requirements that apply here, sorted, so that the order of lines in a file is no input. What is pinned comes
    before what is new."""
    pinned = {*problem.pins.projects, *(problem.fixed if problem.pins.conda else ())}
    return tuple(
        Request(
            name=r.name,
            extras=tuple(sorted(normalize(extra) for extra in r.extras)),
            specifier=r.specifier,
            hashes=r.hashes,
            direct=problem.directs[r.url] if r.url is not None else None,
            origin=str(r.origin),
        )
        for r in sorted(problem.requirements, key=lambda r: (r.name not in pinned, r.name, str(r), str(r.origin)))
        if problem.target.applies(r.marker)
    )


def limits_of(problem: PypiProblem) -> dict[str, tuple[str, ...]]:
    """The constraints that apply here, by project."""
    found: dict[str, tuple[str, ...]] = {}
    for constraint in problem.constraints:
        if problem.target.applies(constraint.marker):
            found[constraint.name] = (*found.get(constraint.name, ()), constraint.specifier)
    return found
