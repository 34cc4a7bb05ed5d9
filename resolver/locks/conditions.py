"""Was a lock made under the conditions that hold now?

Virtual packages and the Python decide what a solve may choose, a cut-off and filters what it may see. A lock that was
made under stricter ones than today's holds nothing that today's forbid. What the packages themselves do not tell is
told by the evidence alone; without that, it is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from resolver.locks.satisfies import Shortfall
from resolver.model import Evidence, Lock, VirtualPackage
from resolver.platforms import Platform

__all__ = ["changed_conditions"]


def changed_conditions(
    lock: Lock,
    *,
    platforms: Iterable[Platform],
    python: str | None,
    cut_off: datetime | None,
    missing_time: str = "refuse",
    overrides: tuple[str, ...] = (),
    channel_priority: str = "strict",
    filters: tuple[str, ...] = (),
) -> Iterator[Shortfall]:
    """What is different now, in a stable order. ``python`` is the version that is set for wheels where conda locks
    none (``None``: that of the lock will do), ``cut_off`` is in UTC, ``missing_time`` is what becomes of what has no
    time, ``filters`` are MatchSpecs of records that count as not being there. Raises ``SettingsError`` for one that is
    none."""
    if filters:
        yield from _filters(lock, filters)
    if lock.evidence is None:
        return
    locked = {p.platform for p in lock.platforms}
    for platform in sorted(platforms, key=lambda p: p.subdir):
        if platform.subdir in locked:
            yield from _virtual_packages(lock.evidence, platform)
            yield from _python(lock, lock.evidence, platform.subdir, python)
    if cut_off is not None:
        yield from _cut_off(lock.evidence, cut_off)
        if missing_time == "refuse" and dict(lock.evidence.cut_off_policy).get("missing-time") == "take":
            message = "nothing without a time is wanted, and the lock was made with missing-time = take"
            yield Shortfall(platform=None, message=message)
    then = lock.evidence.channel_priority or "strict"
    if then != channel_priority and any(p.kind == "conda" for locked in lock.platforms for p in locked.packages):
        message = f"the lock was made with channel-priority = {then}, and {channel_priority} is wanted"
        yield Shortfall(platform=None, message=message)
    if tuple(sorted(overrides)) != tuple(sorted(lock.evidence.overrides)):
        have = ", ".join(lock.evidence.overrides) or "none"
        yield Shortfall(platform=None, message=f"the overrides are not those that the lock was made with ({have})")


def _filters(lock: Lock, filters: tuple[str, ...]) -> Iterator[Shortfall]:
    """The locked packages that a filter hides now; one that was in force when the lock was made hid them then."""
    from resolver.conda.filters import record_filter

    then = lock.evidence.repodata_filters if lock.evidence else ()
    for text in filters:
        read = record_filter(text)
        for locked in lock.platforms:
            for package in (p for p in locked.packages if p.kind == "conda"):
                hidden, have = read.hides_locked(package), f"{package.name} {package.version} {package.build}"
                if hidden:
                    message = f"repodata-filters leave out {text}, and {have} is locked"
                    yield Shortfall(platform=locked.platform, message=message)
                elif hidden is None and text not in then:
                    message = (
                        f"whether {have} is one of {text}, which repodata-filters leave out, is not kept in a lock"
                    )
                    yield Shortfall(platform=locked.platform, message=message, undecided=True)


def _virtual_packages(evidence: Evidence, platform: Platform) -> Iterator[Shortfall]:
    then = dict(evidence.virtual_packages).get(platform.subdir)
    if then is None:
        return
    for package in sorted(set(platform.virtual_packages) - set(then), key=lambda p: p.name):
        yield _short(platform, f"the lock was made for other virtual packages: {_said(package)} is not among them")
    names = {package.name for package in platform.virtual_packages}
    for package in sorted((p for p in then if p.name not in names), key=lambda p: p.name):
        yield _short(platform, f"the lock was made for the virtual package {_said(package)}, which is gone")


def _python(lock: Lock, evidence: Evidence, subdir: str, python: str | None) -> Iterator[Shortfall]:
    then = dict(evidence.pythons).get(subdir)
    of_conda = any(p.kind == "conda" and p.name == "python" for p in lock.on(subdir).packages)
    if python is not None and then is not None and then != python and not of_conda:
        yield Shortfall(platform=subdir, message=f"the lock was made for Python {then}, and {python} is asked for")


def _cut_off(evidence: Evidence, cut_off: datetime) -> Iterator[Shortfall]:
    now = cut_off.isoformat().replace("+00:00", "Z")
    if evidence.cut_off is None:
        message = f"nothing newer than {now} is wanted, and the lock was made without a cut-off"
        yield Shortfall(platform=None, message=message)
    elif datetime.fromisoformat(evidence.cut_off) > cut_off:
        message = f"nothing newer than {now} is wanted, and the cut-off of the lock is {evidence.cut_off}"
        yield Shortfall(platform=None, message=message)


def _short(platform: Platform, message: str) -> Shortfall:
    return Shortfall(platform=platform.subdir, message=message)


def _said(package: VirtualPackage) -> str:
    return f"{package.name} {package.version}"
