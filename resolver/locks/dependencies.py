"""The dependencies of a locked package, one constraint for each name."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["merged"]


def merged(dependencies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The names with their constraints, sorted, without virtual packages. A conda record may name a dependency twice,
    and a map cannot; whatever is made of a lock is made of this, so that it does not matter whether the lock was just
    solved or read from a file."""
    found: dict[str, str] = {}
    for name, constraint in sorted(dependencies):
        if name.startswith("__"):
            continue
        have = found.get(name)
        found[name] = constraint if have in (None, "", "*") else _joined(have or "", constraint)
    return found


def _joined(left: str, right: str) -> str:
    if right in ("", "*", left):
        return left
    versions = [part.split()[0] for part in (left, right)]
    builds = {b for part in (left, right) for b in part.split()[1:]}
    version = ",".join(dict.fromkeys(v for v in versions if v != "*")) or "*"
    return f"{version} {sorted(builds)[-1]}" if builds else version
