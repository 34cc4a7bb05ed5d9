"""Where an answer came from, for the evidence of a lock: the times that a cut-off was compared with, the indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.conda import CondaRecord
    from resolver.solver.projects import Projects
    from resolver.solver.request import PlatformSolution

__all__ = ["cut_off_times", "project_indexes"]

UPLOAD, BUILD, NO_TIME = "upload time", "build time", "no time"

Kinds = tuple[tuple[str, tuple[str, ...]], ...]


def cut_off_times(solutions: Iterable[PlatformSolution]) -> tuple[tuple[str, Kinds], ...]:
    """For each platform the kind of time that decided about its conda packages: the commonest kind without names, for
    it holds of all but those that are named under another."""
    return tuple((s.platform.subdir, _kinds(s.records)) for s in solutions if s.records)


def _kinds(records: Iterable[CondaRecord]) -> Kinds:
    kind_of = {record.name: _kind(record) for record in records}
    counts = Counter(kind_of.values())
    common = min(counts, key=lambda kind: (-counts[kind], kind))
    others = sorted(counts.keys() - {common})
    return ((common, ()), *((kind, tuple(sorted(n for n, k in kind_of.items() if k == kind))) for kind in others))


def _kind(record: CondaRecord) -> str:
    if record.uploaded is not None:
        return UPLOAD
    return BUILD if record.timestamp is not None else NO_TIME


def project_indexes(
    solutions: Iterable[PlatformSolution], projects: Projects, *, main: str, places: Mapping[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The projects of each index but the ``main`` one, as (index URL, sorted names), sorted. ``places`` gives another
    name to an index: that of a folder is no URL for others."""
    found: dict[str, set[str]] = {}
    for solution in solutions:
        for project in solution.projects:
            if project.file is not None:
                url = projects.owner_url(project.name, project.file)
                if url.rstrip("/") != main.rstrip("/"):
                    found.setdefault(places.get(url, url), set()).add(project.name)
    return tuple((url, tuple(sorted(names))) for url, names in sorted(found.items()))
