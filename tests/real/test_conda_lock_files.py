"""conda-lock reads the fixtures of its format, and what we make of them, as the same packages and metadata."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from resolver.locks.files import read_lock, write_lock
from tests.real.projects import clean_environment
from tests.real.toolboxes import tool

pytestmark = pytest.mark.network

_VALID = Path(__file__).parents[1] / "locks" / "data" / "conda-lock" / "valid"

_READ = """
import json, sys
from pathlib import Path
from conda_lock.lockfile import parse_conda_lock_file
lock = parse_conda_lock_file(Path(sys.argv[1]))
packages = [json.loads(p.model_dump_json()) for p in lock.package]
print(json.dumps([packages, json.loads(lock.metadata.model_dump_json())]))
"""


@pytest.mark.parametrize("path", sorted(_VALID.glob("*.yml")), ids=lambda p: p.stem)
def test_the_packages_in_the_data_are_those_that_conda_lock_finds(path: Path) -> None:
    packages, _ = _read(path)
    assert sorted(map(_line, packages)) == path.with_name(f"{path.name}.packages").read_text().splitlines()


@pytest.mark.parametrize("path", sorted(_VALID.glob("*.yml")), ids=lambda p: p.stem)
def test_conda_lock_finds_the_same_in_what_we_write(path: Path, tmp_path: Path) -> None:
    write_lock(read_lock(path, format="conda-lock"), tmp_path / "conda-lock.yml")
    packages, metadata = _read(path)
    again, metadata_again = _read(tmp_path / "conda-lock.yml")
    assert _comparable(again) == _comparable(packages)
    assert metadata_again == metadata


def _line(package: dict[str, Any]) -> str:
    is_conda = package["manager"] == "conda"
    kind = "conda" if is_conda else "pypi" if package["source"] is None else "archive"
    if package["url"].startswith("git+"):
        kind, package["url"] = "vcs", package["url"].rpartition("@")[0]
    name = package["name"].lower() if is_conda else package["name"]
    categories, sha256 = ",".join(sorted(package["categories"])), package["hash"]["sha256"] or "-"
    return " ".join((package["platform"], kind, name, package["version"], categories, package["url"], sha256))


def _comparable(packages: list[dict[str, Any]]) -> list[str]:
    """Names of conda are in lower case in what we write, and nothing depends on virtual packages there."""
    for package in packages:
        package["name"] = package["name"].lower()
        package["categories"].sort()
        package["dependencies"] = {k: v for k, v in package["dependencies"].items() if not k.startswith("__")}
    return sorted(json.dumps(package, sort_keys=True) for package in packages)


def _read(path: Path) -> Any:
    done = subprocess.run(
        [str(tool("conda-lock", "python")), "-c", _READ, str(path)],
        env=dict(clean_environment()),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
