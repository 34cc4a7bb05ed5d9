"""Where the platforms of one lock do not hold the same versions."""

from __future__ import annotations

from resolver.model import Lock
from resolver.values import dataclass

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``versions`` pairs each platform that has the package with its version there, sorted by platform."""

    kind: str
    name: str
    versions: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.name} {', '.join(f'{platform} {version}' for platform, version in self.versions)}"


def differences(lock: Lock) -> tuple[Difference, ...]:
    """Sorted by name, then kind. A package that only some platforms have differs in nothing."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for platform in lock.platforms:
        for package in platform.packages:
            found.setdefault((package.name, package.kind), []).append((platform.platform, package.version))
    return tuple(
        Difference(kind=kind, name=name, versions=tuple(versions))
        for (name, kind), versions in sorted(found.items())
        if len({version for _, version in versions}) > 1
    )
