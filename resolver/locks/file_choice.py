"""The one file of a project that a lock means: by its hashes, its file name or its version, and by the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from packaging.version import InvalidVersion, Version

from resolver.errors import IntegrityError
from resolver.indexes import DistributionFile, releases_of
from resolver.locks.formats.distributions import rank_of
from resolver.locks.formats.targets import Target
from resolver.model import LockedPackage

__all__ = ["chosen_file"]


def chosen_file(
    package: LockedPackage,
    target: Target,
    *,
    files: Callable[[str], Sequence[Sequence[DistributionFile]]],
    sha256_at: Callable[[str], str],
) -> tuple[DistributionFile, str]:
    """The best file for the target, and its sha256: wheels by their tags, then sdists.

    ``files`` gives those of a project at each index, of which the first that has it counts; a hash is looked for in
    all. A file that an index has no hash of is hashed where it is (``sha256_at``). Raises ``IntegrityError`` where
    there is no such file.
    """
    wanted = _hashes(package)
    own = _in_the_lock(package)
    if own is not None:
        return _best(own, wanted, target, sha256_at, "of the files that the lock names")
    indexes = files(package.name)
    if not indexes:
        raise IntegrityError("no index has a project of that name")
    if not wanted:
        of_version = list(_of_version(indexes[0], package))
        return _best(of_version, wanted, target, sha256_at, f"of the version {package.version} at the index")
    for there in indexes:
        possible = [file for file in _of_version(there, package) if file.sha256 is None or file.sha256 in wanted]
        if possible:
            return _best(possible, wanted, target, sha256_at, "with a hash that the lock has")
    raise IntegrityError(f"no file of the version {package.version} at the indexes has a hash that the lock has")


def _hashes(package: LockedPackage) -> frozenset[str]:
    return frozenset({package.sha256} if package.sha256 else {candidate.sha256 for candidate in package.candidates})


def _in_the_lock(package: LockedPackage) -> list[DistributionFile] | None:
    """The candidates as files, where the lock says where all of them are."""
    if not package.candidates or not all(candidate.url for candidate in package.candidates):
        return None
    return [
        DistributionFile(
            filename=unquote(urlsplit(candidate.url).path.rsplit("/", 1)[-1]),
            url=candidate.url,
            sha256=candidate.sha256,
            size=candidate.size,
        )
        for candidate in package.candidates
    ]


def _of_version(files: Sequence[DistributionFile], package: LockedPackage) -> Iterator[DistributionFile]:
    """Those of the locked version; of a file name, where the lock has one."""
    try:
        version = Version(package.version)
    except InvalidVersion as error:
        raise IntegrityError(f"{package.version!r} is no version (PEP 440)") from error
    for release in releases_of(files, package.name):
        if Version(release.text) == version:
            for file in (*release.wheels, *release.sdists):
                if package.file_name is None or file.filename == package.file_name:
                    yield file


def _best(
    files: Sequence[DistributionFile],
    wanted: frozenset[str],
    target: Target,
    sha256_at: Callable[[str], str],
    which: str,
) -> tuple[DistributionFile, str]:
    ranked = [(rank, file) for file in files if (rank := rank_of(file.filename, target)) is not None]
    for _, file in sorted(ranked, key=lambda pair: (pair[0], pair[1].filename, pair[1].url)):
        sha256 = file.sha256 or sha256_at(file.url)
        if not wanted or sha256 in wanted:
            return file, sha256
    if ranked:
        raise IntegrityError(f"no file {which} has one of its hashes")
    raise IntegrityError(f"no file {which} is for {target.platform} with Python {target.python.minor}")
