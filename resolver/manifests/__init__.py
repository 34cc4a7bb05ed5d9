"""From the text of manifests to an ``EnvironmentSpec``.

The ``parse_*`` functions are pure; ``read_manifests`` opens files. ``READERS`` are the formats, as values.

A name is imported when it is first asked for: most environments have one kind of manifest.
"""

from __future__ import annotations

from importlib import import_module

from resolver.light_typing import TYPE_CHECKING
from resolver.manifests.merge import merge  # at once: its module has the same name

if TYPE_CHECKING:
    from resolver.manifests.environment_yml import parse_environment_yml
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

_HOMES = {
    "READERS": "reader",
    "parse_environment_yml": "environment_yml",
    "parse_pixi": "pixi",
    "parse_pyproject": "pyproject",
    "parse_requirements_txt": "requirements_txt",
    "read_manifests": "reader",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
