"""Platforms that have been solved, solved again with some packages at other versions: what ``together`` asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from resolver.conda import (
    CondaRecord,
    CondaSolution,
    MixedProblem,
    MixedSolution,
    conda_records,
    conda_versions,
    record_matches,
    solve_mixed,
    solve_within,
)
from resolver.errors import NoSolution
from resolver.model import LockedPackage, Origin, PlatformLock, PypiRequirement
from resolver.platforms import PythonTarget
from resolver.solver.partial import partial_solution
from resolver.solver.request import PlatformSolution, SolveRequest
from resolver.solver.together import Package
from resolver.values import dataclass, field, replace

if TYPE_CHECKING:
    from resolver.conda.channels import Channels
    from resolver.solver.direct import DirectFile
    from resolver.solver.projects import Projects

__all__ = ["Platforms"]


@dataclass(frozen=True, slots=True)
class Platforms:
    """The one request that they were solved for, and where packages come from."""

    request: SolveRequest
    channels: Callable[[], Channels]
    projects: Projects | None
    directs: Mapping[str, DirectFile]
    _available: dict[tuple[str, PythonTarget | None, Package], tuple[str, ...]] = field(default_factory=dict)

    def again(
        self, solution: PlatformSolution, limits: Mapping[Package, str], preferred: Mapping[Package, str]
    ) -> PlatformSolution | None:
        """The platform solved with packages limited to versions, and others preferred in some version; ``None`` where
        that cannot be."""
        request = self._preferring(self._limited(limits), solution, preferred)
        records = solution.records
        if solution.conda_roots and any(world == "conda" for world, _ in (*limits, *preferred)):
            conda = request.conda_problem(solution.platform, solution.conda_roots)
            answer = solve_mixed(self.channels(), MixedProblem(conda=conda, records=(), specs=()))
            if not isinstance(answer, MixedSolution):
                return None
            records = answer.records
        return self._with_projects(request, solution, records)

    def nearby(
        self, solution: PlatformSolution, limits: Mapping[Package, str], free: Mapping[Package, frozenset[str]]
    ) -> PlatformSolution | None:
        """The platform with its conda packages limited to versions, others ``free`` to have one of theirs, and no
        third one moved; ``None`` where that cannot be."""
        request = self._limited(limits)
        versions = {name: frozenset((version,)) for (_, name), version in limits.items()}
        versions |= {name: several for (_, name), several in free.items()}
        conda = request.conda_problem(solution.platform, solution.conda_roots)
        records = solve_within(self.channels(), conda, solution.records, versions)
        return self._with_projects(request, solution, records) if records is not None else None

    def _with_projects(
        self, request: SolveRequest, solution: PlatformSolution, records: tuple[CondaRecord, ...]
    ) -> PlatformSolution | None:
        part = replace(solution, projects=(), added={}, needs={})
        if records != solution.records:
            found = CondaSolution(records=records, shown=solution.shown)
            part = partial_solution(request, solution.platform, found)
        if self.projects is None or not part.pip_roots:
            return part
        # what is of conda alone need not pay for the import
        from resolver.solver.one_platform import solve_pypi

        try:
            solved = solve_pypi(request, part, self.channels, self.projects, self.directs, explained=False)
        except NoSolution:
            return None  # the search ended at its bound
        return solved if isinstance(solved, PlatformSolution) else None

    def _limited(self, versions: Mapping[Package, str]) -> SolveRequest:
        limits = tuple(f"{name}[version='=={v}']" for (world, name), v in versions.items() if world == "conda")
        constraints = tuple(
            PypiRequirement(name=name, specifier=f"=={version}", origin=Origin(source="the other platforms"))
            for (world, name), version in versions.items()
            if world == "pypi"
        )
        spec = replace(self.request.spec, constraints=(*self.request.spec.constraints, *constraints))
        return replace(self.request, spec=spec, limits=(*self.request.limits, *limits))

    def _preferring(
        self, request: SolveRequest, solution: PlatformSolution, versions: Mapping[Package, str]
    ) -> SolveRequest:
        """The request with these versions as pins: of a conda package the newest build that is for the same Python."""
        if not versions:
            return request
        subdir = solution.platform.subdir
        packages = [
            package
            for locked in request.pins
            if locked.platform == subdir
            for package in locked.packages
            if (package.kind, package.name) not in versions
        ]
        for (world, name), version in versions.items():
            if world == "pypi":
                packages.append(LockedPackage(kind="pypi", name=name, version=version, url=""))
            else:
                packages.extend(_as_pin(record) for record in self._builds(solution, name, version)[-1:])
        others = tuple(locked for locked in request.pins if locked.platform != subdir)
        return replace(request, pins=(*others, PlatformLock(platform=subdir, packages=tuple(packages))))

    def _builds(self, solution: PlatformSolution, name: str, version: str) -> list[CondaRecord]:
        builds = [record for record in self._records(solution, name) if record.version == version]
        python = next((record for record in solution.records if record.name == "python"), None)
        fitting = [
            record
            for record in builds
            if python is None or all(record_matches(d, python) for d in record.depends if d.split()[0] == "python")
        ]
        return fitting or builds

    def available(self, solution: PlatformSolution, packages: Sequence[Package]) -> Mapping[Package, tuple[str, ...]]:
        """The versions that there are of packages for the platform, oldest first."""
        keys = {package: (solution.platform.subdir, solution.python, package) for package in packages}
        new = [package for package, key in keys.items() if key not in self._available]
        conda = self._conda_versions(solution, [name for world, name in new if world == "conda"])
        for world, name in new:
            versions = conda[name] if world == "conda" else self._pypi_versions(solution, name)
            self._available[keys[world, name]] = versions
        return {package: self._available[key] for package, key in keys.items()}

    def _conda_versions(self, solution: PlatformSolution, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        if not names:
            return {}
        problem = self.request.conda_problem(solution.platform, solution.conda_roots)
        return conda_versions(self.channels(), problem, names)

    def _pypi_versions(self, solution: PlatformSolution, name: str) -> tuple[str, ...]:
        if solution.python is None or self.projects is None:
            return ()
        from resolver.solver.targets import Target

        target = Target(platform=solution.platform, python=solution.python, cut_off=self.request.cut_off)
        files = self.projects.files(name, target)
        return tuple(str(v) for rank, v in enumerate(files.project.ranked.versions) if files.best(rank) is not None)

    def _records(self, solution: PlatformSolution, name: str) -> tuple[CondaRecord, ...]:
        problem = self.request.conda_problem(solution.platform, solution.conda_roots)
        return conda_records(self.channels(), problem, [name])[name]

    def pinned(self, solution: PlatformSolution, package: Package) -> str | None:
        """The version that the earlier lock holds."""
        world, name = package
        pins = self.request.pins_on(solution.platform.subdir)
        if world == "conda":
            return pins.conda_versions.get(name)
        return pins.projects[name].version if name in pins.projects else None


def _as_pin(record: CondaRecord) -> LockedPackage:
    return LockedPackage(kind="conda", name=record.name, version=record.version, url=record.url, sha256=record.sha256)
