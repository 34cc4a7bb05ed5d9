"""Where PyPI packages come from: the ``Index`` protocol, and the indexes that follow it.

A name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.indexes.cache import MetadataCache
    from resolver.indexes.core_metadata import parse_built_metadata
    from resolver.indexes.default import default_index_url
    from resolver.indexes.find_links import FindLinks
    from resolver.indexes.memory import MemoryIndex
    from resolver.indexes.metadata_reader import read_metadata
    from resolver.indexes.protocol import (
        CoreMetadata,
        DistributionFile,
        Index,
        InvalidMetadata,
        NeedsBuild,
        NotingIndex,
        ProjectPage,
        ProjectState,
        keeps_notes,
    )
    from resolver.indexes.releases import Page, Release, releases_in, releases_of, version_of_sdist
    from resolver.indexes.simple import SimpleIndex

__all__ = [
    "CoreMetadata",
    "DistributionFile",
    "FindLinks",
    "Index",
    "InvalidMetadata",
    "MemoryIndex",
    "MetadataCache",
    "NeedsBuild",
    "NotingIndex",
    "Page",
    "ProjectPage",
    "ProjectState",
    "Release",
    "SimpleIndex",
    "default_index_url",
    "keeps_notes",
    "parse_built_metadata",
    "read_metadata",
    "releases_in",
    "releases_of",
    "version_of_sdist",
]

_HOMES = {
    "CoreMetadata": "protocol",
    "DistributionFile": "protocol",
    "FindLinks": "find_links",
    "Index": "protocol",
    "InvalidMetadata": "protocol",
    "MemoryIndex": "memory",
    "MetadataCache": "cache",
    "NeedsBuild": "protocol",
    "NotingIndex": "protocol",
    "Page": "releases",
    "ProjectPage": "protocol",
    "ProjectState": "protocol",
    "Release": "releases",
    "SimpleIndex": "simple",
    "default_index_url": "default",
    "keeps_notes": "protocol",
    "parse_built_metadata": "core_metadata",
    "read_metadata": "metadata_reader",
    "releases_in": "releases",
    "releases_of": "releases",
    "version_of_sdist": "releases",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
