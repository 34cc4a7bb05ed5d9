"""Extras that a line asks for and the chosen version does not have: no error (pip and uv lock them too), but a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from packaging.utils import canonicalize_name

from resolver.indexes import CoreMetadata
from resolver.model import PypiRequirement
from resolver.roots import pep440_of
from resolver.solver.answer import Choice, metadata_of
from resolver.solver.knowledge import Knowledge
from resolver.solver.projects import Projects
from resolver.solver.request import PlatformSolution
from resolver.solver.targets import Target

__all__ = ["unknown_extras"]

_MOST_EXTRAS = 12
_EXTRA_IN_MARKER = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


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
        if requirement.extras and choice is not None and target.applies(requirement.marker):
            metadata = metadata_of(requirement.name, choice, knowledge)
            if metadata is not None:
                yield from _unknown(requirement, choice, metadata)


def _choices(solution: PlatformSolution) -> dict[str, Choice]:
    versions = {record.name: record.version for record in solution.records}
    of_conda = {project: Choice(version=pep440_of(versions[owner])) for project, owner in solution.owners.items()}
    return of_conda | {p.name: Choice(version=p.version, file=p.file, direct=p.direct) for p in solution.projects}


def _unknown(requirement: PypiRequirement, choice: Choice, metadata: CoreMetadata) -> Iterator[str]:
    known = sorted(_extras_of(metadata))
    for extra in requirement.extras:
        if canonicalize_name(extra) not in known:
            there_are = f"it has {_listed(known)}" if known else "it has none"
            yield f"{requirement.origin}: {requirement.name} {choice.version} has no extra {extra}; {there_are}"


def _extras_of(metadata: CoreMetadata) -> set[str]:
    """Those it lists, and those that its requirements name: old metadata list none."""
    named = (name for requirement in metadata.requires_dist for name in _EXTRA_IN_MARKER.findall(requirement))
    return {canonicalize_name(name) for name in (*metadata.provides_extra, *named)}


def _listed(extras: list[str]) -> str:
    more = len(extras) - _MOST_EXTRAS
    return ", ".join(extras[:_MOST_EXTRAS]) + (f" and {more} more" if more > 0 else "")
