"""Projects as the solver sees them: ranked versions, and for a target the one file of each that would be installed."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from resolver.indexes import InvalidMetadata, NeedsBuild, keeps_notes
from resolver.light_typing import TYPE_CHECKING, NamedTuple
from resolver.solver.policy import FilePolicy
from resolver.solver.targets import Target, parse_tail
from resolver.values import replace

if TYPE_CHECKING:
    from datetime import datetime

    from resolver.indexes import CoreMetadata, DistributionFile, Index, NotingIndex, Page, ProjectState
    from resolver.solver.versions import RankedVersions
    from resolver.source_trees import Builds

__all__ = ["WITHOUT_TIME", "Project", "ProjectFiles", "Projects"]

WITHOUT_TIME = "without upload time, which the cut-off needs"
"""Why a file is refused whose age nobody told."""


class _Wheel(NamedTuple):  # made by the ten thousand, and a tuple is made in a third of the time
    file: DistributionFile
    build: tuple[int, str]
    tags: str


class Project:
    """One project: its versions, and the files of each by rank. ``pages`` are its files by
    index, the preferred one first; most often there is one.

    A page may have thousands of files: they come sorted by version, and are read when a version is looked at.
    """

    def __init__(self, name: str, pages: Sequence[tuple[Index, Page]] = ()) -> None:
        self.name = name
        self.index = pages[0][0] if pages else None
        self._pages = pages
        self._later = {file.url: place for place, (_, page) in enumerate(pages) if place for file in page.files}
        # what reads versions is imported where pages are read: where all is noted that is a third of the time
        from resolver.indexes.releases import releases_in, releases_of
        from resolver.solver.versions import RankedVersions, VersionsOnDemand

        if len(pages) == 1:
            self._releases = releases_in(pages[0][1])
        else:
            self._releases = releases_of([file for _, page in pages for file in page.files], name)
        prereleases = sum(1 << rank for rank, release in enumerate(self._releases) if release.is_prerelease)
        self.ranked: RankedVersions = RankedVersions(
            VersionsOnDemand([release.text for release in self._releases]), prereleases
        )
        self._parsed: dict[int, tuple[_Wheel, ...]] = {}

    @property
    def has_wheels(self) -> bool:
        return any(release.has_wheels for release in self._releases)

    def has_sdists(self, rank: int) -> bool:
        return self._releases[rank].has_sdists

    @property
    def sdists(self) -> tuple[tuple[DistributionFile, ...], ...]:
        """Those of all versions: meant for explanations."""
        return tuple(release.sdists for release in self._releases)

    def place_of(self, file: DistributionFile) -> int:
        """The place of the file's index among those of the project, 0 the preferred one."""
        return self._later.get(file.url, 0) if self._later else 0

    def index_of(self, file: DistributionFile) -> Index:
        return self._pages[self.place_of(file)][0]

    def wheel_files(self, rank: int) -> tuple[DistributionFile, ...]:
        return self._releases[rank].wheels

    def sdist_files(self, rank: int) -> tuple[DistributionFile, ...]:
        return self._releases[rank].sdists

    def wheels(self, rank: int) -> tuple[_Wheel, ...]:
        parsed = self._parsed.get(rank)
        if parsed is None:
            found = (_parse_wheel(file) for file in self.wheel_files(rank))
            parsed = self._parsed[rank] = tuple(wheel for wheel in found if wheel is not None)
        return parsed


