"""Which manifests a project has, where the settings do not name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from resolver.files import read_text
from resolver.light_typing import Any

__all__ = ["DEFAULT_SOURCES", "HAVE_SETTINGS", "declares_an_environment", "find_sources"]

DEFAULT_SOURCES = (
    "environment.yml",
    "environment.yaml",
    "pixi.toml",
    "pyproject.toml",
    "requirements.in",
    "requirements.txt",
)

HAVE_SETTINGS = ("pixi.toml", "pyproject.toml")
"""The names of manifests that may hold settings of the solve (see ``manifest_layers``)."""

_SOMETHING_TO_LOCK = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("dependency-groups",),
    ("tool", "samebox", "conda"),
    ("tool", "conda-lock"),
    ("tool", "pixi"),
    ("tool", "uv", "dev-dependencies"),
)


def find_sources(directory: Path) -> tuple[str, ...]:
    """The first of ``DEFAULT_SOURCES`` in ``directory``, as a tuple of one name; empty where there is none.

    A pyproject.toml counts only where it declares something to lock; many hold nothing but the settings of
    tools. Dynamic dependencies count: the reader will say that they cannot be read, and what to do.
    """
    for name in DEFAULT_SOURCES:
        path = directory / name
        if path.is_file() and (path.name != "pyproject.toml" or declares_an_environment(read_text(path))):
            return (name,)
    return ()


def declares_an_environment(text: str) -> bool:
    """Whether a pyproject.toml declares something to lock. A text that is not TOML does: its reader will say
    what is wrong with it, which is better than to pass it over."""
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return True
    dynamic = _at(document, ("project", "dynamic"))
    is_dynamic = isinstance(dynamic, list) and "dependencies" in dynamic
    return is_dynamic or any(_at(document, path) is not None for path in _SOMETHING_TO_LOCK)


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> object:
    """The value at a path, ``None`` where there is none."""
    value: object = document
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
