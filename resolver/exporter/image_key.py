"""The key of an image of a lock: what is locked and asked for, never the tools that make it (``samebox/image/1``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from resolver import canonicalizer
from resolver.model import Digest, DockerSection, Lock

__all__ = ["INSTALLER", "KEY_LABEL", "ImageKey", "image_key"]

INSTALLER = 1
"""``installer`` of the key: raised when the bytes that an install leaves would change."""

KEY_LABEL = "io.samebox.image.key"

_PINNED = re.compile(r"[^@]+@(?P<digest>sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKey:
    """``digest`` is ``None`` where the image can have no key, and then ``reason`` says why."""

    digest: Digest | None
    reason: str = ""


def image_key(
    lock: Lock,
    *,
    docker: DockerSection,
    groups: Iterable[str],
    platforms: Iterable[str],
    variables: Iterable[tuple[str, str]],
) -> ImageKey:
    """The key of the image that ``docker_context`` makes of the same arguments, with Samebox's installer.

    The base counts by its digest, whatever it is called. The build image does not count: nothing of it is shipped, and
    what the installer leaves does not depend on it. Raises ``IntegrityError`` for packages without sha256.
    """
    pinned = _PINNED.fullmatch(docker.base_image)
    if pinned is None:
        return ImageKey(
            digest=None, reason=f"the base image {docker.base_image} has no digest, and may be another one tomorrow"
        )
    wanted = tuple(groups)
    digest = canonicalizer.image_key(
        environments={p: canonicalizer.digest(lock, platform=p, groups=wanted) for p in platforms},
        docker=_normalised(docker, variables),
        base=pinned["digest"],
        application="",
        installer=INSTALLER,
    )
    return ImageKey(digest=digest)


def _normalised(docker: DockerSection, variables: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The section as strings and lists, in one order."""
    section = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(docker).items()
        if name not in ("base_image", "build_image")
    }
    section["labels"] = [list(pair) for pair in sorted(docker.labels)]
    section["variables"] = [list(pair) for pair in sorted(variables)]
    return section
