"""Source trees by their URL: what they are (a commit, or the digest of a folder) and what they need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from resolver.files import read_text
from resolver.indexes import CoreMetadata, NeedsBuild
from resolver.source_trees.builds import Builds, copy_tree
from resolver.source_trees.git import Git
from resolver.source_trees.git_url import parse_git_url
from resolver.source_trees.places import folder_at
from resolver.source_trees.static import static_metadata
from resolver.source_trees.tree import tree_digest
from resolver.values import dataclass

__all__ = ["SourceTree", "SourceTrees"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTree:
    """``url`` says exactly which: of a repository with its commit. Either ``commit`` or ``tree`` is there."""

    url: str
    metadata: CoreMetadata
    commit: str | None = None
    tree: str | None = None


class SourceTrees:
    """``base`` is the folder that the URLs of folders are relative to."""

    def __init__(self, *, git: Git, builds: Builds, base: Path, environ: Mapping[str, str]) -> None:
        self._git = git
        self._builds = builds
        self._base = base
        self._environ = environ

    def repository(self, url: str, *, may_build: bool) -> SourceTree:
        """The commit that a ``git+`` URL means now. Raises ``NeedsBuild`` where only a build could tell what it needs
        and none is permitted, ``InvalidMetadata``, and what ``Git`` raises."""
        reference = parse_git_url(url)
        commit = self._git.commit_of(reference)
        exact = reference.at(commit)
        content = self._git.read(reference, commit, "pyproject.toml")
        try:
            metadata = static_metadata(content.decode("utf-8", "replace") if content is not None else None, exact)
        except NeedsBuild:
            if not may_build:
                raise
            metadata = self._builds.metadata(
                (exact, commit), exact, lambda folder: self._git.check_out(reference, commit, folder)
            )
        return SourceTree(url=exact, metadata=metadata, commit=commit)

    def commit_of(self, url: str) -> str:
        """The commit that a ``git+`` URL means now. Raises ``IndexUnavailable``."""
        return self._git.commit_of(parse_git_url(url))

    def tree_of(self, url: str) -> str:
        """The digest that the folder of a portable URL has now. Raises ``ManifestError`` where there is none."""
        return tree_digest(folder_at(url, self._base), self._environ)

    def folder(self, url: str, *, may_build: bool) -> SourceTree:
        """The folder that a portable URL means. Raises as ``repository`` does, and ``ManifestError`` where there is
        none."""
        folder = folder_at(url, self._base)
        tree = tree_digest(folder, self._environ)
        pyproject = folder / "pyproject.toml"
        try:
            metadata = static_metadata(read_text(pyproject) if pyproject.is_file() else None, url)
        except NeedsBuild:
            if not may_build:
                raise
            metadata = self._builds.metadata((url, tree), url, lambda place: copy_tree(folder, place))
        return SourceTree(url=url, metadata=metadata, tree=tree)
