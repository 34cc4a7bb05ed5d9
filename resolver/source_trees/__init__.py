"""Projects that are source and no wheel: repositories at a commit, folders, and what it takes to know what they need.

Nothing of them is run but by ``Builds``. The modules are imported when a name is first asked for: reading a lock needs
only the form of its URLs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.source_trees.application import read_application
    from resolver.source_trees.builds import Builds
    from resolver.source_trees.git import Git
    from resolver.source_trees.git_url import GitReference, parse_git_url
    from resolver.source_trees.places import folder_at, is_folder_url, portable_url
    from resolver.source_trees.reader import SourceTree, SourceTrees
    from resolver.source_trees.static import static_metadata
    from resolver.source_trees.tree import tree_digest

__all__ = [
    "Builds",
    "Git",
    "GitReference",
    "SourceTree",
    "SourceTrees",
    "folder_at",
    "is_folder_url",
    "parse_git_url",
    "portable_url",
    "read_application",
    "static_metadata",
    "tree_digest",
]

_MODULES = {
    "Builds": "builds",
    "Git": "git",
    "GitReference": "git_url",
    "SourceTree": "reader",
    "SourceTrees": "reader",
    "folder_at": "places",
    "is_folder_url": "places",
    "parse_git_url": "git_url",
    "portable_url": "places",
    "read_application": "application",
    "static_metadata": "static",
    "tree_digest": "tree",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
