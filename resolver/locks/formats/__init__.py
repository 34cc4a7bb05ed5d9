"""The lock formats, each one value in ``FORMATS``. A format has no I/O: text to Lock, and Lock to text."""

from __future__ import annotations

from resolver.locks.formats.conda_lock import FORMAT as _CONDA_LOCK
from resolver.locks.formats.protocol import Asked, Fitted, LockFormat, Loss

__all__ = ["FORMATS", "Asked", "Fitted", "LockFormat", "Loss"]

FORMATS: tuple[LockFormat, ...] = (_CONDA_LOCK,)
