"""The lock that an image is made of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.locks.files import read_lock

if TYPE_CHECKING:
    from resolver.model import Lock
    from resolver.settings import Settings

__all__ = ["lock_of_image"]


def lock_of_image(path: Path, settings: Settings) -> Lock:
    """The lock in that file. With ``docker.user-managed`` nothing of one is installed, so that there need be none: the
    image is then for the linux platforms of the settings."""
    if not settings.docker.user_managed or path.exists():
        return read_lock(path)
    from resolver.model import Lock, PlatformLock

    print("no lock is needed: docker.user-managed installs nothing", file=sys.stderr)
    linux = [platform for platform in settings.platforms if platform.startswith("linux-")]
    return Lock(platforms=tuple(PlatformLock(platform=platform, packages=()) for platform in linux))
