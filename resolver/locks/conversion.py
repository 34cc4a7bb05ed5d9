"""One lock in another format: narrowed to platforms and groups, and with all that the format has no place for told.

A format without groups holds the group ``main`` only. The groups that are chosen for it become that one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, NotRepresentable
from resolver.locks.files import format_of
from resolver.locks.formats import LockFormat, Loss
from resolver.locks.sidecar import sidecar_text
from resolver.model import MAIN, Aspect, Evidence, Lock, LockedPackage, PlatformLock, Root
from resolver.values import dataclass, replace

__all__ = ["Exported", "export_lock", "holds_groups", "holds_platforms", "in_groups", "on_platforms"]

_BY_PLATFORM = ("channels", "cut_off_times", "pythons", "roots", "virtual_packages")
"""The fields of ``Evidence`` that pair each platform with what holds there."""

_PROBE = LockedPackage(
    kind="pypi",
    name="probe",
    version="1",
    file_name="probe-1-py3-none-any.whl",
    url="https://example.org/probe-1-py3-none-any.whl",
    sha256="0" * 64,
)
"""What every format can carry: which locks of it fit tells what the format has a place for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """``text`` is the file. ``evidence`` is that of the file beside it (see ``sidecar``): ``None`` where the format
    needs none, and where the lock has no identity by which it would be found again. ``lock`` is what was written,
    ``losses`` what was not. ``left_out`` are groups that nobody asked for and the format has no place for;
    ``unknown`` what the lock says nothing about, and the text reads as if there were none."""

    text: str
    evidence: str | None
    lock: Lock
    losses: tuple[Loss, ...] = ()
    has_identity: bool = True
    left_out: tuple[str, ...] = ()
    unknown: tuple[Aspect, ...] = ()


def export_lock(
    lock: Lock,
    format: str,  # noqa: A002 - the option's name
    *,
    platforms: Iterable[str] | None = None,
    groups: Iterable[str] | None = None,
    allow_loss: bool = False,
) -> Exported:
    """The lock in the format of this name, for ``platforms`` (default: all of the lock) and ``groups`` (default: all
    where the format has groups, else ``main``; several become ``main`` there).

    Raises ``NotRepresentable`` naming all that would be lost, unless ``allow_loss``, and for a group that the lock does
    not have; ``LockFormatError`` for an unknown format. Nothing is written.
    """
    lock_format = format_of("", name=format)
    if lock_format.write is None:
        raise NotRepresentable(f"{lock_format.name} is read, and not written", hint="write another format")
    chosen = lock if platforms is None else on_platforms(lock, tuple(platforms))
    chosen, left_out = _with_groups(chosen, lock_format, None if groups is None else tuple(groups))
    fitted = lock_format.fit(chosen)
    if fitted.losses and not allow_loss:
        raise _too_much(chosen, lock_format, fitted.losses)
    has_identity = _has_identity(fitted.lock)
    beside = lock_format.silent_on if has_identity else frozenset()
    return Exported(
        text=lock_format.write(fitted.lock),
        evidence=sidecar_text(fitted.lock, beside) if beside else None,
        has_identity=has_identity,
        lock=fitted.lock,
        losses=fitted.losses,
        left_out=left_out,
        unknown=tuple(sorted((lock.silent_on - lock_format.silent_on) & {"dependencies"})),
    )


def _with_groups(lock: Lock, lock_format: LockFormat, groups: tuple[str, ...] | None) -> tuple[Lock, tuple[str, ...]]:
    if holds_groups(lock_format):
        return (lock if groups is None else in_groups(lock, groups)), ()
    others = tuple(group for group in lock.groups if group != MAIN)
    if groups is None:
        return in_groups(lock, (MAIN,), flatten=True), others
    return in_groups(lock, groups, flatten=True), ()


def _too_much(lock: Lock, lock_format: LockFormat, losses: tuple[Loss, ...]) -> NotRepresentable:
    hint = "write another format, or accept the loss with --allow-loss"
    if len(lock.platforms) > 1 and not holds_platforms(lock_format):
        hint = "name one platform with -p, or write a file for each: -o 'NAME-{platform}.lock'"
    told = "; ".join(map(str, losses))
    return NotRepresentable(f"{lock_format.name} has no place for all of this lock: {told}", hint=hint)


def _has_identity(lock: Lock) -> bool:
    try:
        digest(lock)
    except IntegrityError:
        return False
    return True


# -------------------------------------------------------------------------------------- what a format can hold


def holds_groups(lock_format: LockFormat) -> bool:
    """Whether a package can be in another group than ``main``."""
    package = replace(_PROBE, groups=("dev",))
    return not lock_format.fit(Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),))).losses


def holds_platforms(lock_format: LockFormat) -> bool:
    """Whether one file can hold several platforms."""
    both = tuple(PlatformLock(platform=name, packages=(_PROBE,)) for name in ("linux-64", "osx-arm64"))
    return not lock_format.fit(Lock(platforms=both)).losses


# -------------------------------------------------------------------------------------------------- narrowing


def on_platforms(lock: Lock, platforms: Collection[str]) -> Lock:
    """The lock on these of its platforms. Raises ``ResolverError`` for one that it does not have."""
    kept = tuple(lock.on(platform) for platform in dict.fromkeys(platforms))
    return replace(
        lock,
        platforms=kept,
        content_hash=tuple(pair for pair in lock.content_hash if pair[0] in platforms),
        evidence=_evidence_on(lock.evidence, platforms),
    )


def _evidence_on(evidence: Evidence | None, platforms: Collection[str]) -> Evidence | None:
    if evidence is None:
        return None
    by_platform: dict[str, Any] = {
        name: tuple(pair for pair in getattr(evidence, name) if pair[0] in platforms) for name in _BY_PLATFORM
    }
    return replace(evidence, **by_platform)


def in_groups(lock: Lock, groups: Collection[str], *, flatten: bool = False) -> Lock:
    """What is locked in these groups, and in them only; ``flatten`` makes ``main`` of them. Where that leaves
    anything out, the hash of the whole request is left out too. Raises ``NotRepresentable`` for a group that the lock
    does not have."""
    missing = sorted(set(groups) - set(lock.groups) - {MAIN})
    if missing:
        raise NotRepresentable(
            f"the lock has no group {', '.join(missing)}", hint=f"it has: {', '.join(lock.groups) or 'none'}"
        )
    if set(lock.groups) <= set(groups) and (not flatten or set(lock.groups) <= {MAIN}):
        return lock
    return replace(
        lock,
        platforms=tuple(
            replace(
                locked, packages=tuple(_in_groups(package, groups, flatten) for package in locked.in_groups(groups))
            )
            for locked in lock.platforms
        ),
        content_hash=(),
        evidence=_evidence_in(lock.evidence, groups, flatten),
    )


def _in_groups(package: LockedPackage, groups: Collection[str], flatten: bool) -> LockedPackage:
    return replace(package, groups=(MAIN,) if flatten else tuple(g for g in package.groups if g in groups))


def _evidence_in(evidence: Evidence | None, groups: Collection[str], flatten: bool) -> Evidence | None:
    if evidence is None:
        return None

    def kept(roots: tuple[Root, ...]) -> tuple[Root, ...]:
        chosen = (root for root in roots if root.group in groups)
        return tuple(replace(root, group=MAIN) if flatten else root for root in chosen)

    return replace(evidence, roots=tuple((platform, kept(roots)) for platform, roots in evidence.roots))
