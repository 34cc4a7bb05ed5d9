"""The hashes of what lies at a URL, where nothing promises what they must be."""

from __future__ import annotations

import hashlib

from resolver.values import dataclass

__all__ = ["Fingerprint", "Hashing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Of one file: its hashes in hex, its size in bytes. The md5 identifies, and protects nothing."""

    sha256: str
    md5: str
    size: int


class Hashing:
    """Counts and hashes pieces; ``restart`` forgets them: a retry sends everything again."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def write(self, piece: bytes) -> None:
        self._sha256.update(piece)
        self._md5.update(piece)
        self._size += len(piece)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(sha256=self._sha256.hexdigest(), md5=self._md5.hexdigest(), size=self._size)
