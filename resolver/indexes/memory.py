"""An index made of plain data, for scenarios and tests: no files, no network, the same bytes each time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import msgspec
from packaging.utils import canonicalize_name

from resolver.errors import IndexUnavailable
from resolver.indexes.protocol import CoreMetadata, DistributionFile, InvalidMetadata, NeedsBuild, ProjectPage

__all__ = ["MemoryIndex"]

_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


class _Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a project, as a scenario writes it."""

    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] | None = None
    files: tuple[str | dict[str, object], ...] | None = None
    yanked: bool | str = False
    upload_time: str | None = None
    invalid: str | None = None
    static: bool = False


class MemoryIndex:
    """``{"flask": {"3.0": {"requires_dist": ["werkzeug>=3"], "requires_python": ">=3.8", …}}}``.

    A release may have ``requires_dist``, ``requires_python``, ``provides_extra`` (default: those that its
    markers name), ``yanked`` (true or a reason), ``upload_time``, ``invalid`` (its metadata raises
    ``InvalidMetadata`` with this text), ``static`` (its sdists tell their metadata without a build) and
    ``files``: names of files, or tables with ``filename`` and any field of ``DistributionFile``; default is one
    ``py3-none-any`` wheel. Each file's sha256 is made of its name where none is given.

    ``broken`` are projects whose page raises ``IndexUnavailable``. ``pages_asked``, ``metadata_asked`` list
    names of projects and of files in the order in which they were asked for, ``prefetched`` those that were
    hinted at.
    """

    def __init__(
        self,
        projects: Mapping[str, Mapping[str, Mapping[str, object]]],
        *,
        url: str = "https://index.example.org/simple/",
        broken: Iterable[str] = (),
    ) -> None:
        self.url = url
        self.pages_asked: list[str] = []
        self.metadata_asked: list[str] = []
        self.prefetched: list[str] = []
        self._broken = frozenset(canonicalize_name(name) for name in broken)
        self._pages: dict[str, ProjectPage] = {}
        self._metadata: dict[str, CoreMetadata | InvalidMetadata] = {}
        for name, releases in projects.items():
            self._add(canonicalize_name(name), releases)

    def page(self, name: str) -> ProjectPage | None:
        name = canonicalize_name(name)
        self.pages_asked.append(name)
        if name in self._broken:
            raise IndexUnavailable(f"{self.url}{name}/: answered 503")
        return self._pages.get(name)

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        self.metadata_asked.append(file.filename)
        found = self._metadata[file.filename]
        if isinstance(found, InvalidMetadata):
            raise found
        return found

    def prefetch(self, names: Iterable[str]) -> None:
        self.prefetched.extend(canonicalize_name(name) for name in names)

    def prefetch_metadata(self, files: Iterable[DistributionFile]) -> None:
        self.prefetched.extend(file.filename for file in files)

    def close(self) -> None:
        """Nothing runs in the background."""

    def _add(self, name: str, releases: Mapping[str, Mapping[str, object]]) -> None:
        files: list[DistributionFile] = []
        for version, plain in releases.items():
            release = msgspec.convert(plain, _Release)
            for file in self._files(name, version, release):
                files.append(file)
                self._metadata[file.filename] = _metadata(name, version, release, file)
        self._pages[name] = ProjectPage(name=name, index=self.url, files=tuple(files))

    def _files(self, name: str, version: str, release: _Release) -> Iterable[DistributionFile]:
        default = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        for given in (default,) if release.files is None else release.files:
            table: dict[str, object] = {"filename": given} if isinstance(given, str) else dict(given)
            filename = str(table["filename"])
            made = {
                "url": f"{self.url.removesuffix('simple/')}files/{filename}",
                "sha256": hashlib.sha256(filename.encode()).hexdigest(),
                "requires_python": release.requires_python,
                "yanked": release.yanked if isinstance(release.yanked, str) else "" if release.yanked else None,
                "upload_time": release.upload_time,
            }
            yield _distribution_file({**made, **table})


def _distribution_file(table: Mapping[str, object]) -> DistributionFile:
    names = DistributionFile._fields
    unknown = sorted(table.keys() - set(names))
    if unknown:
        raise TypeError(f"not a field of a distribution file: {unknown[0]}")
    # A named tuple is encoded as an array, and so it is converted from one.
    return msgspec.convert(
        [table.get(field, DistributionFile._field_defaults.get(field)) for field in names], DistributionFile
    )


def _metadata(name: str, version: str, release: _Release, file: DistributionFile) -> CoreMetadata | InvalidMetadata:
    if release.invalid is not None:
        return InvalidMetadata(f"{name}: {file.filename}: {release.invalid}")
    if not release.static and not file.filename.endswith(".whl"):
        return NeedsBuild(f"{file.filename} must be built to tell what it needs: its requires-dist is dynamic")
    named = dict.fromkeys(extra for line in release.requires_dist for extra in _EXTRA.findall(line))
    extras = tuple(named) if release.provides_extra is None else release.provides_extra
    return CoreMetadata(
        name=name,
        version=version,
        requires_python=release.requires_python,
        requires_dist=release.requires_dist,
        provides_extra=extras,
    )
