"""``LOCK.evidence.json``: what a lock's format has no place for, beside the lock.

It holds the aspects that the format is silent on (see ``model.Aspect``), and the digest of the lock that it belongs
to: beside a lock that holds something else it says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, LockFormatError
from resolver.locks.evidence import evidence_from_strings, evidence_to_strings
from resolver.model import Aspect, Lock, LockedPackage, Origin, PlatformLock
from resolver.values import replace

__all__ = ["read_beside", "sidecar_path", "sidecar_text", "with_sidecar"]

_VERSION = 1
_WHERE = ("url", "file_name", "size", "md5", "build", "subdir")


class _Package(msgspec.Struct, omit_defaults=True):
    kind: str
    name: str
    dependencies: list[tuple[str, str]] = []
    url: str = ""
    file_name: str | None = None
    size: int | None = None
    md5: str | None = None
    build: str | None = None
    subdir: str | None = None


class _Sidecar(msgspec.Struct, omit_defaults=True):
    samebox: int
    lock: str
    name: str | None = None
    channels: list[str] = []
    sources: list[str] = []
    content_hash: dict[str, str] = {}
    evidence: dict[str, msgspec.Raw] = {}
    packages: dict[str, list[_Package]] = {}


def sidecar_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.evidence.json")


def sidecar_text(lock: Lock, silent_on: frozenset[Aspect]) -> str:
    """The sidecar of a lock in a format that is silent on these aspects. Equal locks give equal bytes."""
    kept = _Sidecar(samebox=_VERSION, lock=str(digest(lock)))
    if "name" in silent_on:
        kept.name = lock.name
    if "channels" in silent_on:
        kept.channels = list(lock.channels)
    if "sources" in silent_on:
        kept.sources = list(lock.sources)
    if "content_hash" in silent_on:
        kept.content_hash = dict(lock.content_hash)
    if "evidence" in silent_on and lock.evidence is not None:
        strings = evidence_to_strings(lock.evidence)
        kept.evidence = {name: msgspec.Raw(value.encode()) for name, value in strings.items()}
    if silent_on & {"dependencies", "files"}:
        kept.packages = {p.platform: [_kept(package, silent_on) for package in p.packages] for p in lock.platforms}
    plain = msgspec.json.decode(msgspec.json.encode(kept))
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _kept(package: LockedPackage, silent_on: frozenset[Aspect]) -> _Package:
    kept = _Package(kind=package.kind, name=package.name)
    if "dependencies" in silent_on:
        kept.dependencies = list(package.dependencies)
    if "files" in silent_on:
        for name in _WHERE:
            setattr(kept, name, getattr(package, name))
    return kept


def read_beside(path: Path, lock: Lock) -> Lock:
    """The lock with what its sidecar adds, if there is one and it belongs to this lock. Raises ``LockFormatError``."""
    beside = sidecar_path(path)
    if not lock.silent_on or not beside.is_file():
        return lock
    return with_sidecar(lock, beside.read_bytes(), str(beside))


def with_sidecar(lock: Lock, content: bytes, source: str) -> Lock:
    """The lock with what its sidecar adds, if that belongs to it. Raises ``LockFormatError`` that names ``source``."""
    if not lock.silent_on:
        return lock
    try:
        kept = msgspec.json.decode(content, type=_Sidecar)
    except msgspec.MsgspecError as error:
        raise LockFormatError(
            f"damaged: {error}", origin=Origin(source=source), hint="lock again, or remove this file"
        ) from error
    if kept.samebox != _VERSION or not _belongs(kept, lock):
        return lock
    return _completed(lock, kept, source)


def _belongs(kept: _Sidecar, lock: Lock) -> bool:
    try:
        return kept.lock == str(digest(lock))
    except IntegrityError:
        return False  # ours are written for locks that have an identity


def _completed(lock: Lock, kept: _Sidecar, source: str) -> Lock:
    silent_on = lock.silent_on
    strings = {name: bytes(value).decode() for name, value in kept.evidence.items()}
    return replace(
        lock,
        name=kept.name if "name" in silent_on else lock.name,
        channels=tuple(kept.channels) if "channels" in silent_on else lock.channels,
        sources=tuple(kept.sources) if "sources" in silent_on else lock.sources,
        content_hash=tuple(sorted(kept.content_hash.items())) if "content_hash" in silent_on else lock.content_hash,
        evidence=evidence_from_strings(strings, source, field="evidence") if "evidence" in silent_on else lock.evidence,
        platforms=tuple(_platform(locked, kept.packages, silent_on) for locked in lock.platforms),
        silent_on=frozenset(),
    )


def _platform(
    locked: PlatformLock, packages: Mapping[str, list[_Package]], silent_on: frozenset[Aspect]
) -> PlatformLock:
    known = {(package.kind, package.name): package for package in packages.get(locked.platform, ())}
    return replace(
        locked,
        packages=tuple(
            _package(package, known.get((package.kind, package.name)), silent_on) for package in locked.packages
        ),
    )


def _package(package: LockedPackage, kept: _Package | None, silent_on: frozenset[Aspect]) -> LockedPackage:
    if kept is None:
        return package
    if "dependencies" in silent_on:
        package = replace(package, dependencies=tuple(kept.dependencies))
    if "files" in silent_on:
        package = replace(package, **{name: getattr(kept, name) for name in _WHERE})
    return package
