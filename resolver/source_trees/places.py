"""URLs of local folders that mean the same on every machine: relative to the lock's folder (``file:./package/``)."""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import quote, unquote

__all__ = ["folder_at", "is_folder_url", "portable_url"]

_ARCHIVES = (".whl", ".tar.gz", ".zip")


def is_folder_url(url: str) -> bool:
    """Whether a ``file:`` URL is that of a project's folder, and not of a wheel or an sdist."""
    return url.startswith("file:") and not url.partition("#")[0].lower().endswith(_ARCHIVES)


def portable_url(url: str, base: Path) -> str:
    """An absolute ``file://`` URL of a folder, relative to the folder ``base``. It ends in ``/``."""
    path, _, fragment = url.removeprefix("file://").partition("#")
    folder = posixpath.join(unquote(path), unquote(fragment.removeprefix("subdirectory=")))
    relative = posixpath.relpath(folder, base.absolute().as_posix())
    if relative == ".":
        return "file:./"
    leads_out = relative.split("/")[0] == ".."
    return f"file:{'' if leads_out else './'}{quote(relative)}/"


def folder_at(url: str, base: Path) -> Path:
    """The folder that a portable URL means beside ``base``."""
    return Path(posixpath.normpath(posixpath.join(base.absolute().as_posix(), unquote(url.removeprefix("file:")))))