class Projects:
    """All projects of one run, from several indexes of which the first that has a project owns it: a name that a
    private index has is never looked up elsewhere (no dependency confusion). With ``best_match`` the files of all
    indexes count; a project in ``index_for`` comes from that index alone. Threads may share it."""

    def __init__(
        self,
        indexes: Sequence[Index],
        *,
        index_for: Mapping[str, Index] | None = None,
        best_match: bool = False,
        policy: FilePolicy | None = None,
        builds: Builds | None = None,
    ) -> None:
        self.indexes = tuple(indexes)
        self.policy = policy or FilePolicy()
        self.builds = builds
        self._index_for = dict(index_for or {})
        self._noting = {id(i): i for i in (*self.indexes, *self._index_for.values()) if keeps_notes(i)}
        self._best_match = best_match
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

    def of_wheels(self) -> Projects:
        """The same projects, looked up once for both, without sdists that nobody asked for."""
        view = Projects(
            self.indexes,
            index_for=self._index_for,
            best_match=self._best_match,
            policy=replace(self.policy, unasked_sdists=False),
            builds=self.builds,
        )
        view._known, view._lock = self._known, self._lock
        return view

    def files(self, name: str, target: Target) -> ProjectFiles:
        """What the target can use of a project."""
        return ProjectFiles(self.get(name), target, self.policy, self.builds)

    def seen(self) -> tuple[str, ...]:
        """The names that an index was found to have, sorted."""
        with self._lock:
            return tuple(sorted(name for name, project in self._known.items() if project.index is not None))

    def prefetch(self, names: Sequence[str]) -> None:
        """A hint: only the first index is asked ahead, since most names end there."""
        if self.indexes:
            self.indexes[0].prefetch(n for n in names if n not in self._known and n not in self._index_for)

    def indexes_for(self, name: str) -> tuple[Index, ...]:
        """The indexes that may have that project, in the order in which they are asked."""
        own = self._index_for.get(name)
        return self.indexes if own is None else (own,)

    def noted(self, name: str, context: str) -> tuple[NotingIndex, ProjectState] | None:
        """The index that owns a project, with the state of its page; ``None`` where an index that is asked keeps no
        notes, where several may own the project, or where none does."""
        for index in () if self._best_match else self.indexes_for(name):
            noting = self._noting.get(id(index))
            if noting is None:
                return None
            state = noting.state(name, context)
            if state is not None:
                return noting, state
        return None

    def owner_url(self, name: str, file: DistributionFile) -> str:
        """The canonical URL of the index that a chosen file is from."""
        index = self.sole_index(name) or self.get(name).index_of(file)
        return index.url

    def sole_index(self, name: str) -> Index | None:
        """The index that all files of a project are from, where there is but one that may have it."""
        indexes = self.indexes_for(name)
        return indexes[0] if len(indexes) == 1 else None

    def _load(self, name: str) -> Project:
        pages: list[tuple[Index, Page]] = []
        for index in self.indexes_for(name):
            page = index.page(name)
            if page is not None:
                pages.append((index, page))
                if not self._best_match:
                    break
        return Project(name, pages)


