"""Where PyPI packages come from: the ``Index`` protocol, and the indexes that follow it."""

from __future__ import annotations

from resolver.indexes.cache import MetadataCache
from resolver.indexes.default import default_index_url
from resolver.indexes.memory import MemoryIndex
from resolver.indexes.protocol import CoreMetadata, DistributionFile, Index, InvalidMetadata, ProjectPage
from resolver.indexes.simple import SimpleIndex

__all__ = [
    "CoreMetadata",
    "DistributionFile",
    "Index",
    "InvalidMetadata",
    "MemoryIndex",
    "MetadataCache",
    "ProjectPage",
    "SimpleIndex",
    "default_index_url",
]
