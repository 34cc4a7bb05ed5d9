"""Channels as folders of repodata, made of a line for each record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from resolver.conda import CondaProblem, CondaSolution, CondaUnsolvable, solve_all
from resolver.conda.channels import Channels
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.mirrors import Mirrors
from resolver.model import CondaSpec, Origin
from resolver.platforms import Platform

__all__ = ["MAIN", "OTHER", "channels", "names", "problem", "record", "repodata", "solved", "spec", "write_channel"]

MAIN = "https://conda.example.org/main"
OTHER = "https://conda.example.org/other"

Records = Mapping[str, list[dict[str, Any]]]
"""Records by subdir."""


def record(name: str, version: str = "1.0", *depends: str, build: str = "0", **fields: Any) -> dict[str, Any]:
    """One record as repodata has it; a field that is ``None`` is left out."""
    file_name = f"{name}-{version}-{build}.conda"
    made = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "constrains": [],
        "sha256": hashlib.sha256(file_name.encode()).hexdigest(),
        "md5": hashlib.md5(file_name.encode()).hexdigest(),
        "size": 100,
        "timestamp": 1_700_000_000_000,
    }
    return {key: value for key, value in {**made, **fields}.items() if value is not None}


def repodata(subdir: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {f"{r['name']}-{r['version']}-{r['build']}.conda": {"subdir": subdir, **r} for r in records}
    return {"info": {"subdir": subdir}, "packages": {}, "packages.conda": rows, "repodata_version": 1}


def write_channel(folder: Path, records: Records) -> Path:
    for subdir in {"noarch", *records}:
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        document = repodata(subdir, records.get(subdir, []))
        (folder / subdir / "repodata.json").write_text(json.dumps(document))
    return folder


def channels(tmp_path: Path, **places: str | Path) -> Channels:
    """Channels that are mirrored: ``main`` and ``other`` name the places."""
    rules = tuple((f"https://conda.example.org/{name}", str(place)) for name, place in places.items())
    return Channels(cache=tmp_path / "cache", mirrors=Mirrors(rules))


def spec(text: str, line: int = 1) -> CondaSpec:
    return parse_conda_spec(text, origin=Origin(source="environment.yml", line=line))


def problem(
    *specs: str,
    platform: str | Platform = "linux-64",
    urls: tuple[str, ...] = (MAIN,),
    cut_off: datetime | None = None,
) -> CondaProblem:
    return CondaProblem(
        platform=Platform.of(platform) if isinstance(platform, str) else platform,
        channels=urls,
        specs=tuple(spec(text, number) for number, text in enumerate(specs, start=1)),
        cut_off=cut_off,
    )


def solved(reader: Channels, asked: CondaProblem) -> CondaSolution:
    (answer,) = solve_all(reader, [asked])
    assert isinstance(answer, CondaSolution), answer
    return answer


def names(answer: CondaSolution | CondaUnsolvable) -> list[str]:
    """``name version build`` of what was chosen."""
    assert isinstance(answer, CondaSolution), answer
    return [f"{r.name} {r.version} {r.build}" for r in answer.records]
