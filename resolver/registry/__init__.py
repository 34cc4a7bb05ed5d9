"""Images in a registry (OCI distribution specification 1.1, and docker's API before it).

``reference`` reads names, ``client`` is the face: resolve, pull, push, referrers. Below it, ``manifests``, ``blobs``,
``uploads`` and ``referrers`` know the API, ``http`` asks, follows and tries again, ``authentication`` shows who we are
by ``docker_config``, and ``wire`` opens connections. ``documents`` are the values, ``parsing`` and ``rendering`` the
way from and to bytes.

A name is imported when it is first asked for; ssl and urllib3 with the first request.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.registry.client import Image, Registry, choose
    from resolver.registry.documents import Descriptor, Document, ImageConfig, Index, Manifest
    from resolver.registry.image_platform import ImagePlatform
    from resolver.registry.parsing import parse_config, parse_document
    from resolver.registry.reference import Reference
    from resolver.registry.referrers import artifact_of
    from resolver.registry.rendering import descriptor_of, render_index, render_manifest
    from resolver.registry.uploads import Pushed

__all__ = [
    "Descriptor",
    "Document",
    "Image",
    "ImageConfig",
    "ImagePlatform",
    "Index",
    "Manifest",
    "Pushed",
    "Reference",
    "Registry",
    "artifact_of",
    "choose",
    "descriptor_of",
    "parse_config",
    "parse_document",
    "render_index",
    "render_manifest",
]

_HOMES = {
    "Descriptor": "documents",
    "Document": "documents",
    "Image": "client",
    "ImageConfig": "documents",
    "ImagePlatform": "image_platform",
    "Index": "documents",
    "Manifest": "documents",
    "Pushed": "uploads",
    "Reference": "reference",
    "Registry": "client",
    "artifact_of": "referrers",
    "choose": "client",
    "descriptor_of": "rendering",
    "parse_config": "parsing",
    "parse_document": "parsing",
    "render_index": "rendering",
    "render_manifest": "rendering",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
