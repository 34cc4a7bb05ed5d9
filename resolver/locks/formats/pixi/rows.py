"""One row of a pixi.lock, whatever its version, and the texts in it that say where a package is."""

from __future__ import annotations

import posixpath
import re
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

from resolver.errors import LockFormatError
from resolver.model import LockedPackage
from resolver.source_trees.git_url import FULL_COMMIT, GitReference, parse_git_url
from resolver.values import dataclass

__all__ = ["DIRECT", "GitPlace", "Row", "git_place", "is_archive", "key_of", "location_of", "path_of", "url_of"]

DIRECT = "direct+"
"""The prefix of a URL that was asked for itself, and not found on an index."""

_ARCHIVES = (".whl", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".tbz", ".tar", ".zip")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``location`` is a URL or a path as the file has it; ``needs`` are MatchSpecs, or PEP 508 requirements."""

    world: Literal["conda", "pypi"]
    location: str
    name: str | None = None
    version: str | None = None
    build: str | None = None
    subdir: str | None = None
    sha256: str | None = None
    md5: str | None = None
    needs: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPlace:
    """A commit of a repository, and the folder in it."""

    url: str
    commit: str
    subdirectory: str | None


def is_archive(location: str) -> bool:
    return location.endswith(_ARCHIVES)


def path_of(location: str) -> str | None:
    """The path that a location is, ``None`` where it is a URL."""
    if location.startswith("file:"):
        path = unquote(location.removeprefix("file://").removeprefix("file:"))
        return path[1:] if _DRIVE.match(path[1:]) else path
    return location if _DRIVE.match(location) or not _SCHEME.match(location) else None


def key_of(location: str) -> str:
    """What two spellings of one location have in common."""
    path = path_of(location)
    return location if path is None else posixpath.normpath(path)


def url_of(path: str, *, folder: bool) -> str:
    """The ``file:`` URL of a path, relative (``file:./x``) if it is; that of a folder ends in ``/``."""
    plain = path.replace("\\", "/") if _DRIVE.match(path) else path
    if _DRIVE.match(plain):
        plain = f"/{plain}"
    normal = posixpath.normpath(plain)
    if normal.startswith("/"):
        text = f"file:///{quote(normal.lstrip('/'))}"
    elif normal == ".":
        text = "file:."
    else:
        text = f"file:{'' if normal.split('/')[0] == '..' else './'}{quote(normal)}"
    return f"{text.rstrip('/')}/" if folder else text


def location_of(package: LockedPackage) -> str:
    """Where a package is, as pixi writes it: a URL, ``direct+URL``, ``git+URL?…#commit``, or a path."""
    if package.kind == "vcs":
        return _git_location(package)
    path = path_of(package.url)
    if package.kind == "archive" and (path is None or package.sha256 is not None):
        return f"{DIRECT}{package.url}"
    if path is None:
        return package.url
    plain = posixpath.normpath(path)
    if plain == ".":
        return "./"
    return plain if plain.split("/")[0] in ("", "..") or _DRIVE.match(plain) else f"./{plain}"


def _git_location(package: LockedPackage) -> str:
    """The commit stands there twice: as what was asked for (``rev``), and as what was found."""
    commit = package.commit or ""
    inside = {"subdirectory": package.subdirectory} if package.subdirectory else {}
    return f"{package.url}?{urlencode({**inside, 'rev': commit})}#{commit}"


def git_place(location: str) -> GitPlace:
    """``git+URL?subdirectory=…&rev=…#commit``, or ``git+URL@commit`` as older versions have it."""
    parts = urlsplit(location)
    asked = parse_qs(parts.query)
    if asked.get("lfs", ["false"])[-1] == "true":
        raise LockFormatError("a repository with files in Git LFS, which are not part of its commit")
    if not FULL_COMMIT.match(parts.fragment):
        reference = parse_git_url(location)
        if not reference.is_commit:
            raise LockFormatError("a repository without the full commit", hint="lock it again")
        return GitPlace(
            url=reference.url, commit=(reference.revision or "").lower(), subdirectory=reference.subdirectory
        )
    folder = posixpath.normpath(asked.get("subdirectory", ["."])[-1])
    if folder.startswith(("/", "..")):
        raise LockFormatError(f"not a folder inside the repository: {folder!r}")
    bare = urlunsplit(parts._replace(query="", fragment="")).removeprefix("git+")
    return GitPlace(
        url=GitReference(location=bare).url,
        commit=parts.fragment.lower(),
        subdirectory=None if folder == "." else folder,
    )
