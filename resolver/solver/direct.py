"""What a manifest names by a place instead of leaving the choice to an index (PEP 508, PEP 440): wheels and sdists by
URL or path, repositories at a revision, folders."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urlsplit

from resolver.errors import IndexUnavailable, IntegrityError, ManifestError, NotRepresentable
from resolver.indexes import CoreMetadata, DistributionFile, NeedsBuild, read_metadata
from resolver.model import Kind, PypiRequirement
from resolver.transport import Transport
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.solver.policy import FilePolicy
    from resolver.source_trees import Builds, SourceTrees

__all__ = ["DirectFile", "DirectPlaces", "read_direct_files"]

_SDISTS = (".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectFile:
    """One project at one place. An ``archive`` is a wheel or sdist at a URL (without fragment) with the sha256 of its
    bytes; of a repository (``vcs``) the URL names the commit, and a ``directory`` has the digest of its tree."""

    url: str
    filename: str = ""
    sha256: str | None = None
    size: int | None = None
    metadata: CoreMetadata
    kind: Kind = "archive"
    commit: str | None = None
    tree: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectPlaces:
    """Where places are read from, and whose metadata may be built."""

    transport: Transport
    trees: SourceTrees
    builds: Builds
    policy: FilePolicy


def read_direct_files(requirements: Iterable[PypiRequirement], places: DirectPlaces) -> dict[str, DirectFile]:
    """What all requirements that have a URL name, by that URL as it is written there.

    Raises ``NotRepresentable`` for what is none of the known kinds, ``IntegrityError`` where the bytes are not those
    that the requirement names, ``ManifestError`` where they are of another project or would have to be built.
    """
    found: dict[str, DirectFile] = {}
    for requirement in requirements:
        if requirement.url is not None and requirement.url not in found:
            found[requirement.url] = _read(requirement, requirement.url, places)
    return found


def _read(requirement: PypiRequirement, written: str, places: DirectPlaces) -> DirectFile:
    try:
        file = _at(requirement, written, places)
    except NeedsBuild as error:
        raise ManifestError(
            f"what {requirement.name} needs is only known by building it: {error.message}",
            origin=requirement.origin,
            hint=f"permit that with --allow-builds={requirement.name}, or build a wheel of it and name that",
        ) from error
    except ManifestError as error:
        raise ManifestError(error.message, origin=requirement.origin, hint=error.hint) from error
    if file.metadata.name != requirement.name:
        what = "a wheel" if file.filename.endswith(".whl") else "the source"
        raise ManifestError(
            f"{requirement.name} is asked for from {file.url}, {what} of {file.metadata.name}",
            origin=requirement.origin,
        )
    return file


def _at(requirement: PypiRequirement, written: str, places: DirectPlaces) -> DirectFile:
    from resolver.source_trees import is_folder_url

    may_build = places.policy.may_be_built(requirement.name)
    if written.startswith("git+"):
        tree = places.trees.repository(written, may_build=may_build)
        return DirectFile(kind="vcs", url=tree.url, metadata=tree.metadata, commit=tree.commit)
    if is_folder_url(written):
        tree = places.trees.folder(written, may_build=may_build)
        return DirectFile(kind="directory", url=tree.url, metadata=tree.metadata, tree=tree.tree)
    return _archive(requirement, written, places, may_build)


def _archive(requirement: PypiRequirement, written: str, places: DirectPlaces, may_build: bool) -> DirectFile:
    url, fragment = urldefrag(written)
    filename = posixpath.basename(unquote(urlsplit(url).path))
    if not filename.endswith((".whl", *_SDISTS)):
        raise NotRepresentable(
            f"{requirement.origin}: {requirement.name} is asked for from {url}, which is neither a wheel nor an sdist",
            hint="name a .whl, .tar.gz or .zip file, a folder, or a repository by git+https://…",
        )
    promised = _promised(requirement, fragment)
    sha256, size = (promised, None) if promised is not None else _hash_of_all(url, places.transport)
    file = DistributionFile(filename=filename, url=url, sha256=sha256, size=size)
    try:
        metadata = read_metadata(file, places.transport)
    except NeedsBuild:
        if not may_build:
            raise
        metadata = places.builds.metadata_of_sdist(file)
    return DirectFile(url=url, filename=filename, sha256=sha256, size=size, metadata=metadata)


def _promised(requirement: PypiRequirement, fragment: str) -> str | None:
    """The sha256 that the manifest gives. It is checked when the file is fetched to be installed."""
    hashes = [h for h in (*requirement.hashes, fragment.replace("=", ":", 1)) if h.startswith("sha256:")]
    if len(set(hashes)) > 1:
        raise IntegrityError(f"{requirement.origin}: {requirement.name} is asked for with two sha256s")
    return hashes[0].removeprefix("sha256:").lower() if hashes else None


def _hash_of_all(url: str, transport: Transport) -> tuple[str, int]:
    """Without a promise the whole file must be read to know what is locked."""
    response = transport.get(url)
    if response.status != 200:
        raise IndexUnavailable(f"{url}: not found", hint="check the URL or the path")
    return hashlib.sha256(response.body).hexdigest(), len(response.body)
