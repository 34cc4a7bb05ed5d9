"""A ``conda-lock.yml`` as plain rows, read without any of the package's code."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Row", "evidence", "read_rows", "rows_by_platform"]


@dataclass(frozen=True, kw_only=True)
class Row:
    platform: str
    manager: str
    name: str
    version: str
    url: str
    sha256: str
    category: str

    @property
    def file_name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


def read_rows(path: Path) -> tuple[Row, ...]:
    return tuple(
        Row(
            platform=row["platform"],
            manager=row["manager"],
            name=row["name"],
            version=row["version"],
            url=row["url"],
            sha256=row["hash"]["sha256"],
            category=row["category"],
        )
        for row in _document(path)["package"]
    )


def rows_by_platform(path: Path) -> Mapping[str, tuple[Row, ...]]:
    rows = defaultdict(list)
    for row in read_rows(path):
        rows[row.platform].append(row)
    return {platform: tuple(found) for platform, found in sorted(rows.items())}


def evidence(path: Path, name: str) -> Any:
    """One entry of ``samebox.*``, decoded."""
    return json.loads(_document(path)["metadata"]["custom_metadata"][f"samebox.{name}"])


def _document(path: Path) -> Any:
    # the base loader leaves every scalar a string, so that no hash or version is taken for a number
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
