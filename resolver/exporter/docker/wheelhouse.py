"""What the build stage itself needs before it can install a slice: hash-locked wheels, one list a platform.

The table is made by ``fixtures/make_installer_requirements.py``. It holds file names and sha256, but no URLs: a thin
build leaves the index to pip, and for a vendored one the caller finds each file on its own index page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources

from resolver.errors import NotRepresentable
from resolver.values import dataclass

__all__ = ["InstallerWheel", "checker_wheel", "hashed_requirements", "installer_platforms", "installer_wheels"]

_TABLE = "installer_requirements.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerWheel:
    """One wheel: ``platform`` is a conda subdir or ``noarch``, ``size`` is in bytes."""

    platform: str
    name: str
    version: str
    file_name: str
    sha256: str
    size: int


def installer_platforms() -> frozenset[str]:
    """The conda subdirs on whose machines the installer runs."""
    return frozenset(wheel.platform for wheel in _table("wheels")) - {"noarch"}


def installer_wheels(platform: str) -> tuple[InstallerWheel, ...]:
    """The wheels that install a slice on ``platform``, sorted by name.

    Raises ``NotRepresentable`` for a platform that py-rattler has no wheel for.
    """
    table = _table("wheels")
    native = installer_platforms()
    if platform not in native:
        raise NotRepresentable(
            f"there is no installer for {platform}: py-rattler has no wheel for it",
            hint=f"use --installer micromamba, or leave the platform out; there are: {', '.join(sorted(native))}",
        )
    return tuple(wheel for wheel in table if wheel.platform in (platform, "noarch"))


def checker_wheel() -> InstallerWheel:
    """The wheel of ``packaging`` with which ``check_packages`` compares versions in a base that the user manages."""
    (wheel,) = _table("checker")
    return wheel


@cache
def _table(key: str) -> tuple[InstallerWheel, ...]:
    rows = json.loads((resources.files("resolver.exporter.docker") / _TABLE).read_bytes())[key]
    return tuple(sorted((InstallerWheel(**row) for row in rows), key=lambda w: (w.name, w.file_name)))


def hashed_requirements(pins: Iterable[tuple[str, str, str]]) -> str:
    """A requirements file for ``pip install --require-hashes`` out of (name, version, sha256)."""
    return "".join(f"{name}=={version} --hash=sha256:{sha256}\n" for name, version, sha256 in sorted(pins))
