"""An index in memory that keeps notes, as one behind a cache does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from resolver.indexes import MemoryIndex, ProjectState
from tests.solver.worlds import Universe

__all__ = ["Notes", "NotingMemoryIndex"]

Notes = dict[tuple[str, str, str], str]
"""By context, project, and the stamp of its page."""


class NotingMemoryIndex(MemoryIndex):
    """The universe as it is now, with notes that outlive it."""

    def __init__(self, universe: Universe, notes: Notes) -> None:
        super().__init__(universe)
        self._universe = universe
        self._notes = notes

    def state(self, name: str, context: str) -> ProjectState | None:
        if name not in self._universe:
            return None
        stamp = hashlib.sha256(json.dumps(self._universe[name], sort_keys=True).encode()).hexdigest()
        return ProjectState(stamp=stamp, note=self._notes.get((context, name, stamp)))

    def keep_notes(self, context: str, notes: Mapping[str, tuple[str, str]]) -> None:
        for name, (stamp, note) in notes.items():
            self._notes[context, name, stamp] = note
