"""The files of a page by version, and a page that decodes only the versions that are looked at.

A project may have ten thousand files, of which a solve looks at a dozen. So the cache keeps them sorted by version, the
files of each as bytes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from packaging.version import InvalidVersion, Version

from resolver.indexes.protocol import CoreMetadata, DistributionFile, ProjectPage
from resolver.plain import normalize

__all__ = [
    "KeptPage",
    "Page",
    "Release",
    "keep",
    "keep_metadata",
    "kept_metadata",
    "kept_page",
    "releases_in",
    "releases_of",
    "version_of_sdist",
]

_FILES = msgspec.msgpack.Decoder(tuple[DistributionFile, ...])
_ENCODER = msgspec.msgpack.Encoder()


class Release:
    """One version of a project with its files. ``text`` is a valid PEP 440 version."""

    __slots__ = ("_sdists", "_wheels", "is_prerelease", "text")

    def __init__(
        self,
        text: str,
        is_prerelease: bool,
        wheels: bytes | tuple[DistributionFile, ...],
        sdists: bytes | tuple[DistributionFile, ...],
    ) -> None:
        self.text = text
        self.is_prerelease = is_prerelease
        self._wheels = wheels
        self._sdists = sdists

    @property
    def wheels(self) -> tuple[DistributionFile, ...]:
        if isinstance(self._wheels, bytes):
            self._wheels = _FILES.decode(self._wheels)
        return self._wheels

    @property
    def sdists(self) -> tuple[DistributionFile, ...]:
        if isinstance(self._sdists, bytes):
            self._sdists = _FILES.decode(self._sdists)
        return self._sdists

    @property
    def has_wheels(self) -> bool:
        return self._wheels not in (b"\x90", ())

    @property
    def has_sdists(self) -> bool:
        return self._sdists not in (b"\x90", ())


class KeptPage:
    """A ``ProjectPage`` out of a cache: ``files`` come in the order of their versions."""

    def __init__(self, name: str, index: str, releases: tuple[Release, ...], others: bytes) -> None:
        self.name = name
        self.index = index
        self.releases = releases
        self._others = others

    @property
    def files(self) -> tuple[DistributionFile, ...]:
        files = [file for release in self.releases for file in (*release.wheels, *release.sdists)]
        return (*files, *_FILES.decode(self._others))


Page = ProjectPage | KeptPage


def releases_in(page: Page) -> tuple[Release, ...]:
    """The releases of a page, in ascending order of their versions."""
    return page.releases if isinstance(page, KeptPage) else releases_of(page.files, page.name)


_Row = tuple[str, bool, bytes, bytes]


class _Kept(msgspec.Struct, array_like=True, gc=False):
    name: str
    index: str
    releases: list[_Row]
    others: bytes


_PAGES = msgspec.msgpack.Decoder(_Kept)
_METADATA = msgspec.msgpack.Decoder(CoreMetadata)


def keep(name: str, index: str, files: Iterable[DistributionFile]) -> bytes:
    """What a cache keeps of a page."""
    files = tuple(files)
    releases = releases_of(files, name)
    known = {id(file) for release in releases for file in (*release.wheels, *release.sdists)}
    others = [file for file in files if id(file) not in known]
    rows = [(r.text, r.is_prerelease, _ENCODER.encode(r.wheels), _ENCODER.encode(r.sdists)) for r in releases]
    return _ENCODER.encode(_Kept(name=name, index=index, releases=rows, others=_ENCODER.encode(others)))


def kept_page(content: bytes) -> KeptPage:
    """The page out of what ``keep`` gave. Raises ``msgspec.MsgspecError`` for other bytes."""
    kept = _PAGES.decode(content)
    return KeptPage(kept.name, kept.index, tuple(Release(*row) for row in kept.releases), kept.others)


def keep_metadata(metadata: CoreMetadata) -> bytes:
    """What a cache keeps of metadata."""
    return _ENCODER.encode(metadata)


def kept_metadata(content: bytes) -> CoreMetadata:
    """The metadata out of what ``keep_metadata`` gave. Raises ``msgspec.MsgspecError`` for other bytes."""
    return _METADATA.decode(content)


_Files = tuple[list[DistributionFile], list[DistributionFile]]
"""Wheels and sdists."""


def releases_of(files: Sequence[DistributionFile], project: str) -> tuple[Release, ...]:
    """The files of a project (by its normalised name) by version, ascending. Names of another form are in none.
    Two spellings of one version (1.0, 1.0.0) are the same version."""
    found: dict[Version, _Files] = {}
    texts: dict[Version, str] = {}
    for text, (wheels, sdists) in _by_text(files, project).items():
        try:
            version = Version(text)
        except InvalidVersion:
            continue
        texts.setdefault(version, text)
        known = found.setdefault(version, (wheels, sdists))
        if known[0] is not wheels:
            known[0].extend(wheels)
            known[1].extend(sdists)
    # comparing versions is slow, and most order is in their releases: sorted by these first, little is left to do
    ordered = sorted(sorted(found, key=_release))
    return tuple(Release(texts[v], v.is_prerelease, tuple(found[v][0]), tuple(found[v][1])) for v in ordered)


def _release(version: Version) -> tuple[int, tuple[int, ...]]:
    return version.epoch, version.release


def _by_text(files: Sequence[DistributionFile], project: str) -> dict[str, _Files]:
    """By the version as it is written, of which there are far fewer than files."""
    found: dict[str, _Files] = {}
    for file in files:
        name = file.filename
        if name.endswith(".whl"):
            parts = name.split("-", 2)
            if len(parts) != 3:
                continue
            text, kind = _unescaped(parts[1]), 0
        elif name.endswith((".tar.gz", ".zip")):
            text, kind = version_of_sdist(name, project), 1
        else:
            continue
        known = found.get(text)
        if known is None:
            known = found[text] = ([], [])
        known[kind].append(file)
    return found


def version_of_sdist(filename: str, project: str) -> str:
    """Both the name and the version of an old sdist may hold dashes: what comes after the project's name is the
    version; ``""`` where the file is named after another project."""
    stem = filename.removesuffix(".zip").removesuffix(".tar.gz")
    name, _, version = stem.rpartition("-")
    if name.lower().replace("_", "-").replace(".", "-") == project:
        return version  # as nearly all are
    for end in (place for place, character in enumerate(stem) if character == "-"):
        if normalize(stem[:end]) == project:
            return stem[end + 1 :]
    return ""


def _unescaped(version: str) -> str:
    """A dash in a version (``1.0-1``) is an underscore in the name of a wheel."""
    return version.replace("_", "-") if "_" in version and "+" not in version else version
