"""What an ``uv.lock`` holds, as far as it is read, and its packages as entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import msgspec

from resolver.locks.formats.distributions import Entry, File, Place, file_at, git_url, local_url
from resolver.values import replace

__all__ = ["Dependency", "Document", "Requirement", "entry_of"]


class Source(msgspec.Struct, frozen=True):
    registry: str | None = None
    git: str | None = None
    url: str | None = None
    path: str | None = None
    directory: str | None = None
    editable: str | None = None
    virtual: str | None = None
    subdirectory: str | None = None


class ListedFile(msgspec.Struct):
    url: str | None = None
    path: str | None = None
    filename: str | None = None
    hash: str | None = None
    size: int | None = None


class Dependency(msgspec.Struct):
    name: str
    version: str | None = None
    source: Source | None = None
    extra: list[str] = []
    marker: str | None = None


class Package(msgspec.Struct, rename="kebab"):
    name: str
    source: Source
    version: str | None = None
    resolution_markers: list[str] = []
    dependencies: list[Dependency] = []
    optional_dependencies: dict[str, list[Dependency]] = {}
    dev_dependencies: dict[str, list[Dependency]] = {}
    sdist: ListedFile | None = None
    wheels: list[ListedFile] = []


class Requirement(msgspec.Struct):
    name: str
    extras: list[str] = []
    marker: str | None = None
    specifier: str = ""


class Manifest(msgspec.Struct, rename="kebab"):
    members: list[str] = []
    requirements: list[Requirement] = []
    dependency_groups: dict[str, list[Requirement]] = {}


class Conflict(msgspec.Struct):
    package: str
    extra: str | None = None
    group: str | None = None


class Document(msgspec.Struct, rename="kebab"):
    version: int
    requires_python: str = ""
    supported_markers: list[str] = []
    conflicts: list[list[Conflict]] = []
    manifest: Manifest = msgspec.field(default_factory=Manifest)
    package: list[Package] = []
    distribution: Any = None


def entry_of(package: Package, place: Place) -> Entry:
    """The package as an entry. Raises ``LockFormatError``."""
    name = place.name(package.name)
    version = "" if package.version is None else place.version(package.version)
    source = package.source
    below = place.below("source")
    folder = source.directory if source.directory is not None else source.editable
    if source.git is not None:
        repository, query, commit = _git(source.git, below)
        return Entry(
            kind="vcs",
            name=name,
            version=version,
            place=place,
            url=git_url(below, repository),
            commit=below.commit(commit),
            subdirectory=below.subdirectory(query.get("subdirectory", [None])[0]),
        )
    if folder is not None:
        url = local_url(below, folder, folder=True)
        return Entry(kind="directory", name=name, version=version, place=place, url=url)
    files = tuple(_files(package, place))
    if source.registry is not None:
        if package.version is None:
            raise place.error(f"{name} is from an index, and has no version")
        return Entry(kind="pypi", name=name, version=version, place=place, files=files)
    if source.url is not None or source.path is not None:
        where = source.url if source.url is not None else local_url(below, source.path or "", folder=False)
        return Entry(
            kind="archive",
            name=name,
            version=version,
            place=place,
            files=files or (file_at(below, name=None, url=where, digest=None),),
            url=below.url(where) if source.url is not None else where,
            subdirectory=below.subdirectory(source.subdirectory),
        )
    raise below.error("it is none of registry, git, url, path, directory, editable, virtual")


def _git(text: str, place: Place) -> tuple[str, dict[str, list[str]], str]:
    """``URL?subdirectory=…&tag=…#commit``."""
    address, _, commit = text.partition("#")
    repository, _, query = address.partition("?")
    try:
        return repository, parse_qs(query, max_num_fields=16), commit
    except ValueError as error:
        raise place.error(f"not the URL of a repository: {text[:200]!r}") from error


def _files(package: Package, place: Place) -> Iterator[File]:
    """The files of a package. One at a place of its own has only a hash, and is called as its place is."""
    for number, wheel in enumerate(package.wheels):
        yield _file(wheel, package.source, Place(source=place.source, field=f"{place.field}.wheels[{number}]"))
    if package.sdist is not None:
        yield _file(package.sdist, package.source, place.below("sdist"))


def _file(file: ListedFile, source: Source, place: Place) -> File:
    at = file.path if file.path is not None else source.path
    where = file.url if file.url is not None else source.url
    if where is not None:
        return file_at(place, name=file.filename, url=where, digest=file.hash, size=file.size)
    if at is None:
        raise place.error("it has neither url nor path")
    name = file.filename or at.replace("\\", "/").rpartition("/")[2]
    return replace(file_at(place, name=name, digest=file.hash, size=file.size), url=local_url(place, at, folder=False))
