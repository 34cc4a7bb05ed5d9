"""What there is of a package, for explanations: conda's records and the index's wheels, side by side.

Only what is known is looked at; the searches that came before have learned what matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaProblem, CondaRecord, record_matches
from resolver.indexes import CoreMetadata
from resolver.model import VirtualPackage
from resolver.names import NamesMap
from resolver.roots import pep440_of
from resolver.solver.knowledge import Knowledge
from resolver.solver.why_not.any_file import KnowledgeOfAny
from resolver.values import dataclass, field, replace

__all__ = ["Candidate", "World", "contains", "is_old_enough", "records_that_count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version of a package: a conda record, or what the index has, with its metadata (``None`` where that is not
    known). ``beside`` says whether a record may stand beside the Python that is meant."""

    version: Version
    said: str
    record: CondaRecord | None = None
    metadata: CoreMetadata | None = None
    beside: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where candidates come from. ``records`` gives those of a conda package, oldest first; ``python`` is the record
    of the Python that is meant; ``owned`` are the projects that conda alone provided, ``limits`` the constraints on
    projects. Without ``knowledge`` there is conda only. Lists of candidates are in ascending order of preference."""

    names: NamesMap
    records: Callable[[str], Sequence[CondaRecord]]
    python: CondaRecord | None = None
    knowledge: Knowledge | None = None
    owned: frozenset[str] = frozenset()
    limits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _of_conda: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _of_project: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _fits_python: dict[str, bool] = field(default_factory=dict)

    def knowing(self, knowledge: Knowledge) -> World:
        """The same world with something else known about projects."""
        return replace(self, knowledge=knowledge, _of_project={})

    def provided(self, package: str) -> tuple[str, ...]:
        """The projects that a conda package provides."""
        records = self.records(package)
        return self._provided(records[-1]) if records else ()

    def of_conda(self, package: str) -> tuple[Candidate, ...]:
        if package not in self._of_conda:
            self._of_conda[package] = tuple(
                Candidate(
                    version=pep440_of(record.version),
                    said=f"conda's {record.name} {record.version}",
                    record=record,
                    beside=all(self._python_is(spec) for spec in record.depends if spec.split()[0] == "python"),
                )
                for record in self.records(package)
                if self._within_limits(record)
            )
        return self._of_conda[package]

    def _within_limits(self, record: CondaRecord) -> bool:
        limits = (limit for project in self._provided(record) for limit in self.limits.get(project, ()))
        return all(contains(limit, pep440_of(record.version)) for limit in limits)

    def of_project(self, project: str) -> tuple[Candidate, ...]:
        """The wheels, and what conda could provide the project by; the owner's world is the preferred one."""
        if project not in self._of_project:
            wheels = self._wheels(project)
            records = [
                candidate
                for name in self.names.conda_names(project)
                for candidate in self.of_conda(name)
                if candidate.record is not None and project in self._provided(candidate.record)
            ]
            both = (*wheels, *records) if project in self.owned else (*records, *wheels)
            limits = self.limits.get(project, ())
            self._of_project[project] = tuple(c for c in both if all(contains(limit, c.version) for limit in limits))
        return self._of_project[project]

    def _provided(self, record: CondaRecord) -> tuple[str, ...]:
        return self.names.provides(record.name, depends=record.depends, noarch=record.noarch)

    def _python_is(self, spec: str) -> bool:
        if self.python is None:
            return True
        if spec not in self._fits_python:
            self._fits_python[spec] = record_matches(spec, self.python)
        return self._fits_python[spec]

    def _wheels(self, project: str) -> list[Candidate]:
        """Those that may be used, pre-releases below all others, and below these what only stands in for a file."""
        if self.knowledge is None:
            return []
        files = self.knowledge.files(project)
        found: list[tuple[tuple[bool, bool], Candidate]] = []
        for rank, version in enumerate(files.project.ranked.versions):
            file = files.best(rank)
            known = self.knowledge.known(file) if file is not None else None
            if file is not None and not isinstance(known, str):
                candidate = Candidate(version=version, said=f"{project} {version}", metadata=known)
                found.append(((not self._is_stand_in(project, rank), not version.is_prerelease), candidate))
        return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]

    def _is_stand_in(self, project: str, rank: int) -> bool:
        return isinstance(self.knowledge, KnowledgeOfAny) and self.knowledge.is_stand_in(project, rank)


def records_that_count(
    problem: CondaProblem, ask: Callable[[str], Sequence[CondaRecord]]
) -> Callable[[str], tuple[CondaRecord, ...]]:
    """Those that may be chosen: with a sha256, no newer than the cut-off, and under strict priority of the first
    channel that has the package. A virtual package has a record made up for it."""

    @cache
    def records(name: str) -> tuple[CondaRecord, ...]:
        if name.startswith("__"):
            return tuple(_virtual(package) for package in problem.platform.virtual_packages if package.name == name)
        usable = [record for record in ask(name) if record.sha256 is not None and is_old_enough(problem, record)]
        if problem.channel_priority != "strict":
            return tuple(usable)
        for channel in problem.channels:
            found = tuple(record for record in usable if record.url.startswith(f"{channel}/"))
            if found:
                return found
        return tuple(usable)

    return records


def is_old_enough(problem: CondaProblem, record: CondaRecord) -> bool:
    """By the time of the upload where the channel tells it, else by that of the build."""
    if problem.cut_off is None:
        return True
    time = record.uploaded or record.timestamp
    return problem.take_untimed if time is None else time <= problem.cut_off.timestamp() * 1000


def _virtual(package: VirtualPackage) -> CondaRecord:
    return CondaRecord(
        name=package.name,
        version=package.version,
        build=package.build,
        subdir="noarch",
        file_name="",
        url="",
        sha256=None,
        md5=None,
        size=None,
        depends=(),
        constrains=(),
        noarch=None,
        timestamp=None,
    )


def contains(specifier: str, version: Version) -> bool:
    """Whether a PEP 440 set contains a version, pre-releases included."""
    return not specifier or _parsed(specifier).contains(version, prereleases=True)


@lru_cache(maxsize=4096)
def _parsed(specifier: str) -> SpecifierSet:
    return SpecifierSet(specifier)
