"""Taking out of a lock what a format has no place for, and saying so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from packaging.utils import canonicalize_name

from resolver.locks.formats.protocol import Fitted, Loss
from resolver.model import MAIN, Lock, LockedPackage, PlatformLock
from resolver.values import replace

__all__ = ["Sieve"]


class Sieve:
    """A lock that gets smaller by each rule, and the losses so far. A package is lost to the first rule that it
    breaks."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._losses: list[Loss] = []

    def fitted(self) -> Fitted:
        return Fitted(lock=self._lock, losses=tuple(self._losses))

    def keep(self, fits: Callable[[LockedPackage], bool], message: str) -> None:
        """Keep the packages that fit; ``message`` calls the others what they are."""
        self._keep_packages(lambda platform: [package for package in platform.packages if fits(package)], message)

    def keep_platforms(self, fits: Callable[[str], bool], message: str) -> None:
        lost = [p.platform for p in self._lock.platforms if not fits(p.platform)]
        if lost:
            self._losses.append(Loss(message=f"{message} ({', '.join(lost)})"))
            kept = tuple(p for p in self._lock.platforms if p.platform not in lost)
            self._lock = replace(self._lock, platforms=kept)

    def keep_one_of_a_name(self, message: str) -> None:
        """Keep no project of which one platform has two packages: which of them is meant cannot be told. Names of conda
        packages are what they are (``typing-extensions`` beside ``typing_extensions``)."""

        def name_of(package: LockedPackage) -> tuple[bool, str]:
            conda = package.kind == "conda"
            return conda, package.name if conda else canonicalize_name(package.name)

        def unique(platform: PlatformLock) -> list[LockedPackage]:
            often = Counter(map(name_of, platform.packages))
            return [package for package in platform.packages if often[name_of(package)] == 1]

        self._keep_packages(unique, message)

    def keep_main(self) -> None:
        """Keep what is in the group ``main``, and let it be in no other."""
        self.keep(lambda package: MAIN in package.groups, f"packages of other groups than {MAIN}")
        also = {p.name for platform in self._lock.platforms for p in platform.packages if p.groups != (MAIN,)}
        if also:
            self._losses.append(
                Loss(message=f"the other groups that packages of {MAIN} are in", packages=tuple(sorted(also)))
            )
            self._replace(lambda platform: [replace(package, groups=(MAIN,)) for package in platform.packages])

    def _keep_packages(self, kept: Callable[[PlatformLock], list[LockedPackage]], message: str) -> None:
        before = self._lock
        left = {platform.platform: kept(platform) for platform in before.platforms}
        stays = {id(package) for packages in left.values() for package in packages}
        lost = {p.name for platform in before.platforms for p in platform.packages if id(p) not in stays}
        if lost:
            self._losses.append(Loss(message=message, packages=tuple(sorted(lost))))
            self._replace(lambda platform: left[platform.platform])

    def _replace(self, kept: Callable[[PlatformLock], list[LockedPackage]]) -> None:
        platforms = tuple(replace(p, packages=tuple(kept(p))) for p in self._lock.platforms)
        self._lock = replace(self._lock, platforms=platforms)
