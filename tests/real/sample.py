"""The sample's repodata as dictionaries, read without the package's code."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import zstandard

from tests.real.projects import SAMPLE

__all__ = ["records"]


@functools.cache
def records(subdir: str) -> Mapping[str, dict[str, Any]]:
    """The records of a subdir by file name."""
    with (SAMPLE / subdir / "repodata.json.zst").open("rb") as packed:
        document = json.loads(zstandard.ZstdDecompressor().stream_reader(packed).read())
    return {**document["packages"], **document["packages.conda"]}
