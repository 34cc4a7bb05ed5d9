"""For which machine an image is: ``os/architecture[/variant]``, in the words of Go that the OCI specifications use."""

from __future__ import annotations

import re

from resolver.errors import ResolverError
from resolver.values import dataclass

__all__ = ["ImagePlatform"]

_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_OF_SUBDIR = {
    "linux-32": "linux/386",
    "linux-64": "linux/amd64",
    "linux-aarch64": "linux/arm64",
    "linux-armv6l": "linux/arm/v6",
    "linux-armv7l": "linux/arm/v7",
    "linux-ppc64le": "linux/ppc64le",
    "linux-riscv64": "linux/riscv64",
    "linux-s390x": "linux/s390x",
}
_IMPLIED_VARIANT = {"amd64": "v1", "arm": "v7", "arm64": "v8"}
"""What containerd takes for granted where a variant is not said."""
_LEVEL = re.compile(r"v([0-9]{1,3})(?:\.([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlatform:
    """``variant`` is ``""`` where it is not said. Raises ``ResolverError`` for what cannot be."""

    os: str
    architecture: str
    variant: str = ""

    def __post_init__(self) -> None:
        words = (self.os, self.architecture, *((self.variant,) if self.variant else ()))
        if not all(_WORD.fullmatch(word) for word in words):
            raise ResolverError(
                f"{'/'.join(words)!r}: not a platform of images (os/architecture or os/architecture/variant)"
            )

    @staticmethod
    def parse(text: str) -> ImagePlatform:
        """Read ``linux/arm64`` or ``linux/arm/v7``. Raises ``ResolverError``."""
        parts = text.split("/")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise ResolverError(f"{text!r}: not a platform of images (os/architecture or os/architecture/variant)")
        return ImagePlatform(os=parts[0], architecture=parts[1], variant=parts[2] if len(parts) == 3 else "")

    @staticmethod
    def of_subdir(subdir: str) -> ImagePlatform:
        """The platform of images for a conda subdir. Raises ``ResolverError`` where containers do not run it."""
        if subdir not in _OF_SUBDIR:
            raise ResolverError(
                f"{subdir}: there are no images of it", hint=f"images are made for {', '.join(sorted(_OF_SUBDIR))}"
            )
        return ImagePlatform.parse(_OF_SUBDIR[subdir])

    def distance(self, offered: ImagePlatform) -> int | None:
        """How far ``offered`` lies below this machine: 0 is the same, ``None`` does not run on it.

        A higher level of one architecture runs what was made for a lower one (arm/v7: v6; amd64/v3: v1).
        """
        if (self.os, self.architecture) != (offered.os, offered.architecture):
            return None
        mine, other = self._variant, offered._variant
        if mine == other:
            return 0
        have, need = _level(mine), _level(other)
        return have - need if have is not None and need is not None and need < have else None

    @property
    def _variant(self) -> str:
        return self.variant or _IMPLIED_VARIANT.get(self.architecture, "")

    def __str__(self) -> str:
        return f"{self.os}/{self.architecture}" + (f"/{self.variant}" if self.variant else "")


def _level(variant: str) -> int | None:
    match = _LEVEL.fullmatch(variant)
    return 1000 * int(match[1]) + int(match[2] or 0) if match else None
