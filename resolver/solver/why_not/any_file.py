"""The same world as if every file could be used: what contradicts itself even there is not the files' fault."""

from __future__ import annotations

from resolver.indexes import CoreMetadata, DistributionFile
from resolver.solver.knowledge import Knowledge
from resolver.solver.projects import ProjectFiles

__all__ = ["KnowledgeOfAny"]


class KnowledgeOfAny(Knowledge):
    """Each version of a project has a file here: that which may be used, else any wheel, of whichever platform, whose
    metadata say what the version needs, else an sdist, which needs nothing as far as is known."""

    def files(self, name: str) -> ProjectFiles:
        if name not in self._files:
            projects = self.projects
            self._files[name] = _AnyFile(projects.get(name), self.target, projects.policy, projects.builds)
        return self._files[name]

    def is_stand_in(self, name: str, rank: int) -> bool:
        """Whether no file of the version may be used in truth."""
        files = self.files(name)
        return not isinstance(files, _AnyFile) or files.usable(rank) is None

    def _ask(self, name: str, file: DistributionFile) -> CoreMetadata | str:
        known = super()._ask(name, file) if file.filename.endswith(".whl") else ""
        return known if isinstance(known, CoreMetadata) else CoreMetadata(name=name, version="0")


class _AnyFile(ProjectFiles):
    def best(self, rank: int, *, yanked: bool = False, hashes: frozenset[str] | None = None) -> DistributionFile | None:
        usable = super().best(rank, yanked=yanked, hashes=hashes)
        if usable is not None:
            return usable
        wheels = self.project.wheels(rank)
        return wheels[0].file if wheels else next(iter(self.project.sdists[rank]), None)

    def usable(self, rank: int) -> DistributionFile | None:
        return super().best(rank)
