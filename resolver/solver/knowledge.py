"""What has been learned about projects on one target. Both engines read it; neither fetches anything by itself.

What is known at any moment is a function of the requests alone, never of what a cache happens to hold: the joint
solve begins with what the fast path has learned, and an answer must not depend on the machine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from resolver.indexes import CoreMetadata, DistributionFile, InvalidMetadata, NeedsBuild
from resolver.light_typing import TYPE_CHECKING
from resolver.solver.projects import ProjectFiles, Projects
from resolver.solver.requirements import Dependency, gate_of, parse_requirement
from resolver.solver.targets import Target

if TYPE_CHECKING:
    from resolver.solver.direct import DirectFile

__all__ = ["Dependency", "Knowledge", "dependencies_of"]


class Knowledge:
    """Files by project and metadata by file. ``metadata`` asks the index once; a refusal is kept as its reason."""

    def __init__(self, projects: Projects, target: Target) -> None:
        self.projects = projects
        self.target = target
        self._files: dict[str, ProjectFiles] = {}
        self._metadata: dict[DistributionFile, CoreMetadata | str] = {}
        self.unbuilt: set[str] = set()
        self._dependencies: dict[tuple[int, str], tuple[Dependency, ...]] = {}

    def files(self, name: str) -> ProjectFiles:
        if name not in self._files:
            self._files[name] = self.projects.files(name, self.target)
        return self._files[name]

    def metadata(self, name: str, file: DistributionFile) -> CoreMetadata | str:
        """The metadata of a wheel, or why the wheel cannot be used: it is invalid, or for other Pythons."""
        known = self._metadata.get(file)
        if known is None:
            known = self._metadata[file] = self._ask(name, file)
        return known

    def known(self, file: DistributionFile) -> CoreMetadata | str | None:
        """The same without asking: ``None`` where it has not been learned."""
        return self._metadata.get(file)

    def dependencies(self, metadata: CoreMetadata, extra: str = "") -> tuple[Dependency, ...]:
        """``dependencies_of``, with overrides in the place of what they override, worked out once for what this object
        has learned."""
        key = (id(metadata), extra)
        if key not in self._dependencies:
            asked = dependencies_of(metadata, self.target, extra)
            self._dependencies[key] = tuple(found for need in asked for found in self._overridden(need))
        return self._dependencies[key]

    def _overridden(self, need: Dependency) -> Iterator[Dependency]:
        overrides = self.projects.policy.overrides.get(need.name)
        if overrides is None:
            yield need
            return
        for override in overrides:
            if self.target.applies(override.marker):
                extras = tuple(sorted({*need.extras, *override.extras}))
                yield Dependency(name=need.name, specifier=override.specifier, extras=extras)

    def learn(self, files: Iterable[tuple[str, DistributionFile]]) -> None:
        """Ask for all of these at once."""
        wanted = [(name, file) for name, file in files if file not in self._metadata]
        for name, file in wanted:
            self.files(name).prefetch(file)
        for name, file in wanted:
            self.metadata(name, file)

    def usable(self, direct: DirectFile) -> CoreMetadata | str:
        """The metadata of a direct wheel or source, or why it cannot be used on the target."""
        if direct.filename.endswith(".whl") and not self.target.takes(direct.filename):
            return f"{direct.filename} is no wheel for {self.target}"
        return self._for_this_python(direct.metadata)

    def file_of(self, name: str, text: str) -> DistributionFile | None:
        """Any usable wheel of that version: metadata does not differ between the wheels of one version."""
        from packaging.version import Version

        files, version = self.files(name), Version(text)
        versions = files.project.ranked.versions
        rank = bisect_left(versions, version)
        return files.best(rank, yanked=True) if rank < len(versions) and versions[rank] == version else None

    def _ask(self, name: str, file: DistributionFile) -> CoreMetadata | str:
        try:
            metadata = self._metadata_of(name, file)
        except NeedsBuild as error:
            self.unbuilt.add(name)
            return f"{error.message} (--allow-builds={name} permits that)"
        except InvalidMetadata as error:
            return error.message
        return self._for_this_python(metadata)

    def _metadata_of(self, name: str, file: DistributionFile) -> CoreMetadata:
        """Without reading the project's page, if possible."""
        index = self.projects.sole_index(name)
        if index is None:
            return self.files(name).metadata(file)
        try:
            return index.metadata(file)
        except NeedsBuild:  # it is the page that tells what else there is
            return self.files(name).metadata(file)

    def _for_this_python(self, metadata: CoreMetadata) -> CoreMetadata | str:
        if self.target.admits_python(metadata.requires_python):
            return metadata
        return f"{metadata.name} {metadata.version} needs Python {metadata.requires_python}"


def dependencies_of(metadata: CoreMetadata, target: Target, extra: str = "") -> Iterator[Dependency]:
    """What the metadata asks for on the target: without an extra, or what ``extra`` adds to that."""
    for text in metadata.requires_dist:
        gate = gate_of(text)
        if gate is not None and gate != extra:
            continue
        requirement = parse_requirement(text)
        without = gate is None and target.applies(requirement.marker)
        if (not without and target.applies(requirement.marker, extra)) if extra else without:
            yield requirement.dependency
