"""From a lock to an image in an engine: built where none has the same key (``image``), here or in the registry to
which it is pushed (``registry_images``)."""

from __future__ import annotations

from resolver.building.image import build
from resolver.building.registry_images import ImageRegistry, RegistryImages

__all__ = ["ImageRegistry", "RegistryImages", "build"]
