"""Which manifests a project has, where the settings do not name them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resolver.files import read_text

__all__ = ["DEFAULT_SOURCES", "declares_an_environment", "find_sources"]

DEFAULT_SOURCES = (
    "environment.yml",
    "environment.yaml",
    "pyproject.toml",
    "requirements.in",
    "requirements.txt",
)

_SOMETHING_TO_LOCK = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("project", "dynamic"),
    ("dependency-groups",),
    ("tool", "samebox", "conda"),
    ("tool", "conda-lock"),
)


def find_sources(directory: Path) -> tuple[str, ...]:
    """The first of ``DEFAULT_SOURCES`` in ``directory``, as a tuple of one name; empty where there is none.

    A pyproject.toml counts only where it declares something to lock. Many hold nothing but tool settings.
    """
    for name in DEFAULT_SOURCES:
        path = directory / name
        if path.is_file() and (path.suffix != ".toml" or declares_an_environment(read_text(path))):
            return (name,)
    return ()


def declares_an_environment(text: str) -> bool:
    """Whether a pyproject.toml declares something to lock. A text that is not TOML does: its reader will say
    what is wrong with it, which is better than to pass it over."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return True
    return any(_has(document, path) for path in _SOMETHING_TO_LOCK)


def _has(document: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: object = document
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
