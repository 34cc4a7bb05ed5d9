"""conda-lock judges the ``content_hash`` of our locks: it is the same for the same manifests, and leaves them alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from resolver.environment import read_environment
from resolver.locks.content_hash import content_hash
from resolver.locks.files import write_lock
from resolver.manifests import parse_requirements_txt
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.real.projects import clean_environment
from tests.real.toolboxes import tool

pytestmark = pytest.mark.network

_REPOSITORY = Path(__file__).parents[2]
_MANIFESTS = _REPOSITORY / "fixtures" / "manifests"
_DATA = _REPOSITORY / "tests" / "locks" / "data" / "content_hash"
_PLATFORMS = ("linux-64", "osx-arm64", "win-64")

_OF_FILES = """
import json, sys
from pathlib import Path
from conda_lock.content_hash import compute_content_hashes
from conda_lock.src_parser import make_lock_spec
from conda_lock.virtual_package import default_virtual_package_repodata
names, cases = sys.argv[1], json.loads(sys.argv[2])
repodata = default_virtual_package_repodata()
hashes = {}
for case, (files, platforms) in cases.items():
    spec = make_lock_spec(src_files=list(map(Path, files)), mapping_url=names, platform_overrides=platforms)
    hashes[case] = compute_content_hashes(spec, repodata)
print(json.dumps(hashes))
"""

_OF_REQUIREMENTS = """
import json, sys
from conda_lock.content_hash import compute_content_hashes
from conda_lock.models.lock_spec import LockSpecification
from conda_lock.src_parser.markers import evaluate_marker
from conda_lock.src_parser.pyproject_toml import parse_python_requirement
from conda_lock.virtual_package import default_virtual_package_repodata
found = [parse_python_requirement(line, manager="pip", mapping_url="") for line in json.loads(sys.argv[1])]
dependencies = {p: [d for d in found if evaluate_marker(d.markers, p)] for p in json.loads(sys.argv[2])}
spec = LockSpecification(dependencies=dependencies, channels=[], sources=[])
print(json.dumps(compute_content_hashes(spec, default_virtual_package_repodata())))
"""


def test_the_hashes_in_the_data_are_those_of_conda_lock(tmp_path: Path) -> None:
    known = json.loads((_DATA / "hashes.json").read_text())
    cases = {
        case: [[str(_DATA / name) for name in case.split("+")], None]
        if ".yml" in case
        else [[str(_MANIFESTS / case / "environment.yml")], _PLATFORMS]
        for case in known
    }
    (tmp_path / "names.yml").write_text("{}\n")
    assert json.loads(_conda_lock_python(_OF_FILES, tmp_path / "names.yml", json.dumps(cases))) == known


def test_requirements_have_the_hash_of_the_same_requirements_in_conda_lock() -> None:
    """conda-lock does not read requirements files; the requirements themselves it knows."""
    path = _MANIFESTS / "plain-requirements" / "requirements.in"
    joined = path.read_text().replace("\\\n", "")
    lines = [line.partition(" #")[0] for line in joined.splitlines() if line.strip() and line[0] not in "#-"]
    theirs = json.loads(_conda_lock_python(_OF_REQUIREMENTS, json.dumps(lines), json.dumps(_PLATFORMS)))
    spec = parse_requirements_txt("\n".join(lines), source="requirements.in")
    assert {p: content_hash(spec, p, channels=()) for p in _PLATFORMS} == theirs


def _locked(folder: Path, channels: tuple[str, ...]) -> Path:
    """A manifest, and a lock of one package a platform that says to be made from it."""
    shutil.copy(_MANIFESTS / "web-service" / "environment.yml", folder)
    environment = read_environment(folder / "environment.yml", environ={})
    package = LockedPackage(
        kind="conda",
        name="python",
        version="3.12.4",
        build="0",
        subdir="noarch",
        url="https://conda.example.org/main/noarch/python-3.12.4-0.conda",
        md5="0" * 32,
        sha256="0" * 64,
    )
    hashes = {
        platform.subdir: content_hash(environment.spec, platform.subdir, channels=environment.spec.channels)
        for platform in environment.platforms
    }
    lock = Lock(
        platforms=tuple(PlatformLock(platform=platform, packages=(package,)) for platform in hashes),
        channels=channels,
        sources=("environment.yml",),
        content_hash=tuple(hashes.items()),
    )
    write_lock(lock, folder / "conda-lock.yml")
    return folder


@pytest.mark.parametrize(
    "channel",
    [
        "conda-forge",
        "https://conda.anaconda.org/conda-forge",
    ],
)
def test_conda_lock_takes_the_lock_for_locked(channel: str, tmp_path: Path) -> None:
    done = _conda_lock_lock(_locked(tmp_path, (channel,)))
    assert "Spec hash already locked for ['linux-64', 'osx-arm64']. Skipping solve." in done.stderr


def test_conda_lock_solves_again_what_changed(tmp_path: Path) -> None:
    project = _locked(tmp_path, ("conda-forge",))
    manifest = project / "environment.yml"
    manifest.write_text(manifest.read_text().replace("alembic", "alembic>=1.13"))
    done = _conda_lock_lock(project)
    assert "Locking dependencies for ['linux-64', 'osx-arm64']" in done.stderr


def _conda_lock_lock(project: Path) -> subprocess.CompletedProcess[str]:
    """``conda-lock lock --check-input-hash``, with a conda that can do nothing."""
    (project / "names.yml").write_text("{}\n")
    no_conda, platforms = shutil.which("true"), ("--platform", "linux-64", "--platform", "osx-arm64")
    assert no_conda is not None
    options = ("--conda", no_conda, "--pypi_to_conda_lookup_file", str(project / "names.yml"), *platforms)
    files = ("--file", "environment.yml", "--lockfile", "conda-lock.yml")
    command = [str(tool("conda-lock", "conda-lock")), "lock", "--check-input-hash", *options, *files]
    return _run(command, project)


def _conda_lock_python(script: str, *arguments: str | Path) -> str:
    done = _run([str(tool("conda-lock", "python")), "-c", script, *map(str, arguments)], _REPOSITORY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = clean_environment()
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
