"""What the tests of the formats that are only read share: reading a fixture, and pins as a tool tells them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from resolver.locks.files import read_lock
from resolver.locks.formats import LockFormat
from resolver.locks.formats.protocol import Asked
from resolver.model import Lock, LockedPackage
from resolver.platforms import Platform

__all__ = ["DATA", "PLATFORMS", "facts", "parsed", "pins", "read", "the_package"]

DATA = Path(__file__).parent / "data"
PLATFORMS = ("linux-64", "osx-arm64", "win-64")

Facts = dict[str, dict[str, list[str]]]


def read(path: str, *platforms: str) -> Lock:
    """A fixture, read for these platforms (none: for those that it is read for by itself)."""
    return read_lock(DATA / path, platforms=[Platform.of(platform) for platform in platforms])


def parsed(lock_format: LockFormat, text: str, *platforms: str) -> Lock:
    asked = Asked(platforms=tuple(Platform.of(platform) for platform in platforms or ("linux-64",)))
    return lock_format.parse(text, "the.lock", asked)


def facts(tool: str) -> Facts:
    """What a tool itself exports: platform → groups → pins."""
    found: Facts = json.loads((DATA / tool / "demo.pins.json").read_text())
    return found


def pins(lock: Lock, platform: str, groups: Iterable[str]) -> list[str]:
    """Name and version; of what has a place of its own, the commit or the word "place"."""
    return sorted(_pin(package) for package in lock.on(platform).in_groups(groups))


def _pin(package: LockedPackage) -> str:
    if package.kind == "pypi":
        return f"{package.name}=={package.version}"
    return f"{package.name} @ {package.commit or 'place'}"


def the_package(lock: Lock, name: str, platform: str = "linux-64") -> LockedPackage:
    (found,) = (package for package in lock.on(platform).packages if package.name == name)
    return found
