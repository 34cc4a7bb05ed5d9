"""What a ``pdm.lock`` holds, as far as it is read, and its packages as entries."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from resolver.locks.formats.distributions import Entry, File, Place, file_at, git_url, local_url

__all__ = ["Document", "MadeFor", "Metadata", "Package", "entry_of"]

_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_PROJECT = "file:///${PROJECT_ROOT}/"


class ListedFile(msgspec.Struct):
    hash: str
    file: str | None = None
    url: str | None = None


class Package(msgspec.Struct):
    name: str
    version: str = ""
    extras: list[str] = []
    groups: list[str] = []
    marker: str | None = None
    dependencies: list[str] = []
    files: list[ListedFile] = []
    editable: bool = False
    subdirectory: str | None = None
    git: str | None = None
    hg: str | None = None
    svn: str | None = None
    bzr: str | None = None
    revision: str | None = None
    path: str | None = None
    url: str | None = None


class MadeFor(msgspec.Struct):
    """A target: ``platform`` is ``manylinux_2_17_x86_64``, ``macos_14_0_arm64``, ``windows_amd64``, …"""

    requires_python: str
    platform: str | None = None
    implementation: str | None = None
    gil_disabled: bool = False


class Metadata(msgspec.Struct):
    lock_version: str
    strategy: list[str] | None = None
    cross_platform: bool | None = None
    targets: list[MadeFor] = []

    @property
    def is_for_all_platforms(self) -> bool:
        """Without targets: so it is unless the strategy says otherwise."""
        if self.strategy is None:
            return self.cross_platform is not False
        return "cross_platform" in self.strategy

    @property
    def has_groups(self) -> bool:
        return "inherit_metadata" in (self.strategy or ())


class Document(msgspec.Struct):
    metadata: Metadata
    package: list[Package] = []


def entry_of(package: Package, place: Place) -> Entry:
    """The package as an entry. Raises ``LockFormatError``."""
    name = place.name(package.name)
    version = place.version(package.version) if package.version else ""
    if package.git is not None:
        return Entry(
            kind="vcs",
            name=name,
            version=version,
            place=place,
            url=git_url(place.below("git"), package.git),
            commit=place.below("revision").commit(package.revision),
            subdirectory=place.below("subdirectory").subdirectory(package.subdirectory),
        )
    if package.hg or package.svn or package.bzr:
        raise place.error("of the version control systems only git is read")
    files = tuple(_files(package, place))
    path = package.path
    if path is None and package.url is not None and package.url.startswith(_PROJECT):
        path = package.url.removeprefix(_PROJECT)
    if path is None and package.url is None:
        if not version:
            raise place.error(f"{name} is from an index, and has no version")
        return Entry(kind="pypi", name=name, version=version, place=place, files=files)
    where = package.url if path is None else path
    assert where is not None
    is_archive = where.partition("#")[0].lower().endswith(_ARCHIVES)
    if path is not None and not is_archive:
        url = local_url(place.below("path"), path, folder=True)
        return Entry(kind="directory", name=name, version=version, place=place, url=url)
    below = place.below("path" if path is not None else "url")
    url = local_url(below, path, folder=False) if path is not None else below.url(where.partition("#")[0])
    named = files or (file_at(below, name=url.rpartition("/")[2], digest=None),)
    return Entry(
        kind="archive",
        name=name,
        version=version,
        place=place,
        files=named,
        url=url,
        subdirectory=place.below("subdirectory").subdirectory(package.subdirectory),
    )


def _files(package: Package, place: Place) -> Iterator[File]:
    for number, listed in enumerate(package.files):
        here = Place(source=place.source, field=f"{place.field}.files[{number}]")
        if listed.file is None and listed.url is None:
            raise here.error("it has neither file nor url")
        yield file_at(here, name=listed.file, url=listed.url or "", digest=listed.hash)
