"""A lock as ``pylock.toml`` text, and what of a lock has no place there (see ``pylock``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from resolver.canonicalizer import digest
from resolver.locks.evidence import PREFIX, evidence_to_strings
from resolver.locks.formats.distributions import Place, local_url
from resolver.locks.formats.fitting import Sieve
from resolver.locks.formats.platform_markers import has_marker, platform_marker
from resolver.locks.formats.protocol import Fitted
from resolver.locks.formats.pylock.document import PLAIN_VERSION, is_valid
from resolver.locks.formats.pylock.rows import Row, rows_of
from resolver.locks.formats.pylock.targets import python_minors
from resolver.locks.formats.toml_writer import array, key_value, table
from resolver.locks.slices import file_name_of
from resolver.model import MAIN, Lock, LockedPackage

__all__ = ["fit", "write"]

_HEADER = """\
# This file is a lock (PEP 751): the exact packages of an environment, for each platform, with their hashes.
# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.
# pip and uv can install from it.
"""


# ---------------------------------------------------------------------------------------------- what fits


def fit(lock: Lock) -> Fitted:
    """What PEP 751 has a place for: projects of the Python world, of which every file is known."""
    sieve = Sieve(lock)
    sieve.keep_platforms(has_marker, "platforms that no marker tells from others")
    sieve.keep(lambda package: package.kind != "conda", "conda packages")
    sieve.keep(_is_identified, "packages without a sha256, a commit or a tree")
    sieve.keep(_has_place, "packages that the lock has no URL of, or none of the kind that PEP 751 takes")
    sieve.keep(lambda p: PLAIN_VERSION.match(p.version) is not None, "packages without a version that can be written")
    sieve.keep(lambda p: is_valid(_tables(p, [p])), "names, versions or file names that PEP 751 does not take")
    sieve.keep_one_of_a_name("projects that are locked more than once on a platform")
    return sieve.fitted()


def _is_identified(package: LockedPackage) -> bool:
    return (package.tree or package.commit or package.sha256) is not None


def _has_place(package: LockedPackage) -> bool:
    if package.kind == "vcs":
        return package.url.startswith("git+") and package.commit is not None
    if package.kind == "directory":
        return package.url.startswith("file:") and package.tree is not None
    return package.url != ""


# -------------------------------------------------------------------------------------------------- text


def write(lock: Lock) -> str:
    """The text of a ``pylock.toml``."""
    parts = [_HEADER, *_head(lock)]
    rows = rows_of(lock)
    if not rows:
        parts.append("packages = []\n")
    for row in rows:
        parts += ["\n[[packages]]\n", *_package(row)]
    return "".join((*parts, *_own_lock(lock)))


def _head(lock: Lock) -> Iterator[str]:
    subdirs = [p.platform for p in lock.platforms]
    minors = python_minors(lock.evidence, subdirs)
    one = set(minors.values()) if len(minors) == len(subdirs) else set()
    yield key_value("lock-version", "1.0")
    if subdirs:
        yield array("environments", [_environment(s, None if len(one) == 1 else minors.get(s)) for s in subdirs])
    if len(one) == 1:
        yield key_value("requires-python", f"=={one.pop()}.*")
    groups = [group for group in lock.groups if group != MAIN]
    if groups:
        yield array("dependency-groups", groups)
        yield array("default-groups", [MAIN])
    yield key_value("created-by", "samebox")


def _environment(subdir: str, minor: str | None) -> str:
    marker = platform_marker(subdir)
    return f"{marker} and python_version == '{minor}'" if minor else marker


def _package(row: Row) -> Iterator[str]:
    tables = _tables(row.packages[0], row.packages, row.marker)
    last = [key for key in tables if key in ("name", "version", "marker")][-1]
    for key, value in tables.items():
        if key == "wheels":
            yield array(key, value)
        else:
            yield key_value(key, value)
        if key == last and row.dependencies:
            yield array("dependencies", [{"name": name} for name in row.dependencies])
    yield from _own_package(row.packages[0])


def _tables(package: LockedPackage, same: list[LockedPackage], marker: str | None = None) -> dict[str, Any]:
    """The entry of one package and the files that it is on several platforms, as PEP 751 has it."""
    tables: dict[str, Any] = {"name": canonicalize_name(package.name)}
    if package.kind == "pypi":
        tables["version"] = package.version
    if marker is not None:
        tables["marker"] = marker
    match package.kind:
        case "vcs":
            vcs = {"type": "git", "url": package.url.removeprefix("git+"), "commit-id": package.commit}
            return {**tables, "vcs": {**vcs, **_subdirectory(package)}}
        case "directory":
            return {**tables, "directory": {"path": _path(package.url), **_subdirectory(package)}}
        case "archive":
            return {**tables, "archive": {**_file(package), **_subdirectory(package)}}
    files = {file_name_of(p): {"name": file_name_of(p), **_file(p)} for p in same}
    sdists = [file for name, file in files.items() if not name.endswith(".whl")]
    wheels = [files[name] for name in sorted(files) if name.endswith(".whl")]
    return {**tables, **({"sdist": sdists[0]} if sdists else {}), **({"wheels": wheels} if wheels else {})}


def _subdirectory(package: LockedPackage) -> dict[str, str]:
    return {"subdirectory": package.subdirectory} if package.subdirectory is not None else {}


def _file(package: LockedPackage) -> dict[str, Any]:
    hashes = {"md5": package.md5, "sha256": package.sha256}
    size = {"size": package.size} if package.size is not None else {}
    return {"url": package.url, **size, "hashes": {name: value for name, value in hashes.items() if value is not None}}


def _path(url: str) -> str:
    path = unquote(urlsplit(url).path)
    return path.rstrip("/") or "/"


# ------------------------------------------------------------------------------------------ [tool.samebox]


def _own_package(package: LockedPackage) -> Iterator[str]:
    """What the other keys cannot say. It is there for each package: the reader knows by it that Samebox wrote it."""
    yield "\n[packages.tool.samebox]\n"
    if package.kind != "pypi":
        yield key_value("version", package.version)
    if package.name != canonicalize_name(package.name):
        yield key_value("name", package.name)
    if package.kind == "archive" and package.file_name is not None:
        yield key_value("file-name", package.file_name)
    if package.kind == "directory":
        yield key_value("tree", package.tree or "")
        if local_url(Place(source="", field=""), _path(package.url), folder=True) != package.url:
            yield key_value("url", package.url)
    if package.dependencies:
        yield array("dependencies", sorted(set(package.dependencies)))


def _own_lock(lock: Lock) -> Iterator[str]:
    yield "\n[tool.samebox]\n"
    yield key_value("digest", str(digest(lock)))
    if lock.name is not None:
        yield key_value("name", lock.name)
    for key, values in (
        ("platforms", [p.platform for p in lock.platforms]),
        ("channels", lock.channels),
        ("sources", lock.sources),
    ):
        yield array(key, values)
    yield from table("tool.samebox.content-hash", dict(lock.content_hash))
    evidence: Mapping[str, str] = evidence_to_strings(lock.evidence) if lock.evidence else {}
    yield from table("tool.samebox.evidence", {key.removeprefix(PREFIX): value for key, value in evidence.items()})
