"""Where PyPI packages come from: the ``Index`` protocol, and the indexes that follow it."""

from __future__ import annotations

from resolver.indexes.cache import MetadataCache
from resolver.indexes.core_metadata import parse_built_metadata
from resolver.indexes.default import default_index_url
from resolver.indexes.find_links import FindLinks
from resolver.indexes.memory import MemoryIndex
from resolver.indexes.metadata_reader import read_metadata
from resolver.indexes.protocol import CoreMetadata, DistributionFile, Index, InvalidMetadata, NeedsBuild, ProjectPage
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
    "Page",
    "ProjectPage",
    "Release",
    "SimpleIndex",
    "default_index_url",
    "parse_built_metadata",
    "read_metadata",
    "releases_in",
    "releases_of",
    "version_of_sdist",
]
