"""What the place of a file tells of it, which has no field of its own in a ``conda-lock.yml``."""

from __future__ import annotations

from resolver.model import Kind

__all__ = ["build_in", "kind_of"]

_ARCHIVES_OF_PROJECTS = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def kind_of(url: str, *, from_index: bool) -> Kind:
    """The kind of a row of pip, by its url. conda-lock's urls of folders do not end in ``/`` as ours do."""
    if url.startswith("git+"):
        return "vcs"
    if url.startswith("file:") and (url.endswith("/") or not (from_index or url.endswith(_ARCHIVES_OF_PROJECTS))):
        return "directory"
    return "pypi" if from_index else "archive"


def build_in(file_name: str) -> str | None:
    """``NAME-VERSION-BUILD.conda``: neither version nor build may hold a dash."""
    stem = file_name.removesuffix(".conda").removesuffix(".tar.bz2")
    parts = stem.rsplit("-", 2)
    return parts[2] if len(parts) == 3 and stem != file_name else None
