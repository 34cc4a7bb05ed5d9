"""The versions of what is installed, without ``importlib.metadata``: importing that takes longer than a small solve."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__ = ["installed_version"]

_END = ".dist-info"


def installed_version(distribution: str, package: str) -> str:
    """The version of a distribution, by the folder of its metadata beside its import package; where that does not tell
    (an editable install, say), as ``importlib.metadata`` has it. Raises ``PackageNotFoundError``."""
    spec = find_spec(package)
    if spec is not None and spec.origin is not None:
        start = distribution.replace("-", "_") + "-"
        names = (path.name for path in Path(spec.origin).parent.parent.iterdir())
        found = [name for name in names if name.lower().startswith(start) and name.endswith(_END)]
        if len(found) == 1:
            return found[0][len(start) : -len(_END)]
    from importlib import metadata

    return metadata.version(distribution)
