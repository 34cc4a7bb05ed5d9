"""``LOCK.images.json``: which digests the names of base images stood for when they were resolved.

It lies beside the lock, and what is in it is not asked of a registry again: so an export of another day gives the same
bytes. Sorted, with one entry a reference:

    {"images": {"docker.io/library/debian:bookworm-slim":
        {"digest": "sha256:…", "platforms": {"linux/amd64": "sha256:…", "linux/arm64/v8": "sha256:…"}}},
     "samebox": 1}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from resolver.errors import ResolverError
from resolver.registry import ImagePlatform, Reference
from resolver.registry.reference import checked_digest
from resolver.values import dataclass

__all__ = ["RecordedImage", "read_record", "record_path", "record_text"]

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedImage:
    """``digest`` is that of the index, or of the manifest where there is no index; ``platforms`` pairs each platform
    (``os/architecture[/variant]``) with the digest of its manifest, sorted."""

    digest: str
    platforms: tuple[tuple[str, str], ...]

    def runs_on(self, platform: ImagePlatform) -> bool:
        return any(platform.distance(ImagePlatform.parse(name)) is not None for name, _ in self.platforms)


class _Image(msgspec.Struct, forbid_unknown_fields=True):
    digest: str
    platforms: dict[str, str]


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    samebox: int
    images: dict[str, _Image]


class _Version(msgspec.Struct):
    samebox: int


def record_path(lock: Path) -> Path:
    """Where the digests for a lock are kept."""
    return lock.with_name(f"{lock.name}.images.json")


def read_record(path: Path) -> dict[Reference, RecordedImage]:
    """What has been recorded; nothing where there is no such file. Raises ``ResolverError`` for one that is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ResolverError(f"{path}: {error.strerror}") from error
    hint = "restore the file, or remove it: then the images are resolved anew"
    try:
        version = msgspec.json.decode(content, type=_Version).samebox
        if version != _VERSION:
            raise ResolverError(f"{path}: version {version} of this file is not known here", hint="use a newer samebox")
        images = msgspec.json.decode(content, type=_Record).images
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ResolverError(f"{path}: damaged: {error}", hint=hint) from error
    try:
        return {Reference.parse(name): _checked(image) for name, image in images.items()}
    except ResolverError as error:
        raise ResolverError(f"{path}: damaged: {error.message}", hint=hint) from error


def record_text(images: Mapping[Reference, RecordedImage]) -> str:
    """The file's text. Equal records give equal bytes."""
    entries = {
        str(reference): {"digest": image.digest, "platforms": dict(image.platforms)}
        for reference, image in images.items()
    }
    return json.dumps({"images": entries, "samebox": _VERSION}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _checked(image: _Image) -> RecordedImage:
    for digest in (image.digest, *image.platforms.values()):
        checked_digest(digest)
    for platform in image.platforms:
        ImagePlatform.parse(platform)
    return RecordedImage(digest=image.digest, platforms=tuple(sorted(image.platforms.items())))
