"""The version of a ``conda-lock.yml``, and the names under which it keeps what it has no field for."""

from __future__ import annotations

from resolver.locks.evidence import PREFIX

__all__ = ["ARCHIVES", "METADATA", "NAME", "VERSION"]

VERSION = 1

NAME = PREFIX + "name"
ARCHIVES = PREFIX + "archives"
"""The rows whose url is not from an index, in files that were written before they had a ``source``."""

METADATA = ("time_metadata", "git_metadata", "inputs_metadata", "custom_metadata")
"""The fields that say something about the file and not about the packages: the names in ``Lock.metadata``."""