class ProjectFiles:
    """What one target can use of a project, found out version by version when it is asked for. A wheel is always
    preferred to an sdist of the same version."""

    def __init__(
        self, project: Project, target: Target, policy: FilePolicy | None = None, builds: Builds | None = None
    ) -> None:
        self.project = project
        self._target = target
        self._policy = policy or FilePolicy()
        self._builds = builds
        self._chosen: dict[tuple[int, bool, frozenset[str] | None], DistributionFile | None] = {}

    def best(self, rank: int, *, yanked: bool = False, hashes: frozenset[str] | None = None) -> DistributionFile | None:
        """The wheel of that version with the best tag (then the highest build number), else its sdist, if there is one
        that may be used here; yanked ones (PEP 592) only where ``yanked`` allows them and nothing else is left. With
        ``hashes`` (``sha256:hex``) only files that have one of them count."""
        key = (rank, yanked, hashes)
        if key not in self._chosen:
            self._chosen[key] = (
                self._choose(rank, False, hashes)
                or self._choose_sdist(rank, False, hashes)
                or (self._choose(rank, True, hashes) if yanked else None)
                or (self._choose_sdist(rank, True, hashes) if yanked else None)
            )
        return self._chosen[key]

    def is_late(self, file: DistributionFile) -> bool:
        """Whether the version comes after all those that have a wheel: it has an sdist alone."""
        return not file.filename.endswith(".whl") and not self._policy.ranks_sdists(self.project.name)

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        """What the file says of itself; where only a build could tell and one is permitted, what a wheel of the same
        version says, for whatever platform, else what the build says. Raises what ``Index.metadata`` raises."""
        index = self.project.index_of(file)
        try:
            return index.metadata(file)
        except NeedsBuild:
            if self._builds is None or not self._policy.may_be_built(self.project.name):
                raise
        wheel = self._any_wheel_beside(file)
        if wheel is not None:
            return index.metadata(wheel)
        return self._as_named(file, self._builds.metadata_of_sdist(file))

    def _any_wheel_beside(self, file: DistributionFile) -> DistributionFile | None:
        """A wheel of the version of an sdist: what a project built for others it says of its sources too."""
        from packaging.version import Version

        from resolver.indexes import version_of_sdist

        version = Version(version_of_sdist(file.filename, self.project.name))
        versions = self.project.ranked.versions
        rank = bisect_left(versions, version)
        if rank == len(versions) or versions[rank] != version:
            return None
        place = self.project.place_of(file)
        wheels = [w for w in self.project.wheel_files(rank) if w.sha256 and self.project.place_of(w) == place]
        return min(wheels, key=lambda wheel: wheel.filename, default=None)

    def _as_named(self, file: DistributionFile, built: CoreMetadata) -> CoreMetadata:
        """What a build says, if it says so of the project and version that the sdist is named after."""
        from packaging.version import Version

        from resolver.indexes import version_of_sdist

        project = self.project.name
        if built.name != project:
            raise InvalidMetadata(f"{project}: a build of {file.filename} is of another project, {built.name}")
        if Version(built.version) != Version(version_of_sdist(file.filename, project)):
            raise InvalidMetadata(f"{project}: a build of {file.filename} is of another version, {built.version}")
        return built

    def prefetch(self, file: DistributionFile) -> None:
        """A hint. An sdist is read whole or even built, and is not read ahead."""
        if file.filename.endswith(".whl"):
            self.project.index_of(file).prefetch_metadata([file])

    def _choose_sdist(self, rank: int, yanked: bool, hashes: frozenset[str] | None) -> DistributionFile | None:
        name = self.project.name
        if not self.project.has_sdists(rank) or not self._policy.takes_sdists(name):
            return None
        usable = [
            file
            for file in self.project.sdist_files(rank)
            if self.refusal(file, yanked=yanked) is None
            and (hashes is None or f"sha256:{file.sha256}" in hashes)
            and self._policy.could_tell(name, _instant(file.upload_time))
        ]
        # a zip is what very old releases have besides
        order = [(-self.project.place_of(f), f.filename.endswith(".tar.gz"), f.filename) for f in usable]
        return usable[order.index(max(order))] if usable else None

    def _choose(self, rank: int, yanked: bool, hashes: frozenset[str] | None) -> DistributionFile | None:
        if not self._policy.takes_wheels(self.project.name):
            return None
        best: tuple[bool, int, int, tuple[int, str], str] | None = None
        chosen = None
        for file in self.project.wheel_files(rank):
            fit = self._target.fit_of(file.filename)
            if fit is None or self.refusal(file, yanked=yanked) is not None:
                continue
            if hashes is not None and f"sha256:{file.sha256}" not in hashes:
                continue
            priority, build = fit
            key = (file.yanked is None, -self.project.place_of(file), -priority, build, file.filename)
            if best is None or key > best:
                best, chosen = key, file
        return chosen

    def untimed(self) -> int:
        """How many files are refused because nobody told their age."""
        count = len(self.project.ranked.versions)
        files = [
            w.file
            for rank in range(count)
            for w in self.project.wheels(rank)
            if self._target.priority_of(w.tags) is not None
        ]
        files += [file for sdists in self.project.sdists for file in sdists]
        return sum(self.refusal(file) == WITHOUT_TIME for file in files)

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
                return None if self._policy.take_untimed else WITHOUT_TIME
            if uploaded > self._target.cut_off:
                return "newer than the cut-off"
        return None


def _parse_wheel(file: DistributionFile) -> _Wheel | None:
    tail = parse_tail(file.filename.split("-", 2)[2])
    return None if tail is None else _Wheel(file, *tail)


def _instant(upload_time: str | None) -> datetime | None:
    if upload_time is None:
        return None
    from datetime import UTC, datetime

    try:
        instant = datetime.fromisoformat(upload_time)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
