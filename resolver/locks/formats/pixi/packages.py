"""Rows of a pixi.lock ↔ packages, but for what a package needs (``pixi_needs``).

What the place of a conda package tells (name, version, build, subdir) is left out of its row, and only that: the rules
are those of the crate rattler_lock, so that a lock which it rewrites stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.distributions import Place
from resolver.locks.formats.pixi.needs import conda_needs
from resolver.locks.formats.pixi.rows import DIRECT, Row, git_place, is_archive, location_of, path_of, url_of
from resolver.model import MAIN, LockedPackage
from resolver.values import dataclass

__all__ = ["package_of", "row_of", "told_subdir"]

_SUBDIR = re.compile(
    r"noarch|linux-(?:32|64|aarch64|armv6l|armv7l|loong64|ppc64le|ppc64|ppc|s390x|riscv32|riscv64)"
    r"|osx-(?:64|arm64)|win-(?:32|64|arm64)|freebsd-64|emscripten-wasm32|wasi-wasm32|zos-z"
)
_CONDA_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}\Z")
_CONDA_VERSION = re.compile(
    r"(?:[0-9]+!)?[0-9A-Za-z]+(?:[._]+[0-9A-Za-z]+)*_?(?:\+[0-9A-Za-z]+(?:[._][0-9A-Za-z]+)*)?\Z"
)
_BUILD = re.compile(r"[A-Za-z0-9_.+]{0,255}\Z")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")
_LONGEST_LOCATION = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a location tells about a conda package."""

    file_name: str
    name: str | None = None
    version: str | None = None
    build: str | None = None
    subdir: str | None = None


# ------------------------------------------------------------------------------------------------- reading


def package_of(row: Row, place: Place, groups: tuple[str, ...] = (MAIN,)) -> LockedPackage:
    """The package that a row describes; one of PyPI has no dependencies yet. Raises ``LockFormatError``."""
    path = path_of(row.location)
    if len(row.location) > _LONGEST_LOCATION or (_UNSAFE.search(row.location) if path is None else "\0" in path):
        raise place.error(f"not the place of a package: {row.location[:200]!r}")
    try:
        return _conda(row, place, groups) if row.world == "conda" else _pypi(row, place, groups)
    except LockFormatError as error:
        raise error if error.origin else place.error(error.message, hint=error.hint) from error
    except (ResolverError, ValueError) as error:
        raise place.error(str(error)) from error


def _conda(row: Row, place: Place, groups: tuple[str, ...]) -> LockedPackage:
    told = _told(row.location, decoded=True)
    if told is None:
        raise place.error(
            f"{row.name or row.location} is built from source by pixi, and a lock here holds conda packages as files",
            hint="publish it to a channel, or take it out of the environment",
        )
    name, version = row.name or told.name or "", row.version or told.version or ""
    build = row.build if row.build is not None else told.build
    subdir = row.subdir or told.subdir
    for what, text, shape in (("name", name, _CONDA_NAME), ("version", version, _CONDA_VERSION)):
        if not shape.match(text):
            raise place.below(what).error(f"not the {what} of a conda package: {text[:200]!r}")
    if not _BUILD.match(build or "") or not subdir or not _SUBDIR.fullmatch(subdir):
        raise place.error(f"the row does not tell the build and subdir of {name[:200]}")
    path = path_of(row.location)
    return LockedPackage(
        kind="conda",
        name=name.lower(),
        version=version,
        build=build,
        subdir=subdir,
        file_name=_checked(told.file_name, place),
        url=row.location if path is None else url_of(path, folder=False),
        sha256=row.sha256,
        md5=row.md5,
        size=row.size,
        dependencies=conda_needs(row.needs),
        groups=groups,
    )


def _pypi(row: Row, place: Place, groups: tuple[str, ...]) -> LockedPackage:
    if row.name is None:
        raise place.error("a Python package without a name")
    name = place.name(row.name)
    path = path_of(row.location)
    if path is not None and not is_archive(path):
        version = place.version(row.version) if row.version else ""
        url = url_of(path, folder=True)
        return LockedPackage(kind="directory", name=name, version=version, url=url, groups=groups)
    version = place.version(row.version or "")
    if row.location.startswith("git+"):
        git = git_place(row.location)
        return LockedPackage(
            kind="vcs",
            name=name,
            version=version,
            url=git.url,
            commit=git.commit,
            subdirectory=git.subdirectory,
            groups=groups,
        )
    direct = row.location.startswith(DIRECT) or (path is not None and row.sha256 is None)
    location = row.location.removeprefix(DIRECT)
    return LockedPackage(
        kind="archive" if direct else "pypi",
        name=name,
        version=version,
        file_name=_checked(posixpath.basename(path) if path else unquote(_last_part(location)), place),
        url=place.url(location) if path is None else url_of(path, folder=False),
        sha256=row.sha256,
        md5=row.md5,
        groups=groups,
    )


def _last_part(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def _checked(name: str, place: Place) -> str:
    """A text that can be the name of a file in any folder."""
    if not name.strip(".") or not name.isprintable() or "/" in name or "\\" in name or len(name) > 255:
        raise place.error(f"not the name of a file: {name[:200]!r}")
    return name


def _told(location: str, *, decoded: bool) -> _Told | None:
    """What a location tells (``decoded``: as a reader may take it, else as rattler does), ``None`` if no package."""
    path = path_of(location)
    parts = (urlsplit(location).path if path is None else path.replace("\\", "/")).split("/")
    file_name = unquote(parts[-1]) if decoded and path is None else parts[-1]
    stem = file_name.removesuffix(".conda").removesuffix(".tar.bz2")
    words = stem.rsplit("-", 2)
    if stem == file_name or len(words) < 3:
        return None
    is_subdir = path is None and location.startswith(("http:", "https:")) and len(parts) > 1
    subdir = parts[-2] if is_subdir and _SUBDIR.fullmatch(parts[-2]) else None
    if not _CONDA_VERSION.match(words[1]):
        return _Told(file_name=file_name, subdir=subdir)
    return _Told(file_name=file_name, name=words[0], version=words[1], build=words[2], subdir=subdir)


def told_subdir(location: str) -> str | None:
    """The subdir in the URL of a conda package."""
    told = _told(location, decoded=True)
    return told.subdir if told else None


# ------------------------------------------------------------------------------------------------- writing


def row_of(package: LockedPackage, needs: tuple[str, ...], *, version: int) -> Row:
    """The row of a package in a file of this version (7 has none for the version of a folder)."""
    location = location_of(package)
    if package.kind != "conda":
        is_folder = package.kind == "directory"
        return Row(
            world="pypi",
            location=location,
            name=package.name,
            version=None if is_folder and version >= 7 else package.version,
            sha256=package.sha256,
            md5=package.md5,
            needs=needs,
        )
    told = _told(location, decoded=False) or _Told(file_name="")
    build = package.build or ""
    return Row(
        world="conda",
        location=location,
        name=package.name if package.name != told.name else None,
        version=package.version if package.version != told.version else None,
        build=build if build != (told.build or "") else None,
        subdir=package.subdir if package.subdir != told.subdir else None,
        sha256=package.sha256,
        md5=package.md5,
        needs=needs,
        size=package.size,
    )
