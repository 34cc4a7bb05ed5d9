"""From the text of manifests to an ``EnvironmentSpec``.

The ``parse_*`` functions are pure; ``read_manifests`` opens files. ``READERS`` are the formats, as values.
"""

from __future__ import annotations

from resolver.manifests.environment_yml import parse_environment_yml
from resolver.manifests.merge import merge
from resolver.manifests.pixi import parse_pixi
from resolver.manifests.pyproject import parse_pyproject
from resolver.manifests.reader import READERS, read_manifests
from resolver.manifests.requirements_txt import parse_requirements_txt

__all__ = [
    "READERS",
    "merge",
    "parse_environment_yml",
    "parse_pixi",
    "parse_pyproject",
    "parse_requirements_txt",
    "read_manifests",
]
