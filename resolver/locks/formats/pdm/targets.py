"""The targets of a ``pdm.lock``, and which of our platforms each of them means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from resolver.locks.formats.distributions import fits
from resolver.locks.formats.pdm.document import Document, MadeFor
from resolver.locks.formats.protocol import Asked
from resolver.locks.formats.targets import Target, specifiers, targets_for
from resolver.platforms import Platform

__all__ = ["targets_of"]

_PLATFORM = re.compile(
    r"(?:(?P<linux>linux|manylinux(?:_\d+_\d+|\d+)?)|(?P<mac>macos(?:_\d+_\d+)?)|(?P<windows>windows))"
    r"(?:_(?P<machine>[a-z0-9_]+))?\Z",
    re.ASCII,
)
_SUBDIRS = {
    ("linux", "x86_64"): "linux-64",
    ("linux", "aarch64"): "linux-aarch64",
    ("linux", "arm64"): "linux-aarch64",
    ("linux", "ppc64le"): "linux-ppc64le",
    ("macos", "x86_64"): "osx-64",
    ("macos", "arm64"): "osx-arm64",
    ("macos", "aarch64"): "osx-arm64",
    ("windows", "amd64"): "win-64",
    ("windows", "x86_64"): "win-64",
    ("windows", "arm64"): "win-arm64",
}
_SHORT = {"linux": "x86_64", "macos": "arm64", "windows": "amd64"}
"""The machine that PDM means where a target names none."""


def targets_of(document: Document, platform: Platform, source: str, asked: Asked) -> Iterable[Target]:
    """The platform with each known Python that a target for it allows, the newest first (or the one that is asked
    for); none where there is no such target.

    A lock without targets tells no Python: it is read for the newest one that most of its wheels are for."""
    targets = document.metadata.targets
    if not targets:
        every = targets_for(platform, [specifiers("", source, "metadata")], source, asked=asked)
        return sorted(every, key=lambda target: -_wheels(document, target))
    made_for = [target for target in targets if _is_for(target, platform)]
    sets = [specifiers(_python(target), source, "metadata.targets") for target in made_for]
    return targets_for(platform, sets, source, asked=asked) if made_for else ()


def _wheels(document: Document, target: Target) -> int:
    """How many packages have a wheel for the target."""
    names = ([file.file or (file.url or "").rpartition("/")[2] for file in p.files] for p in document.package)
    return sum(any(fits(name, target) for name in some) for some in names)


def _python(target: MadeFor) -> str:
    return "" if target.requires_python == "*" else target.requires_python


def _is_for(target: MadeFor, platform: Platform) -> bool:
    """Whether a target means a platform: its system and machine. The glibc or macOS that it names is the newest whose
    wheels the lock may hold; it holds those for older ones too."""
    if target.implementation not in (None, "cpython") or target.gil_disabled:
        return False
    if target.platform is None:
        return True
    written = _PLATFORM.match(target.platform)
    if written is None:  # musllinux, or a system that is none of ours
        return False
    system = "linux" if written["linux"] else "macos" if written["mac"] else "windows"
    machine = written["machine"] or _SHORT[system]
    return _SUBDIRS.get((system, machine)) == platform.subdir
