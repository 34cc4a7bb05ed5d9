"""What a foreign lock lacks for an identity, and the lock with it: nothing is solved anew, and nothing else changes.

A lock may name a file by its md5, list several files to choose from, or not say where a file is. What is looked up must
be what the lock says of it: a hash that it has is never replaced by another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from resolver.conda.records import CondaRecord
from resolver.errors import IntegrityError, ResolverError
from resolver.indexes.protocol import DistributionFile
from resolver.locks.file_choice import chosen_file
from resolver.locks.formats.targets import Target
from resolver.model import Lock, LockedPackage, PlatformLock
from resolver.values import dataclass, field, replace

__all__ = ["Lookups", "complete", "lacking"]


class Hashes(Protocol):
    """Of a file as it lies at its URL."""

    @property
    def sha256(self) -> str: ...

    @property
    def md5(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Where what is missing is found; each may raise ``ResolverError``.

    ``records`` gives for a platform the channels' records of conda packages by their URL, ``files`` those of a project
    at each index in order, ``hashes`` those of the file at a URL, ``tree`` the digest of the folder at a URL,
    ``commit`` what a ``git+`` URL means now. ``targets`` are the platform with each Python that wheels may be chosen
    for, the preferred one first.
    """

    records: Callable[[str, Sequence[LockedPackage]], Mapping[str, CondaRecord]]
    files: Callable[[str], Sequence[Sequence[DistributionFile]]]
    hashes: Callable[[str], Hashes]
    tree: Callable[[str], str]
    commit: Callable[[str], str]
    targets: Callable[[PlatformLock], Iterable[Target]]


def lacking(package: LockedPackage) -> str | None:
    """What a package lacks, in words, or ``None``."""
    if package.kind == "directory":
        return None if package.tree else "the digest of its folder"
    if package.kind == "vcs":
        return None if package.commit else "its commit"
    if package.candidates:
        return f"the one file out of {len(package.candidates)}"
    if package.sha256 is None:
        return "its sha256"
    return None if package.url else "its URL"


def complete(lock: Lock, lookups: Lookups) -> Lock:
    """The lock with all that was missing. Raises ``IntegrityError`` naming every package that cannot be completed, and
    why."""
    failures = _Failures()
    platforms = tuple(_completed(locked, lookups, failures) for locked in lock.platforms)
    failures.raise_if_any()
    return replace(lock, platforms=platforms)


@dataclass(slots=True)
class _Failures:
    """Packages with their platforms, by what keeps them from being completed."""

    reasons: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)

    def add(self, package: LockedPackage, platform: str, error: ResolverError) -> None:
        name = f"{package.name} {package.version}".rstrip()
        self.reasons.setdefault(error.message, {}).setdefault(name, {})[platform] = None

    def add_all(self, others: _Failures) -> None:
        for reason, packages in others.reasons.items():
            for name, platforms in packages.items():
                self.reasons.setdefault(reason, {}).setdefault(name, {}).update(platforms)

    def raise_if_any(self) -> None:
        if not self.reasons:
            return
        names = {name for packages in self.reasons.values() for name in packages}
        told = (f"{_named(packages)}: {reason}" for reason, packages in self.reasons.items())
        what = "a package" if len(names) == 1 else f"{len(names)} packages"
        raise IntegrityError(
            f"{what} cannot be completed: {'; '.join(told)}", hint="`samebox lock` locks anew from the manifest"
        )


def _named(packages: Mapping[str, Iterable[str]]) -> str:
    return ", ".join(f"{name} ({', '.join(platforms)})" for name, platforms in packages.items())


def _completed(locked: PlatformLock, lookups: Lookups, failures: _Failures) -> PlatformLock:
    lacks = []
    for package in locked.packages:
        if package.other_hashes and package.sha256 is None:
            algorithms = ", ".join(sorted({text.partition(":")[0] for text in package.other_hashes}))
            failures.add(package, locked.platform, IntegrityError(f"it is known by {algorithms} only, not by sha256"))
        elif lacking(package) is not None:
            lacks.append(package)
    found: dict[int, LockedPackage] = {}
    conda = [package for package in lacks if package.kind == "conda"]
    if conda:
        found |= _conda_packages(conda, locked.platform, lookups, failures)
    projects = [package for package in lacks if package.kind == "pypi"]
    if projects:
        found |= _projects(projects, locked, lookups, failures)
    for package in lacks:
        if package.kind not in ("conda", "pypi"):
            try:
                found[id(package)] = _direct(package, lookups)
            except ResolverError as error:
                failures.add(package, locked.platform, error)
    return replace(locked, packages=tuple(found.get(id(package), package) for package in locked.packages))


