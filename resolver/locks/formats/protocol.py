"""What a lock format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resolver.model import Lock

__all__ = ["LockFormat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFormat:
    """One format: ``parse(text, source)`` raises ``LockFormatError`` with the source and the field at fault,
    ``render(lock)`` raises ``NotRepresentable`` naming what it has no place for. ``file_names`` are globs."""

    name: str
    file_names: tuple[str, ...]
    parse: Callable[[str, str], Lock]
    render: Callable[[Lock], str]
