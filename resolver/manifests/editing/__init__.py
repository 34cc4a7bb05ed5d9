"""Edits of manifests as functions from text to text: everything but what is asked for stays as it is, to the byte.

``EDITORS`` are the formats, as values, in the order of ``manifests.READERS``.
"""

from __future__ import annotations

from resolver.manifests.editing import environment_yml, pixi, pyproject, requirements_txt
from resolver.manifests.editing.edits import Addition, ManifestEditor, Removal

__all__ = ["EDITORS", "Addition", "ManifestEditor", "Removal"]

EDITORS: tuple[ManifestEditor, ...] = (
    environment_yml.EDITOR,
    pyproject.EDITOR,
    pixi.EDITOR,
    requirements_txt.EDITOR,
)
