"""Reading what tools answer."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from benchmarks.agree import Packages, packages
from benchmarks.measure import Finished
from resolver.platforms import Platform, PythonTarget

__all__ = [
    "Reader",
    "conda_lock",
    "micromamba_plan",
    "pins_in",
    "pins_on_stdout",
    "pixi_lock",
    "rattler_rows",
    "toml_lock",
]

Reader = Callable[[Path, Finished], Packages]

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_ROW = re.compile(
    r'^- name: "?([^"\n]+)"?\n  version: [\'"]?([^\'"\n]+)[\'"]?\n  manager: (conda|pip)\n  platform: (\S+)\n'
    r"(?:  .*\n)*?  url: (\S+)$",
    re.MULTILINE,
)

_LINUX = "linux-64"


def pins_on_stdout(_: Path, finished: Finished) -> Packages:
    """``NAME==VERSION`` lines."""
    return _pins(finished.stdout)


def pins_in(name: str) -> Reader:
    """The same in a file."""

    def read(folder: Path, _: Finished) -> Packages:
        return _pins((folder / name).read_text(encoding="utf-8"))

    return read


def toml_lock(name: str, table: str, *, python: str) -> Reader:
    """pylock.toml (PEP 751), poetry.lock and pdm.lock: an array of tables with ``name`` and ``version``. A lock for
    more than one platform is read as the installer would on Linux: what a marker excludes there is left out."""
    environment = {**Platform.of(_LINUX).markers(PythonTarget(version=python)), "extra": ""}

    def read(folder: Path, _: Finished) -> Packages:
        rows = tomllib.loads((folder / name).read_text(encoding="utf-8"))[table]
        return packages((_LINUX, row["name"], row["version"]) for row in rows if _taken(row, environment))

    return read


def _taken(row: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """PEP 751 and PDM write ``marker``, Poetry ``markers``: one, or one for each group."""
    written = row.get("marker", row.get("markers", ""))
    markers = list(written.values()) if isinstance(written, dict) else [written]
    return any(not text or Marker(text).evaluate(dict(environment), context="lock_file") for text in markers)


def conda_lock(folder: Path, _: Finished) -> Packages:
    """conda-lock.yml, of Samebox or of conda-lock; conda packages with their build, which their file's name has."""
    text = (folder / "conda-lock.yml").read_text(encoding="utf-8")
    return packages(
        (platform, name, f"{version} {_build(url)}" if manager == "conda" else version)
        for name, version, manager, platform, url in _ROW.findall(text)
    )


def _build(url: str) -> str:
    name = url.partition("#")[0].rsplit("/", 1)[1]
    return name.removesuffix(".conda").removesuffix(".tar.bz2").rsplit("-", 1)[1]


def rattler_rows(_: Path, finished: Finished) -> Packages:
    """What ``rattler_scripts/solve.py`` prints."""
    return packages((platform, name, version) for platform, name, version in json.loads(finished.stdout))


def micromamba_plan(_: Path, finished: Finished) -> Packages:
    """What ``micromamba create --dry-run --json`` prints."""
    rows = json.loads(finished.stdout)["actions"]["LINK"]
    return packages((_LINUX, row["name"], f"{row['version']} {row['build_string']}") for row in rows)


def pixi_lock(folder: Path, _: Finished) -> Packages:
    """The conda packages of each platform in pixi.lock; for PyPI's it names no versions beside the platform."""
    platform, rows = "", []
    for line in (folder / "pixi.lock").read_text(encoding="utf-8").partition("\npackages:\n")[0].splitlines():
        if line.startswith("      ") and line.endswith(":"):
            platform = line.strip().removesuffix(":")
        elif line.strip().startswith("- conda: "):
            stem = line.rsplit("/", 1)[1].removesuffix(".conda").removesuffix(".tar.bz2")
            name, version, build = stem.rsplit("-", 2)
            rows.append((platform, name, f"{version} {build}"))
    return packages(rows)


def _pins(text: str) -> Packages:
    return packages((_LINUX, name, version) for name, version in _PIN.findall(text))
