"""From a lock to an image in an engine: built where none has the same key (``image`` and ``order`` say what is wanted,
``running`` finds or builds it), here or in the registry to which it is pushed (``registry_images``), on base images
whose digests are recorded (``bases``, ``image_record``). The lock is attached to what is pushed, and is got back from
there (``lock_referrers``, ``image_locks``).

A name is imported when it is first asked for: who looks for a base image needs no engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.building.bases import open_registry, pin_bases, pin_images
    from resolver.building.image import build
    from resolver.building.image_locks import lock_file_of_image, lock_of_image
    from resolver.building.lock_file import LockFile
    from resolver.building.lock_referrers import attach_lock, lock_blobs
    from resolver.building.registry_images import ImageRegistry, RegistryImages

__all__ = [
    "ImageRegistry",
    "LockFile",
    "RegistryImages",
    "attach_lock",
    "build",
    "lock_blobs",
    "lock_file_of_image",
    "lock_of_image",
    "open_registry",
    "pin_bases",
    "pin_images",
]

_HOMES = {
    "ImageRegistry": "registry_images",
    "LockFile": "lock_file",
    "RegistryImages": "registry_images",
    "attach_lock": "lock_referrers",
    "build": "image",
    "lock_blobs": "lock_referrers",
    "lock_file_of_image": "image_locks",
    "lock_of_image": "image_locks",
    "open_registry": "bases",
    "pin_bases": "bases",
    "pin_images": "bases",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
