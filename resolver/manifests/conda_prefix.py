"""A conda prefix on disk, read as a manifest: what is installed there, each package at its version.

Nothing of the prefix is executed. conda's own packages are described in ``conda-meta/*.json``; wheels that pip put
beside them have a ``*.dist-info`` whose ``INSTALLER`` is not ``conda`` (PEP 376, PEP 627).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from resolver.errors import ManifestError
from resolver.model import CondaSpec, EnvironmentSpec, Origin, PypiRequirement

__all__ = ["read_conda_prefix"]


def read_conda_prefix(prefix: Path) -> EnvironmentSpec:
    """The environment at ``prefix``, with the channels that its packages came from, in order of their first package.

    Raises ``ManifestError`` where there is no conda prefix, or a record in it cannot be read.
    """
    records = sorted((prefix / "conda-meta").glob("*.json"))
    if not records:
        raise ManifestError(f"{prefix} is no conda environment: it has no conda-meta/*.json", hint="give its prefix")
    parsed = [(path, _record(path)) for path in records]
    conda = tuple(_spec(record, path) for path, record in parsed)
    channels = dict.fromkeys(str(record.get("channel", "")).rstrip("/") for _, record in parsed)
    return EnvironmentSpec(
        name=prefix.name,
        channels=tuple(channel for channel in channels if channel),
        conda=conda,
        pip=tuple(_wheels(prefix)),
        sources=(),
    )


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"cannot be read: {error}", origin=Origin(source=str(path))) from error
    if not isinstance(record, dict) or not all(isinstance(record.get(key), str) for key in ("name", "version")):
        raise ManifestError("not the record of a conda package", origin=Origin(source=str(path)))
    return record


def _spec(record: dict[str, Any], path: Path) -> CondaSpec:
    return CondaSpec(name=record["name"].lower(), version=f"=={record['version']}", origin=Origin(source=str(path)))


def _wheels(prefix: Path) -> Iterator[PypiRequirement]:
    folders = [*prefix.glob("lib/python3.*/site-packages"), prefix / "Lib" / "site-packages"]
    for info in sorted(path for folder in folders for path in folder.glob("*.dist-info")):
        installer = info / "INSTALLER"
        if installer.is_file() and installer.read_text(encoding="utf-8").strip() == "conda":
            continue
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        yield PypiRequirement(name=canonicalize_name(name), specifier=f"=={version}", origin=Origin(source=str(info)))
