"""What a ``poetry.lock`` holds, as far as it is read, and its packages as entries."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from resolver.locks.formats.distributions import Entry, File, Place, file_at, git_url, local_url
from resolver.locks.formats.poetry.constraints import constraint_sets

__all__ = ["Constraint", "Document", "Metadata", "Package", "constraints", "entry_of", "sets"]


class ListedFile(msgspec.Struct):
    file: str
    hash: str


class Source(msgspec.Struct):
    type: str = ""
    url: str = ""
    reference: str | None = None
    resolved_reference: str | None = None
    subdirectory: str | None = None


class Constraint(msgspec.Struct):
    """What a package asks of another. Where it names a place instead of a version, ``version`` is any."""

    version: str = "*"
    extras: list[str] = []
    markers: str | None = None
    optional: bool = False


class Package(msgspec.Struct, rename="kebab"):
    name: str
    version: str
    optional: bool = False
    python_versions: str = "*"
    category: str | None = None
    groups: list[str] = []
    markers: str | dict[str, str] | None = None
    files: list[ListedFile] | None = None
    dependencies: dict[str, str | Constraint | list[str | Constraint]] = {}
    extras: dict[str, list[str]] = {}
    source: Source | None = None


class Metadata(msgspec.Struct, rename="kebab"):
    lock_version: str
    python_versions: str = "*"
    content_hash: str = ""
    files: dict[str, list[ListedFile]] = {}


class Document(msgspec.Struct):
    metadata: Metadata
    package: list[Package] = []
    extras: dict[str, list[str]] = {}


def constraints(package: Package, place: Place) -> Iterator[tuple[str, Constraint]]:
    """What a package asks for: a name can stand there several times, with markers that exclude each other."""
    below = place.below("dependencies")
    for name, written in package.dependencies.items():
        normalised = below.name(name)
        for one in written if isinstance(written, list) else [written]:
            yield normalised, Constraint(version=one) if isinstance(one, str) else one


def sets(text: str, place: Place) -> tuple[SpecifierSet, ...]:
    """The sets of versions of a constraint, of which one must hold. Raises ``LockFormatError``."""
    try:
        return constraint_sets(text)
    except InvalidSpecifier as error:
        raise place.error(f"not a version constraint: {text[:200]!r}") from error


def entry_of(package: Package, document: Document, place: Place) -> Entry:
    """The package as an entry. Raises ``LockFormatError``."""
    name, version = place.name(package.name), place.version(package.version)
    source = package.source or Source()
    below = place.below("source")
    files = tuple(_files(package, document, place))
    if source.type in ("", "legacy"):
        return Entry(kind="pypi", name=name, version=version, place=place, files=files)
    if source.type == "git":
        return Entry(
            kind="vcs",
            name=name,
            version=version,
            place=place,
            url=git_url(below, source.url),
            commit=below.commit(source.resolved_reference),
            subdirectory=below.subdirectory(source.subdirectory),
        )
    if source.type == "directory":
        return Entry(
            kind="directory", name=name, version=version, place=place, url=local_url(below, source.url, folder=True)
        )
    if source.type in ("file", "url"):
        local = source.type == "file"
        url = local_url(below, source.url, folder=False) if local else below.url(source.url)
        named = files or (file_at(below, name=source.url.rpartition("/")[2], digest=None),)
        return Entry(
            kind="archive",
            name=name,
            version=version,
            place=place,
            files=named,
            url=url,
            subdirectory=below.subdirectory(source.subdirectory),
        )
    raise below.below("type").error(f"not a kind of source that is read: {source.type[:200]!r}")


def _files(package: Package, document: Document, place: Place) -> Iterator[File]:
    """The files of a package. Version 1.1 lists those of all versions of a name together."""
    if package.files is not None:
        for number, listed in enumerate(package.files):
            here = Place(source=place.source, field=f"{place.field}.files[{number}]")
            yield file_at(here, name=listed.file, digest=listed.hash)
        return
    here = Place(source=place.source, field=f"metadata.files.{package.name}")
    for listed in document.metadata.files.get(package.name, []):
        file = file_at(here, name=listed.file, digest=listed.hash)
        if _is_of(file, package):
            yield file


def _is_of(file: File, package: Package) -> bool:
    """Whether a file's name says that it is of this version."""
    if package.source is not None and package.source.type in ("file", "url"):
        return package.source.url.endswith(file.file_name)
    parts = file.file_name.removesuffix(".whl").split("-")
    if file.file_name.endswith(".whl"):
        written = parts[1] if len(parts) > 1 else ""
    else:
        stem = file.file_name
        for end in (".gz", ".bz2", ".xz", ".zip", ".tgz", ".tar"):
            stem = stem.removesuffix(end)
        written = stem.rpartition("-")[2]
    try:
        return Version(written) == Version(package.version)
    except InvalidVersion:
        return False
