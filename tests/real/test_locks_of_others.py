"""We read what other tools produce here: conda-lock locks, rewrites and renders, and py-rattler writes a lock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rattler import Channel, LockChannel, LockFile, LockPlatform, SparseRepoData

from resolver.canonicalizer import digest
from resolver.locks.files import read_lock, write_lock
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.real.projects import clean_environment
from tests.real.toolboxes import tool

pytestmark = pytest.mark.network

_VALID = Path(__file__).parents[1] / "locks" / "data" / "conda-lock" / "valid"
_CHANNEL = "https://conda.anaconda.org/conda-forge"

_REWRITE = """
import sys
from pathlib import Path
from conda_lock.lockfile import parse_conda_lock_file, write_conda_lock_file
write_conda_lock_file(parse_conda_lock_file(Path(sys.argv[1])), Path(sys.argv[2]), metadata_choices=None)
"""

_CONDA = """\
#!{python}
import json, sys
if "create" in sys.argv:
    subdir = sys.argv[sys.argv.index("--platform") + 1] if "--platform" in sys.argv else "linux-64"
    print(json.dumps({{"success": True, "actions": {{"FETCH": {rows}, "LINK": {rows}}}}}))
else:
    print("conda 24.1.0")
"""


def _row(name: str, version: str, mark: str, depends: tuple[str, ...] = ()) -> dict[str, object]:
    stem = f"{name}-{version}-0"
    return {
        "name": name,
        "version": version,
        "build": "0",
        "build_string": "0",
        "channel": _CHANNEL,
        "base_url": _CHANNEL,
        "platform": "noarch",
        "subdir": "noarch",
        "dist_name": stem,
        "fn": f"{stem}.conda",
        "url": f"{_CHANNEL}/noarch/{stem}.conda",
        "md5": mark * 32,
        "sha256": mark * 64,
        "depends": list(depends),
        "constrains": [],
        "timestamp": 0,
    }


def test_a_lock_that_conda_lock_makes(tmp_path: Path) -> None:
    """With a conda that has one answer: what is read is what conda-lock makes of it."""
    rows = [_row("tzdata", "2024a", "a"), _row("clock", "1.0", "b", ("tzdata >=2024", "__unix"))]
    conda = tmp_path / "conda"
    conda.write_text(_CONDA.format(python=sys.executable, rows=json.dumps(rows)))
    conda.chmod(0o755)
    (tmp_path / "environment.yml").write_text("channels: [conda-forge]\ndependencies: [clock]\n")
    options = ("--conda", str(conda), "--platform", "linux-64", "--file", "environment.yml")
    _run([str(tool("conda-lock", "conda-lock")), "lock", *options, "--lockfile", "conda-lock.yml"], tmp_path)
    lock = read_lock(tmp_path / "conda-lock.yml")
    assert (lock.channels, lock.sources) == ((_CHANNEL,), ("environment.yml",))
    assert [
        (p.name, p.version, p.build, p.url, p.sha256, p.md5, p.dependencies, p.groups)
        for p in lock.on("linux-64").packages
    ] == [
        ("clock", "1.0", "0", rows[1]["url"], "b" * 64, "b" * 32, (("tzdata", ">=2024"),), ("main",)),
        ("tzdata", "2024a", "0", rows[0]["url"], "a" * 64, "a" * 32, (), ("main",)),
    ]


@pytest.mark.parametrize("path", sorted(_VALID.glob("*.yml")), ids=lambda p: p.stem)
def test_what_conda_lock_rewrites(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.conda-lock.yml"
    _run([str(tool("conda-lock", "python")), "-c", _REWRITE, str(path), str(again)], tmp_path)
    assert _held(read_lock(again)) == _held(read_lock(path, format="conda-lock"))


def test_the_explicit_files_that_conda_lock_renders(tmp_path: Path) -> None:
    package = LockedPackage(
        kind="conda",
        name="tzdata",
        version="2024a",
        build="0",
        subdir="noarch",
        file_name="tzdata-2024a-0.conda",
        url=f"{_CHANNEL}/noarch/tzdata-2024a-0.conda",
        md5="a" * 32,
        sha256="b" * 64,
    )
    lock = Lock(
        platforms=(PlatformLock(platform="linux-64", packages=(package,)),), content_hash=(("linux-64", "c" * 64),)
    )
    write_lock(lock, tmp_path / "conda-lock.yml")
    _run([str(tool("conda-lock", "conda-lock")), "render", "-k", "explicit", "conda-lock.yml"], tmp_path)
    (found,) = read_lock(tmp_path / "conda-linux-64.lock").on("linux-64").packages
    assert (found.name, found.version, found.url, found.md5) == ("tzdata", "2024a", package.url, "a" * 32)


def test_a_lock_that_py_rattler_writes(fixture_channel: Path, tmp_path: Path) -> None:
    records = SparseRepoData(
        Channel("https://conda.example.org/samebox-fixtures"), "noarch", fixture_channel / "noarch" / "repodata.json"
    ).load_records("greeter")
    record = next(r for r in records if r.sha256 is not None)
    platform = LockPlatform("linux-64")
    lock_file = LockFile([platform])
    lock_file.set_channels("default", [LockChannel("https://conda.example.org/samebox-fixtures")])
    lock_file.add_conda_package("default", platform, record)
    lock_file.add_pypi_package("default", platform, "cow", "1.0", "https://files.example.org/cow-1.0-py3-none-any.whl")
    lock_file.to_path(tmp_path / "pixi.lock")
    lock = read_lock(tmp_path / "pixi.lock")
    greeter, cow = lock.on("linux-64").packages
    assert record.sha256 is not None
    assert (greeter.name, greeter.version, greeter.sha256) == ("greeter", str(record.version), record.sha256.hex())
    assert (cow.kind, cow.name, cow.version, cow.sha256) == ("pypi", "cow", "1.0", None)
    assert lock.channels == ("https://conda.example.org/samebox-fixtures",)


def _held(lock: Lock) -> object:
    """What is installed. Not every fixture has an identity."""
    packages = [
        (p.platform, k.kind, k.name, k.version, k.url, k.sha256, k.md5, k.groups, k.commit, k.tree)
        for p in lock.platforms
        for k in p.packages
    ]
    is_whole = all(row[5] or row[8] or row[9] for row in packages)
    return packages, lock.channels, str(digest(lock)) if is_whole else None


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(clean_environment()),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
