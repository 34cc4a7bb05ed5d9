"""What a lock is exported as: folders of files, and the context that an image is built of.

As in ``model``, all are frozen, and refuse in their constructor what cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping

from resolver.errors import ResolverError
from resolver.model import Digest
from resolver.values import dataclass

__all__ = ["ApplicationFiles", "BuildContext", "ContextFile", "FileTree", "TreeFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFile:
    """One file of a build context: its ``path`` (relative, ``/``-separated), and either its bytes or the path
    of a file on disk that has them (``source``); ``mode`` is 0o644 or 0o755."""

    path: str
    content: bytes | None = None
    source: str | None = None
    mode: int = 0o644

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if any(p in ("", ".", "..") for p in parts):
            raise ResolverError(f"not a path inside a context: {self.path!r}")
        if (self.content is None) == (self.source is None):
            raise ResolverError(f"{self.path}: either bytes or a source")
        if self.mode not in (0o644, 0o755):
            raise ResolverError(f"{self.path}: mode {self.mode:o} is neither 644 nor 755")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """One file below a folder: its ``path`` there, and the file on disk that has its bytes (``source``)."""

    path: str
    source: str
    sha256: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTree:
    """The files of a folder, and their digest in hex (``source_trees.tree``)."""

    files: tuple[TreeFile, ...]
    digest: str

    def __post_init__(self) -> None:
        Digest(domain="tree", hex=self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFiles:
    """What lies in the folders of an ``Application``."""

    source: FileTree | None = None
    model: FileTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """A Docker build context, sorted by path. ``labels`` and ``platforms`` are those of its Dockerfile."""

    files: tuple[ContextFile, ...]
    labels: tuple[tuple[str, str], ...] = ()
    platforms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        paths = [f.path for f in self.files]
        if len(set(paths)) != len(paths):
            raise ResolverError("a path occurs twice in the build context")
        object.__setattr__(self, "files", tuple(sorted(self.files, key=lambda f: f.path.encode())))

    def by_path(self) -> Mapping[str, ContextFile]:
        return {f.path: f for f in self.files}
