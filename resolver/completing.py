"""From a foreign lock to one with an identity: what it lacks is looked up in channels, indexes, folders and
repositories."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.locks.completion import Hashes, Lookups, complete, lacking
from resolver.locks.formats.targets import Target, target_with
from resolver.model import Lock, LockedPackage, PlatformLock
from resolver.platforms import KNOWN_PYTHONS, Platform, PythonTarget
from resolver.settings import Settings
from resolver.transport import without_credentials
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from resolver.conda import CondaRecord
    from resolver.indexes import DistributionFile, Index
    from resolver.session import Session

__all__ = ["complete_lock"]


def complete_lock(
    lock: Lock,
    *,
    settings: Settings,
    session: Session,
    directory: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Lock:
    """The lock with the sha256s, files, URLs, trees and commits that it lacks; the same value where it lacks nothing.

    Packages of projects are looked up at the indexes of the ``settings``, or at that which the lock's evidence names,
    and wheels are chosen for the virtual packages and the Python of the lock, else of the settings, else for the newest
    Python that there are files of all packages for. ``directory`` is what the URLs of folders are relative to. Raises
    ``IntegrityError`` naming all packages that cannot be completed.
    """
    if not any(lacking(package) for locked in lock.platforms for package in locked.packages):
        return lock
    session.remember_credentials(lock.channels)
    world = _World(lock=lock, settings=settings, session=session, directory=directory, progress=progress)
    return complete(
        lock,
        Lookups(
            records=world.records,
            files=world.files,
            hashes=world.hashes,
            tree=world.tree,
            commit=world.commit,
            targets=world.targets,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """The lookups, each of which is made once."""

    lock: Lock
    settings: Settings
    session: Session
    directory: Path
    progress: Callable[[str], None]
    _files: dict[str, tuple[tuple[DistributionFile, ...], ...]] = field(default_factory=dict)
    _hashes: dict[str, Hashes] = field(default_factory=dict)

    # ---- conda

    def records(self, platform: str, packages: Sequence[LockedPackage]) -> Mapping[str, CondaRecord]:
        from resolver.conda import CondaProblem, conda_records

        self.progress(f"reading the channels for {platform}")
        subdirs = {package.subdir or "noarch" for package in packages} - {"noarch"}
        found: dict[str, CondaRecord] = {}
        for subdir in sorted(subdirs) or [platform]:
            problem = CondaProblem(platform=Platform.of(subdir), channels=self._channels(), specs=())
            names = {package.name for package in packages}
            for records in conda_records(self.session.channels, problem, names).values():
                found |= {record.url: record for record in records}
        return found

    def _channels(self) -> tuple[str, ...]:
        """All that packages of the lock come from: the gateway of a run is told all channels at once."""
        urls = {
            without_credentials(package.url)
            for locked in self.lock.platforms
            for package in locked.packages
            if package.kind == "conda" and lacking(package)
        }
        return tuple(sorted({url.rpartition("/")[0].rpartition("/")[0] for url in urls}))

    # ---- PyPI

    def files(self, name: str) -> tuple[tuple[DistributionFile, ...], ...]:
        if name not in self._files:
            self.progress(f"looking for the files of {name}")
            pages = (index.page(name) for index in self._indexes(name))
            self._files[name] = tuple(tuple(page.files) for page in pages if page is not None)
        return self._files[name]

    def _indexes(self, name: str) -> list[Index]:
        session, settings, evidence = self.session, self.settings, self.lock.evidence
        own = dict(settings.index_for).get(name)
        if own is not None:
            return [session.index(own)]
        main = settings.index_url or (evidence.index_url if evidence else None) or session.default_index_url()
        links = [session.find_links(url) for url in settings.find_links]
        return [*links, *(session.index(url) for url in dict.fromkeys((*settings.extra_index_urls, main)))]

    def hashes(self, url: str) -> Hashes:
        if url not in self._hashes:
            self.progress(f"downloading {without_credentials(url)}")
            self._hashes[url] = self.session.transport.fingerprint(url)
        return self._hashes[url]

    # ---- sources

    def tree(self, url: str) -> str:
        return self.session.source_trees(self.directory).tree_of(url)

    def commit(self, url: str) -> str:
        self.progress(f"asking for the commit of {without_credentials(url)}")
        return self.session.source_trees(self.directory).commit_of(url)

    # ---- what wheels are chosen for

    def targets(self, locked: PlatformLock) -> Iterator[Target]:
        platform = self._platform(locked.platform)
        for python in self._pythons(locked):
            yield target_with(platform, python, f"the lock for {locked.platform}")

    def _platform(self, subdir: str) -> Platform:
        evidence = self.lock.evidence
        known = dict(evidence.virtual_packages).get(subdir) if evidence else None
        if known:
            return Platform(subdir=subdir, virtual_packages=known)
        return Platform.of(subdir, dict(dict(self.settings.virtual_packages).get(subdir, ())))

    def _pythons(self, locked: PlatformLock) -> list[PythonTarget]:
        """The one that is known, else all, the newest first."""
        for package in locked.packages:
            if package.kind == "conda" and package.name == "python":
                return [PythonTarget.from_conda(package.version, package.build or "")]
        evidence = dict(self.lock.evidence.pythons) if self.lock.evidence else {}
        noted = dict(self.lock.metadata).get("python")
        known = evidence.get(locked.platform) or self.settings.python or (json.loads(noted) if noted else None)
        versions = (known,) if known else tuple(reversed(KNOWN_PYTHONS))
        return [PythonTarget(version=version) for version in versions]
