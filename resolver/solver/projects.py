"""Projects as the solver sees them: ranked versions, and for a target the one file of each that would be installed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from resolver.indexes import CoreMetadata, DistributionFile, Index
from resolver.solver.targets import Target
from resolver.solver.versions import RankedVersions

__all__ = ["Project", "Projects", "Wheels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wheel:
    file: DistributionFile
    build: tuple[int, str]
    pythons: str
    abis: str
    platforms: str


class Project:
    """One project of one index. ``wheels[rank]`` are the wheels of a version; sdists are only counted."""

    def __init__(self, name: str, index: Index | None, files: Sequence[DistributionFile]) -> None:
        self.name = name
        self.index = index
        wheels: dict[Version, list[_Wheel]] = {}
        self.sdists: set[Version] = set()
        for file in files:
            if file.filename.endswith(".whl"):
                parsed = _parse_wheel(file)
                if parsed is not None:
                    wheels.setdefault(parsed[0], []).append(parsed[1])
            elif (version := _sdist_version(file.filename)) is not None:
                self.sdists.add(version)
        ordered = sorted({*wheels, *self.sdists})
        self.ranked = RankedVersions(ordered)
        self.wheels = tuple(tuple(wheels.get(version, ())) for version in ordered)


class Projects:
    """All projects of one run, from several indexes of which the first that has a project owns it: a name that a
    private index has is never looked up elsewhere (no dependency confusion). Threads may share it."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        self.indexes = tuple(indexes)
        self._known: dict[str, Project] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Project:
        """The project; one that no index has is a project without versions, and ``index`` is ``None``."""
        with self._lock:
            known = self._known.get(name)
        if known is not None:
            return known
        project = self._load(name)
        with self._lock:
            return self._known.setdefault(name, project)

    def seen(self) -> tuple[str, ...]:
        """The names that an index was found to have, sorted."""
        with self._lock:
            return tuple(sorted(name for name, project in self._known.items() if project.index is not None))

    def prefetch(self, names: Sequence[str]) -> None:
        """A hint: only the first index is asked ahead, since most names end there."""
        if self.indexes:
            self.indexes[0].prefetch([name for name in names if name not in self._known])

    def _load(self, name: str) -> Project:
        for index in self.indexes:
            page = index.page(name)
            if page is not None:
                return Project(name, index, page.files)
        return Project(name, None, ())


class Wheels:
    """What one target can install of a project, found out version by version when it is asked for."""

    def __init__(self, project: Project, target: Target) -> None:
        self.project = project
        self._target = target
        self._chosen: dict[tuple[int, bool, frozenset[str] | None], DistributionFile | None] = {}

    def best(self, rank: int, *, yanked: bool = False, hashes: frozenset[str] | None = None) -> DistributionFile | None:
        """The wheel of that version with the best tag (then the highest build number), if there is one that may
        be used here; yanked ones (PEP 592) only where ``yanked`` allows them and nothing else is left. With
        ``hashes`` (``sha256:hex``) only files that have one of them count."""
        key = (rank, yanked, hashes)
        if key not in self._chosen:
            self._chosen[key] = self._choose(rank, yanked, hashes)
        return self._chosen[key]

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        if self.project.index is None:
            raise LookupError(self.project.name)
        return self.project.index.metadata(file)

    def prefetch(self, file: DistributionFile) -> None:
        if self.project.index is not None:
            self.project.index.prefetch_metadata([file])

    def _choose(self, rank: int, yanked: bool, hashes: frozenset[str] | None) -> DistributionFile | None:
        best: tuple[bool, int, tuple[int, str], str] | None = None
        chosen = None
        for wheel in self.project.wheels[rank]:
            priority = self._priority(wheel)
            if priority is None or self.refusal(wheel.file, yanked=yanked) is not None:
                continue
            if hashes is not None and f"sha256:{wheel.file.sha256}" not in hashes:
                continue
            key = (wheel.file.yanked is None, -priority, wheel.build, wheel.file.filename)
            if best is None or key > best:
                best, chosen = key, wheel.file
        return chosen

    def refusal(self, file: DistributionFile, *, yanked: bool = False) -> str | None:
        """Why a file may not be used here, tags apart; ``None`` if it may."""
        if file.yanked is not None and not yanked:
            return "yanked"
        if file.sha256 is None:
            return "without sha256"
        if not self._target.admits_python(file.requires_python):
            return f"for Python {file.requires_python}"
        if self._target.cut_off is not None:
            uploaded = _instant(file.upload_time)
            if uploaded is None:
                return "without upload time, which the cut-off needs"
            if uploaded > self._target.cut_off:
                return "newer than the cut-off"
        return None

    def _priority(self, wheel: _Wheel) -> int | None:
        """The place of the wheel's best tag among the target's, 0 the best."""
        tags = self._target.tags
        found = [
            priority
            for python in wheel.pythons.split(".")
            for abi in wheel.abis.split(".")
            for platform in wheel.platforms.split(".")
            if (priority := tags.get(f"{python}-{abi}-{platform}")) is not None
        ]
        return min(found, default=None)


def _parse_wheel(file: DistributionFile) -> tuple[Version, _Wheel] | None:
    """``NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl``; a name of another form is no candidate."""
    parts = file.filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    try:
        version = Version(parts[1].replace("_", "-") if "+" not in parts[1] else parts[1])
    except InvalidVersion:
        return None
    build = parts[2] if len(parts) == 6 else ""
    digits = build[: len(build) - len(build.lstrip("0123456789"))]
    number = (int(digits), build[len(digits) :]) if digits else (-1, "")
    pythons, abis, platforms = (part.lower() for part in parts[-3:])
    return version, _Wheel(file=file, build=number, pythons=pythons, abis=abis, platforms=platforms)


def _sdist_version(filename: str) -> Version | None:
    try:
        return parse_sdist_filename(filename)[1]
    except (InvalidSdistFilename, InvalidVersion):
        return None


def _instant(upload_time: str | None) -> datetime | None:
    if upload_time is None:
        return None
    try:
        instant = datetime.fromisoformat(upload_time)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
