"""The digest of a folder's files: what a locked folder is, whatever machine it lies on.

It is the sha256 over RFC 8785 JSON of ``[[path, mode, sha256], …]``, sorted by path as bytes: the files that git
tracks, or all but those below ``.git`` and ``__pycache__`` where there is no git. ``mode`` is ``644`` or ``755``; a
symbolic link is ``120000`` (git's own mode for it) with the sha256 of where it leads, as it is written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from resolver.canonicalizer import canonical_json
from resolver.errors import ManifestError, ResolverError
from resolver.source_trees.git import tracked_files

__all__ = ["all_paths", "digest_of_entries", "source_paths", "tree_digest"]

_NOT_SOURCE = frozenset({".git", "__pycache__"})


def tree_digest(folder: Path, environ: Mapping[str, str]) -> str:
    """The digest in hex; ``environ`` is what git runs in. Raises ``ManifestError`` where there is no such folder and
    ``ResolverError`` for a file that cannot be read."""
    if not folder.is_dir():
        raise ManifestError(f"there is no folder {folder}")
    paths = source_paths(folder, environ)
    try:
        entries = [entry for path in paths if (entry := _entry(folder / path, path)) is not None]
    except OSError as error:
        raise ResolverError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return digest_of_entries(entries)


def source_paths(folder: Path, environ: Mapping[str, str]) -> list[str]:
    """The paths of the files that count, relative to ``folder`` and sorted."""
    tracked = tracked_files(folder, environ)
    return sorted(tracked, key=os.fsencode) if tracked is not None else all_paths(folder)


def digest_of_entries(entries: list[list[str]]) -> str:
    """The digest of ``[path, mode, sha256]`` of each file, in order."""
    return hashlib.sha256(canonical_json(entries)).hexdigest()


def all_paths(folder: Path) -> list[str]:
    """All but what lies below ``.git`` and ``__pycache__``, relative to ``folder`` and sorted."""
    return sorted(_walk(folder), key=os.fsencode)


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        below = Path(place).relative_to(folder)
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders[:] = [name for name in folders if name not in _NOT_SOURCE and name not in links]
        yield from ((below / name).as_posix() for name in (*files, *links) if name not in _NOT_SOURCE)


def _entry(file: Path, path: str) -> list[str] | None:
    """``None`` for what git tracks and is no longer there, or is a folder (an empty submodule)."""
    if file.is_symlink():
        return [_text(path), "120000", hashlib.sha256(os.fsencode(file.readlink())).hexdigest()]
    if not file.is_file():
        return None
    mode = "755" if file.stat().st_mode & 0o111 else "644"
    with file.open("rb") as stream:
        return [_text(path), mode, hashlib.file_digest(stream, "sha256").hexdigest()]


def _text(path: str) -> str:
    """JSON holds Unicode only: a path that is not UTF-8 is spelled with escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
