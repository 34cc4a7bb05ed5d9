"""What the indexes have of a project and why none of it will do, for explanations: nothing else asks."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.errors import IndexUnavailable
from resolver.names import known_projects
from resolver.solver.knowledge import Knowledge
from resolver.solver.projects import Projects
from resolver.solver.why_not.explain import OF_THIS_NAME, shown_instant
from resolver.solver.why_not.faults import Fault, Faults, fault_lines, left_out_by_format
from resolver.values import dataclass

__all__ = ["Availability", "Wanted", "left_out_by_age", "what_there_is"]

_MOST_VERSIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What all who ask for a project ask of it together: PEP 440 sets, and hashes of which a file must have one."""

    specifiers: tuple[str, ...] = ()
    hashes: frozenset[str] = frozenset()

    def admits(self, version: Version) -> bool:
        return all(SpecifierSet(text).contains(version, prereleases=True) for text in self.specifiers if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """``detail`` is why nothing that is wanted can be had (``""``: that is not what is wrong), ``nearest`` are the
    newest versions that could be had here, or the most similar names. ``out_of_reach`` says that what is wanted
    exists, and only its files will not do."""

    detail: str = ""
    nearest: tuple[str, ...] = ()
    out_of_reach: bool = False


def what_there_is(knowledge: Knowledge, name: str, wanted: Wanted, fixed: Collection[str] = ()) -> Availability:
    """What there is of a project, where nothing that is wanted can be had. ``fixed`` are those that conda provides."""
    if name in fixed:
        return Availability()
    projects = knowledge.projects
    project = projects.get(name)
    if project.index is None:
        places = ", ".join(index.url for index in projects.indexes_for(name)) or "none is configured"
        detail = f"no index has a project {OF_THIS_NAME} (asked: {places})"
        return Availability(detail=detail, nearest=_nearest(projects, name, fixed))
    nearest = _usable(knowledge, name)
    fitting = [rank for rank, version in enumerate(project.ranked.versions) if wanted.admits(version)]
    detail = _why_none(knowledge, name, wanted, fitting)
    if not detail and not nearest:
        return Availability(detail=_why_none(knowledge, name, Wanted(), range(len(project.ranked.versions))))
    return Availability(detail=detail, nearest=nearest, out_of_reach=bool(detail))


def _usable(knowledge: Knowledge, name: str) -> tuple[str, ...]:
    """The newest versions that could be had if only they were asked for, as far as is known. Of pre-releases the newest
    counts, where no final is newer, or all where there is nothing else."""
    faults = Faults(knowledge, name)
    finals: list[str] = []
    early: list[str] = []
    for rank, version in reversed(tuple(enumerate(knowledge.files(name).project.ranked.versions))):
        if len(finals) == _MOST_VERSIONS:
            break
        if version.is_prerelease and (finals or len(early) == _MOST_VERSIONS):
            continue
        if faults.of_version(rank) is None:
            (early if version.is_prerelease else finals).append(str(version))
    return (*early[:1], *finals)[:_MOST_VERSIONS] if finals else tuple(early)


def _why_none(knowledge: Knowledge, name: str, wanted: Wanted, fitting: Sequence[int]) -> str:
    """What is wrong with each of the versions, the newest first; ``""`` where some are as they should be."""
    faults = Faults(knowledge, name, specifiers=wanted.specifiers, hashes=wanted.hashes)
    found: list[Fault] = []
    for rank in reversed(fitting):
        fault = faults.of_version(rank)
        if fault is None:
            return ""
        found.append(fault)
    if not found and not fitting and knowledge.files(name).project.ranked.versions:
        return ""
    return "\n".join(fault_lines(knowledge, name, found)) or left_out_by_format(knowledge, name)


def left_out_by_age(knowledge: Knowledge, names: Sequence[str]) -> str:
    """What the cut-off leaves out of these projects, where they have anything newer than what could be had."""
    cut_off = knowledge.target.cut_off
    if cut_off is None:
        return ""
    newer = []
    for name in names:
        faults = Faults(knowledge, name)
        versions = knowledge.files(name).project.ranked.versions
        late = [v for rank, v in enumerate(versions) if (f := faults.of_version(rank)) is not None and f.kind == "late"]
        newer += [f"{name} {late[-1]}"] if late else []
    return f"the cut-off, {shown_instant(cut_off)}, leaves out newer versions: {', '.join(newer)}" if newer else ""


def _nearest(projects: Projects, name: str, fixed: Collection[str]) -> tuple[str, ...]:
    """The names most like it that are there. An index has no list of its projects that could be asked for, so these
    come from what is known without it, and the indexes say which of them they have."""
    known = {*known_projects(), *fixed, *projects.seen()} - {name}
    likely = difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.75)
    return tuple(other for other in likely if other in fixed or _is_there(projects, other))[:3]


def _is_there(projects: Projects, name: str) -> bool:
    try:
        return projects.get(name).index is not None
    except IndexUnavailable:
        return False  # offline and never seen: a name that cannot be confirmed is not offered
