"""A lock as the file that it is in: what is attached to an image, and what comes back from one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath

from resolver.errors import IntegrityError, LockFormatError, NotRepresentable, ResolverError
from resolver.locks.files import format_of, parse_lock
from resolver.locks.sidecar import sidecar_path, sidecar_text, with_sidecar
from resolver.model import Lock, Origin
from resolver.values import dataclass

__all__ = ["LockFile"]

_NAMES = ("conda-lock.yml", "pixi.lock", "pylock.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFile:
    """``name`` says the format, as files are called; ``evidence`` is the file beside it, where there is one (see
    ``locks.sidecar``)."""

    name: str
    content: bytes
    evidence: bytes | None = None

    def __post_init__(self) -> None:
        if not self.name or PurePosixPath(self.name).name != self.name or not self.name.isprintable():
            raise IntegrityError(f"{self.name!r} is not the name of a lock's file")

    @classmethod
    def of(cls, lock: Lock) -> LockFile:
        """The file that would be written for a lock that is in none: of the first format that can carry it. Raises
        ``NotRepresentable`` where none can."""
        *first, last = _NAMES
        for name in first:
            with suppress(NotRepresentable):
                return cls._rendered(lock, name)
        return cls._rendered(lock, last)

    @classmethod
    def _rendered(cls, lock: Lock, name: str) -> LockFile:
        lock_format = format_of(name)
        evidence = sidecar_text(lock, lock_format.silent_on).encode() if lock_format.silent_on else None
        return cls(name=name, content=lock_format.render(lock).encode(), evidence=evidence)

    @classmethod
    def read(cls, path: Path) -> LockFile:
        """Raises ``ResolverError`` where it cannot be read."""
        beside = sidecar_path(path)
        try:
            evidence = beside.read_bytes() if beside.is_file() else None
            return cls(name=path.name, content=path.read_bytes(), evidence=evidence)
        except OSError as error:
            raise ResolverError(f"{error.filename or path}: {error.strerror}") from error

    @property
    def evidence_name(self) -> str:
        return sidecar_path(Path(self.name)).name

    @property
    def text(self) -> str:
        """Raises ``LockFormatError``."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LockFormatError(f"not UTF-8 (byte {error.start})", origin=Origin(source=self.name)) from error

    def lock(self) -> Lock:
        """What it says. Raises ``LockFormatError``."""
        lock = parse_lock(self.text, format=format_of(self.name).name, source=self.name)
        return lock if self.evidence is None else with_sidecar(lock, self.evidence, self.evidence_name)
