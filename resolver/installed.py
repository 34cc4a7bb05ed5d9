"""The versions of what is installed, without ``importlib.metadata``: importing that takes longer than a small solve."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

__all__ = ["installed_version"]

_END = ".dist-info"


@cache
def installed_version(distribution: str, package: str) -> str:
    """The version of a distribution, by the folder of its metadata beside its import package; where that does not tell
    (an editable install, say), as ``importlib.metadata`` has it. Raises ``PackageNotFoundError``."""
    loaded = sys.modules.get(package)
    spec = PathFinder.find_spec(package) if loaded is None else loaded.__spec__
    if spec is not None and spec.origin is not None:
        start = distribution.replace("-", "_") + "-"
        names = _metadata_in(Path(spec.origin).parent.parent)
        found = [name for name in names if name.lower().startswith(start)]
        if len(found) == 1:
            return found[0][len(start) : -len(_END)]
    from importlib import metadata

    return metadata.version(distribution)


@cache
def _metadata_in(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.name.endswith(_END)]
