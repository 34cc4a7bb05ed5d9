"""What an earlier lock holds, for the engines: preferred where it will do, never a reason for no solution."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from resolver.light_typing import TYPE_CHECKING
from resolver.model import LockedPackage, PlatformLock
from resolver.plain import normal_version
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from resolver.indexes import DistributionFile
    from resolver.solver.projects import ProjectFiles
    from resolver.solver.versions import RankedVersions

__all__ = ["NO_PINS", "Pins", "ProjectPin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPin:
    """The version of a project, in the normal form of PEP 440, and the sha256 of the file that was locked of it."""

    version: str
    sha256: str | None = None

    def rank_in(self, ranked: RankedVersions) -> int | None:
        """The rank of the version, if there still is one."""
        from packaging.version import Version

        version = Version(self.version)
        place = bisect_left(ranked.versions, version)
        return place if place < len(ranked.versions) and ranked.versions[place] == version else None

    def file_of(self, files: ProjectFiles, rank: int, hashes: frozenset[str] | None) -> DistributionFile | None:
        """The locked file of that version, where it may still be used: a better one may have come since. ``hashes`` are
        those of which a file must have one."""
        own = f"sha256:{self.sha256}"
        return files.best(rank, hashes=frozenset({own})) if hashes is None or own in hashes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The pins of one platform: conda's packages, and projects by name."""

    conda: tuple[LockedPackage, ...] = ()
    projects: Mapping[str, ProjectPin] = field(default_factory=dict)

    @classmethod
    def of(cls, locked: PlatformLock) -> Pins:
        """Those of a platform of a lock. What comes from a URL or a folder is given by its requirement."""
        return cls(
            conda=tuple(p for p in locked.packages if p.kind == "conda"),
            projects={p.name: pin for p in locked.packages if p.kind == "pypi" and (pin := _pin(p)) is not None},
        )

    @property
    def conda_versions(self) -> dict[str, str]:
        return {package.name: package.version for package in self.conda}


NO_PINS = Pins()


def _pin(package: LockedPackage) -> ProjectPin | None:
    """A lock that was made elsewhere may hold what is no version."""
    try:
        return ProjectPin(version=normal_version(package.version), sha256=package.sha256)
    except ValueError:
        return None
