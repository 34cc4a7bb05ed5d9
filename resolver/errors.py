"""Everything that can go wrong, as one tree.

    ResolverError
    ├── ManifestError        a declared environment cannot be read
    ├── SettingsError        samebox.toml, [tool.samebox] or an option is wrong
    ├── LockFormatError      a lock cannot be read
    ├── NoSolution           the requests contradict each other, or something asked for does not exist
    ├── IndexUnavailable     a channel or index does not answer, or answers nonsense
    ├── RegistryUnavailable  a registry of images does not answer, refuses, or has not what it is asked for
    ├── IntegrityError       a hash does not match, or is missing where one is needed
    ├── NotRepresentable     a format has no place for something that the lock holds
    └── BuildError           a prefix or a build context cannot be made

Every message says what is wrong and where; ``hint`` says what to do next. The library raises these and never
prints; the command catches them once, in ``cli/main.py``, and exits with 2.
"""

from __future__ import annotations

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.model import Conflict, Origin

__all__ = [
    "BuildError",
    "IndexUnavailable",
    "IntegrityError",
    "LockFormatError",
    "ManifestError",
    "NoSolution",
    "NotRepresentable",
    "RegistryUnavailable",
    "ResolverError",
    "SettingsError",
]


class ResolverError(Exception):
    """The root of the tree.

    ``message`` is one or more sentences without a trailing newline; ``hint``, where given, is the next step
    for the person who reads it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class _SourceError(ResolverError):
    """An error in a text that has lines: ``origin`` is the place, ``field`` the path inside the document."""

    def __init__(
        self,
        message: str,
        *,
        origin: Origin | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        where = "".join(part for part in (f"{origin}: " if origin else "", f"{field}: " if field else ""))
        super().__init__(where + message, hint=hint)
        self.origin = origin
        self.field = field


class ManifestError(_SourceError):
    """A declared environment cannot be read: bad YAML or TOML, a bad version, marker, spec or platform."""


class SettingsError(_SourceError):
    """A setting or an option is unknown, contradictory or of the wrong type."""


class LockFormatError(_SourceError):
    """A lock cannot be read: not the format it claims, a newer version of it, or a field out of place."""


class NoSolution(ResolverError):
    """No set of packages satisfies the requests; ``conflict`` holds why, as data."""

    def __init__(self, message: str, *, conflict: Conflict | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.conflict = conflict


class IndexUnavailable(ResolverError):
    """A channel or index does not answer, or its answer cannot be believed (5xx, truncated, not the format)."""


class RegistryUnavailable(ResolverError):
    """A registry of images does not answer, refuses, has not what it is asked for, or its answer cannot be believed."""


class IntegrityError(ResolverError):
    """An artifact does not have the hash that was promised, or has none where an identity needs one."""


class NotRepresentable(ResolverError):
    """A format cannot carry something that the lock holds; the message names it."""


class BuildError(ResolverError):
    """A prefix, a build context or an image cannot be made from this lock."""
