"""The JSON form of the simple API (PEP 691, with the fields of PEP 700 and 714): bytes → ``ProjectPage``."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from resolver.errors import IndexUnavailable
from resolver.indexes.protocol import DistributionFile, ProjectPage
from resolver.plain import normalize

__all__ = ["check_api_version", "checked_filename", "parse_json_page", "sha256_of"]

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f]")


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str


class _File(msgspec.Struct, rename="kebab", gc=False):
    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | None = None
    size: int | None = None
    upload_time: str | None = None
    yanked: bool | str | None = False
    core_metadata: bool | dict[str, str] | None = None
    dist_info_metadata: bool | dict[str, str] | None = None


class _Page(msgspec.Struct, rename="kebab"):
    meta: _Meta
    name: str
    files: list[_File]


_DECODER = msgspec.json.Decoder(_Page)


def parse_json_page(
    content: bytes, *, name: str, index: str, source: str, resolve: Callable[[str], str]
) -> ProjectPage:
    """Decode the page of the project ``name`` (normalised), which came from the URL ``source``.

    ``resolve`` turns a link of the page into a canonical URL. Raises ``IndexUnavailable`` where the content
    is not what PEP 691 describes, has another major version, or is of another project.
    """
    try:
        page = _DECODER.decode(content)
    except msgspec.MsgspecError as error:
        begin = content[:40].decode("utf-8", "replace")
        raise IndexUnavailable(
            f"{source}: said to be simple API JSON, and is not: {error} (it begins {begin!r})",
            hint="a proxy or a login page may have answered in the place of the index",
        ) from error
    check_api_version(page.meta.api_version, source)
    if normalize(page.name) != name:
        raise IndexUnavailable(f"{source}: is the page of {page.name!r}, not of {name!r}")
    files = tuple(_file(file, source, resolve) for file in page.files)
    return ProjectPage(name=name, index=index, files=files)


def check_api_version(version: str, source: str) -> None:
    """Raise ``IndexUnavailable`` for a major version other than 1 (PEP 629)."""
    if version.partition(".")[0] != "1":
        raise IndexUnavailable(
            f"{source}: simple API version {version}; only 1.x is understood",
            hint="a newer release of samebox may read it",
        )


def _file(file: _File, source: str, resolve: Callable[[str], str]) -> DistributionFile:
    promised = file.core_metadata if file.core_metadata is not None else file.dist_info_metadata
    return DistributionFile(
        filename=checked_filename(file.filename, source),
        url=resolve(file.url),
        sha256=sha256_of(file.hashes, file.filename, source),
        size=file.size,
        requires_python=file.requires_python,
        yanked=None if file.yanked is False else "" if file.yanked is True else file.yanked,
        upload_time=file.upload_time,
        metadata_sha256=_metadata_sha256(promised, file.filename, source),
    )


def _metadata_sha256(promised: bool | dict[str, str] | None, filename: str, source: str) -> str | None:
    if promised is True:
        return ""
    if not promised:  # absent, false, or an empty table, which promises nothing
        return None
    return sha256_of(promised, filename, source) or ""


def checked_filename(filename: str, source: str) -> str:
    """``filename`` if it is one: it becomes part of paths. Raises ``IndexUnavailable``."""
    if not filename or filename.startswith(".") or _UNFIT.search(filename):
        raise IndexUnavailable(f"{source}: lists a file whose name is no file name: {filename!r}")
    return filename


def sha256_of(hashes: dict[str, str], filename: str, source: str) -> str | None:
    """The sha256 among ``hashes`` in lower case; weaker ones do not count. Raises ``IndexUnavailable``."""
    value = hashes.get("sha256")
    if value is None or _HEX64.match(value):
        return value
    lowered = value.lower()
    if not _HEX64.match(lowered):
        raise IndexUnavailable(f"{source}: {filename} has a sha256 that is none: {value!r}")
    return lowered
