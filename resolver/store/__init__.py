"""One verified, content-addressed store of artifacts, for whoever needs the files themselves."""

from __future__ import annotations

from resolver.store.artifacts import ArtifactStore, Downloader

__all__ = ["ArtifactStore", "Downloader"]