def _conda_packages(
    packages: Sequence[LockedPackage], platform: str, lookups: Lookups, failures: _Failures
) -> dict[int, LockedPackage]:
    found: dict[int, LockedPackage] = {}
    try:
        records = lookups.records(platform, packages)
    except ResolverError as error:
        for package in packages:
            failures.add(package, platform, error)
        return found
    for package in packages:
        try:
            found[id(package)] = _conda_package(package, records.get(package.url), lookups)
        except ResolverError as error:
            failures.add(package, platform, error)
    return found


def _conda_package(package: LockedPackage, record: CondaRecord | None, lookups: Lookups) -> LockedPackage:
    """With the sha256 of its record. Where the record has none, or no md5 to compare, the file itself is asked."""
    if record is not None and record.sha256 is not None and (package.md5 is None or record.md5 is not None):
        _compare_md5(package, record.md5, "the channel's record of it has")
        return replace(package, sha256=record.sha256)
    return _hashed(package, lookups)


def _hashed(package: LockedPackage, lookups: Lookups) -> LockedPackage:
    hashes = lookups.hashes(package.url)
    _compare_md5(package, hashes.md5, f"the file at {package.url} has")
    return replace(package, sha256=hashes.sha256)


def _compare_md5(package: LockedPackage, found: str | None, where: str) -> None:
    if package.md5 is not None and found != package.md5:
        raise IntegrityError(f"the lock has the md5 {package.md5}, and {where} {found}")


def _projects(
    packages: Sequence[LockedPackage], locked: PlatformLock, lookups: Lookups, failures: _Failures
) -> dict[int, LockedPackage]:
    """For the first target that there are files of all packages for."""
    first: tuple[dict[int, LockedPackage], _Failures] | None = None
    for target in lookups.targets(locked):
        found, missing = _for_target(packages, target, lookups)
        if not missing.reasons:
            return found
        first = first or (found, missing)
    if first is None:
        return {}
    failures.add_all(first[1])
    return first[0]


def _for_target(
    packages: Sequence[LockedPackage], target: Target, lookups: Lookups
) -> tuple[dict[int, LockedPackage], _Failures]:
    found: dict[int, LockedPackage] = {}
    missing = _Failures()
    for package in packages:
        try:
            found[id(package)] = _project(package, target, lookups)
        except ResolverError as error:
            missing.add(package, target.platform, error)
    return found, missing


def _project(package: LockedPackage, target: Target, lookups: Lookups) -> LockedPackage:
    if package.url and not package.candidates:
        return _hashed(package, lookups)
    file, sha256 = chosen_file(package, target, files=lookups.files, sha256_at=lambda url: lookups.hashes(url).sha256)
    if package.md5 is not None and package.sha256 is None:
        _compare_md5(package, lookups.hashes(file.url).md5, f"the file at {file.url} has")
    return replace(
        package,
        url=file.url,
        file_name=file.filename,
        sha256=sha256,
        size=file.size if package.size is None else package.size,
        candidates=(),
    )


def _direct(package: LockedPackage, lookups: Lookups) -> LockedPackage:
    if package.kind == "directory":
        return replace(package, tree=lookups.tree(package.url))
    if package.kind == "vcs":
        bare, at, _ = package.url.rpartition("@")
        is_revision = bool(at) and "/" in bare.partition("://")[2]
        return replace(package, commit=lookups.commit(package.url), url=bare if is_revision else package.url)
    if not package.url:
        raise IntegrityError("the lock does not say where it is")
    if not package.candidates:
        return _hashed(package, lookups)
    sha256 = lookups.hashes(package.url).sha256
    if sha256 not in {candidate.sha256 for candidate in package.candidates}:
        raise IntegrityError(f"the file at {package.url} has the sha256 {sha256}, and the lock has others")
    return replace(package, sha256=sha256, candidates=())
