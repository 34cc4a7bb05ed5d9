"""Extras that a line asks for and the chosen version does not have: no error (pip and uv lock them too), but a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from resolver.plain import normalize
from resolver.roots import pep440_of
from resolver.solver.answer import Choice, metadata_of
from resolver.solver.knowledge import Knowledge
from resolver.solver.targets import Target

if TYPE_CHECKING:
    from datetime import datetime

    from resolver.indexes import CoreMetadata
    from resolver.model import PypiRequirement
    from resolver.solver.projects import Projects
    from resolver.solver.request import PlatformSolution

__all__ = ["unknown_extras"]

_MOST_EXTRAS = 12
_EXTRA_IN_MARKER = r"""\bextra\s*==\s*["']([^"']+)["']"""


def unknown_extras(
    solutions: Iterable[PlatformSolution], projects: Projects, cut_off: datetime | None
) -> tuple[str, ...]:
    """One sentence for each, with its line; what is the same on several platforms is said once."""
    said = (text for solution in solutions for text in _on(solution, projects, cut_off))
    return tuple(dict.fromkeys(said))


def _on(solution: PlatformSolution, projects: Projects, cut_off: datetime | None) -> Iterator[str]:
    if solution.python is None or not any(r.extras for r in solution.pip_roots):
        return
    target = Target(platform=solution.platform, python=solution.python, cut_off=cut_off)
    knowledge = Knowledge(projects, target)
    choices = _choices(solution)
    for requirement in solution.pip_roots:
        choice = choices.get(requirement.name)
        if choice is not None and _adding_nothing(requirement, solution) and target.applies(requirement.marker):
            metadata = metadata_of(requirement.name, choice, knowledge)
            if metadata is not None:
                yield from _unknown(requirement, choice, metadata)


def _adding_nothing(requirement: PypiRequirement, solution: PlatformSolution) -> bool:
    """Whether some extra that is asked for brings nothing with it: only of such a one metadata must be read."""
    alone = ((requirement.name, ""),)
    return any(solution.needs.get((requirement.name, normalize(e)), alone) == alone for e in requirement.extras)


def _choices(solution: PlatformSolution) -> dict[str, Choice]:
    versions = {record.name: record.version for record in solution.records}
    of_conda = {project: Choice(version=str(pep440_of(versions[owner]))) for project, owner in solution.owners.items()}
    return of_conda | {p.name: Choice(version=p.version, file=p.file, direct=p.direct) for p in solution.projects}


def _unknown(requirement: PypiRequirement, choice: Choice, metadata: CoreMetadata) -> Iterator[str]:
    known = sorted(_extras_of(metadata))
    for extra in requirement.extras:
        if normalize(extra) not in known:
            there_are = f"it has {_listed(known)}" if known else "it has none"
            yield f"{requirement.origin}: {requirement.name} {choice.version} has no extra {extra}; {there_are}"


def _extras_of(metadata: CoreMetadata) -> set[str]:
    """Those it lists, and those that its requirements name: old metadata list none."""
    named = (name for requirement in metadata.requires_dist for name in re.findall(_EXTRA_IN_MARKER, requirement))
    return {normalize(name) for name in (*metadata.provides_extra, *named)}


def _listed(extras: list[str]) -> str:
    more = len(extras) - _MOST_EXTRAS
    return ", ".join(extras[:_MOST_EXTRAS]) + (f" and {more} more" if more > 0 else "")
