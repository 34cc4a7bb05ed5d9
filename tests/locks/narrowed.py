"""What of a lock is left in a format that is silent on some of its aspects."""

from __future__ import annotations

from dataclasses import replace

from resolver.locks.formats import LockFormat
from resolver.model import Lock, LockedPackage

__all__ = ["as_told_by"]


def as_told_by(lock: Lock, lock_format: LockFormat) -> Lock:
    """The lock with every aspect left out that the format is silent on."""
    silent_on = lock_format.silent_on
    return replace(
        lock,
        name=None if "name" in silent_on else lock.name,
        channels=() if "channels" in silent_on else lock.channels,
        sources=() if "sources" in silent_on else lock.sources,
        content_hash=() if "content_hash" in silent_on else lock.content_hash,
        evidence=None if "evidence" in silent_on else lock.evidence,
        platforms=tuple(
            replace(platform, packages=tuple(_package(package, lock_format) for package in platform.packages))
            for platform in lock.platforms
        ),
    )


def _package(package: LockedPackage, lock_format: LockFormat) -> LockedPackage:
    if "dependencies" in lock_format.silent_on:
        package = replace(package, dependencies=())
    if "files" in lock_format.silent_on:
        package = replace(package, url="", file_name=None, size=None, md5=None, build=None, subdir=None)
    return package
