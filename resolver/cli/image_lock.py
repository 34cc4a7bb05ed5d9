"""The lock that an image is made of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.cli.lock_sources import lock_for_platforms

if TYPE_CHECKING:
    from resolver.model import Lock
    from resolver.settings import Settings

__all__ = ["lock_for_image"]


def lock_for_image(path: Path, settings: Settings, platforms: Sequence[str] | None) -> Lock:
    """The lock in that file; for ``platforms`` (default: the linux platforms of the settings) where it names none.

    With ``docker.user-managed`` nothing of a lock is installed, so that there need be none: the image is then for the
    linux platforms of the settings."""
    linux = [platform for platform in settings.platforms if platform.startswith("linux-")]
    if not settings.docker.user_managed or path.exists():
        return lock_for_platforms(path, platforms or linux)
    from resolver.model import Lock, PlatformLock

    print("no lock is needed: docker.user-managed installs nothing", file=sys.stderr)
    return Lock(platforms=tuple(PlatformLock(platform=platform, packages=()) for platform in linux))
