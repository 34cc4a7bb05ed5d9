"""What a build is to leave: which image, by which names, for which platforms, and where."""

from __future__ import annotations

import platform as host
import re
from collections.abc import Iterable

from resolver.building.attaching import Attachment
from resolver.building.downloads import Downloads
from resolver.building.registry_images import ImageRegistry
from resolver.engines import Command, Engine
from resolver.errors import NotRepresentable, SettingsError
from resolver.exporter.architectures import ARCHITECTURES
from resolver.exporter.image_key import ImageKey
from resolver.exporter.quoting import image_reference
from resolver.model import Lock
from resolver.values import dataclass

__all__ = ["Names", "Target", "default_tag", "image_platforms", "names_of", "subdir_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """``image`` is ``[REGISTRY/]NAME:TAG``, ``repository`` the same without tag."""

    image: str
    repository: str

    def of_key(self, key: ImageKey) -> tuple[str, ...]:
        """The name by which the image is found again, here and in a registry, whatever it is called besides."""
        return (f"{self.repository}:key-{key.digest.hex}",) if key.digest is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be there in the end, and where: also in ``registry``, if there is one.

    ``platforms`` are written as builders do (``linux/arm64``); of several an image index is made. ``apart`` says that
    the engine cannot keep that: it builds an image for each, and the index is in the registry alone. ``network`` is
    that of the steps (see ``BuildRequest``), ``downloads`` is for a thin build, ``epoch`` is in seconds since 1970.
    ``base`` says what it is built on. ``attachment`` is what the image in the registry gets attached, ``insecure``
    says that the registry may have no TLS.
    """

    engine: Engine
    names: Names
    platforms: tuple[str, ...]
    apart: bool
    key: ImageKey
    registry: ImageRegistry | None
    insecure: bool
    attachment: Attachment | None
    base: str
    network: str
    downloads: Downloads
    health_check: bool
    epoch: int

    @property
    def tags(self) -> tuple[str, ...]:
        return (self.names.image, *self.names.of_key(self.key))

    @property
    def is_index(self) -> bool:
        return len(self.platforms) > 1

    def pushes(self) -> tuple[Command, ...]:
        names = self.tags if self.registry is not None else ()
        return tuple(self.engine.push(name, index=self.is_index, insecure=self.insecure) for name in names)


def default_tag(lock: Lock) -> str:
    """What an image is called where nothing else is asked for."""
    return "-".join(re.findall(r"[a-z0-9]+", (lock.name or "").lower())) or "samebox"


def names_of(tag: str) -> Names:
    """The names for ``[REGISTRY/]NAME[:TAG]``. Raises ``SettingsError``."""
    image_reference(tag, field="--tag")
    if "@" in tag:
        raise SettingsError(f"--tag {tag}: the digest of an image is not chosen", hint="write NAME:TAG")
    folder, slash, last = tag.rpartition("/")
    name, _, version = last.partition(":")
    repository = f"{folder}{slash}{name}"
    return Names(image=f"{repository}:{version or 'latest'}", repository=repository)


def subdir_of(architecture: str = "") -> str | None:
    """The conda subdir of a Linux machine (Go's word for it; default: this machine); ``None`` if none is known."""
    own = architecture or {"arm64": "aarch64", "AMD64": "x86_64"}.get(host.machine(), host.machine())
    return next((subdir for subdir, words in ARCHITECTURES.items() if own in words), None)


def image_platforms(lock: Lock, asked: Iterable[str] | None) -> tuple[str, ...]:
    """The platforms that were asked for (as conda subdirs or in docker's words), sorted; else this machine's
    architecture, else the only one that the lock has. Raises ``NotRepresentable``."""
    have = tuple(p.platform for p in lock.platforms if p.platform in ARCHITECTURES)
    offer = ", ".join(have) or "no linux platform"
    if asked is not None:
        words = {f"linux/{architecture}": subdir for subdir, (architecture, _) in ARCHITECTURES.items()}
        chosen = tuple(sorted({words.get(word, word) for word in asked}))
        missing = [platform for platform in chosen if platform not in have]
        if missing or not chosen:
            raise NotRepresentable(
                f"the lock has no packages for an image for {', '.join(missing) or 'no platform at all'}",
                hint=f"it has: {offer}; lock for others with -p",
            )
        return chosen
    own = subdir_of()
    if own in have or len(have) == 1:
        return (own if own is not None and own in have else have[0],)
    raise NotRepresentable(
        f"the lock has no packages for {host.machine()}, and not one linux platform to take instead",
        hint=f"choose with --platform; it has: {offer}",
    )
