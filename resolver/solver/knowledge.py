"""What has been learned about projects on one target. Both engines read it; neither fetches anything by itself.

What is known at any moment is a function of the requests alone, never of what a cache happens to hold: the joint
solve begins with what the fast path has learned, and an answer must not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from resolver.indexes import CoreMetadata, DistributionFile, InvalidMetadata
from resolver.solver.direct import DirectFile
from resolver.solver.projects import Projects, Wheels
from resolver.solver.targets import Target, parse_requirement

__all__ = ["Dependency", "Knowledge", "dependencies_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One requirement of a candidate that applies on the target."""

    name: str
    specifier: str
    extras: tuple[str, ...] = ()
    url: str | None = None


class Knowledge:
    """Wheels by project and metadata by file. ``metadata`` asks the index once; a refusal is kept as its reason."""

    def __init__(self, projects: Projects, target: Target) -> None:
        self.projects = projects
        self.target = target
        self._wheels: dict[str, Wheels] = {}
        self._metadata: dict[DistributionFile, CoreMetadata | str] = {}
        self._refused: dict[str, int] = {}
        self._dependencies: dict[tuple[int, str], tuple[Dependency, ...]] = {}

    def wheels(self, name: str) -> Wheels:
        if name not in self._wheels:
            self._wheels[name] = Wheels(self.projects.get(name), self.target)
        return self._wheels[name]

    def metadata(self, name: str, file: DistributionFile) -> CoreMetadata | str:
        """The metadata of a wheel, or why the wheel cannot be used: it is invalid, or for other Pythons."""
        known = self._metadata.get(file)
        if known is None:
            known = self._metadata[file] = self._ask(name, file)
            if isinstance(known, str):
                self._refused[name] = self._refused.get(name, 0) + 1
        return known

    def known(self, file: DistributionFile) -> CoreMetadata | str | None:
        """The same without asking: ``None`` where it has not been learned."""
        return self._metadata.get(file)

    def refused(self, name: str) -> int:
        """How many wheels of a project turned out to be unusable."""
        return self._refused.get(name, 0)

    def dependencies(self, metadata: CoreMetadata, extra: str = "") -> tuple[Dependency, ...]:
        """``dependencies_of``, worked out once for what this object has learned."""
        key = (id(metadata), extra)
        if key not in self._dependencies:
            self._dependencies[key] = tuple(dependencies_of(metadata, self.target, extra))
        return self._dependencies[key]

    def learn(self, files: Iterable[tuple[str, DistributionFile]]) -> None:
        """Ask for all of these at once."""
        wanted = [(name, file) for name, file in files if file not in self._metadata]
        for name, file in wanted:
            self.wheels(name).prefetch(file)
        for name, file in wanted:
            self.metadata(name, file)

    def usable(self, direct: DirectFile) -> CoreMetadata | str:
        """The metadata of a direct wheel, or why it cannot be used on the target."""
        if not self.target.takes(direct.filename):
            return f"{direct.filename} is no wheel for {self.target}"
        return self._for_this_python(direct.metadata)

    def file_of(self, name: str, version: Version) -> DistributionFile | None:
        """Any usable wheel of that version: metadata does not differ between the wheels of one version."""
        wheels = self.wheels(name)
        for rank, known in enumerate(wheels.project.ranked.versions):
            if known == version:
                return wheels.best(rank, yanked=True)
        return None

    def _ask(self, name: str, file: DistributionFile) -> CoreMetadata | str:
        try:
            metadata = self.wheels(name).metadata(file)
        except InvalidMetadata as error:
            return error.message
        return self._for_this_python(metadata)

    def _for_this_python(self, metadata: CoreMetadata) -> CoreMetadata | str:
        if self.target.admits_python(metadata.requires_python):
            return metadata
        return f"{metadata.name} {metadata.version} needs Python {metadata.requires_python}"


def dependencies_of(metadata: CoreMetadata, target: Target, extra: str = "") -> Iterator[Dependency]:
    """What the metadata asks for on the target: without an extra, or what ``extra`` adds to that."""
    for text in metadata.requires_dist:
        requirement = parse_requirement(text)
        without = target.applies(requirement.marker)
        if (not without and target.applies(requirement.marker, extra)) if extra else without:
            yield _dependency(requirement)


def _dependency(requirement: Requirement) -> Dependency:
    return Dependency(
        name=canonicalize_name(requirement.name),
        specifier=str(requirement.specifier),
        extras=tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        url=requirement.url,
    )
