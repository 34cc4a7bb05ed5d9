"""Other tools judge our locks: conda-lock and py-rattler read them, pip takes their hashes, uv finds the same pins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from rattler import LockFile, Version

from tests.real.asked import read_requirements
from tests.real.lockfiles import Row, evidence, read_rows, rows_by_platform
from tests.real.projects import MANIFESTS, Workshop, clean_environment, run_samebox
from tests.real.targets import platform_tags
from tests.real.toolboxes import tool

pytestmark = [pytest.mark.sample, pytest.mark.network]

_PARSE = """
import json, sys
from pathlib import Path
from conda_lock.lockfile import parse_conda_lock_file
packages = parse_conda_lock_file(Path(sys.argv[1])).package
rows = [[p.platform, p.manager, p.name, p.version, p.url, p.hash.sha256, sorted(p.categories)] for p in packages]
print(json.dumps(rows))
"""

_CUT_OFF = "2026-09-15T00:00:00Z"
_UV_PLATFORMS = {"linux-64": "x86_64-manylinux_2_28", "osx-arm64": "aarch64-apple-darwin"}


@pytest.fixture(params=(*MANIFESTS, "quickstart"))
def lockfile(request: pytest.FixtureRequest) -> Path:
    """Each lock, and that of the quickstart, which is of the fixtures alone."""
    if request.param != "quickstart":
        workshop: Workshop = request.getfixturevalue("workshop")
        locked = workshop.locked(request.param)
        assert locked.done.code == 0, locked.done.stderr
        return locked.lockfile
    folder: Path = request.getfixturevalue("quickstart")
    done = run_samebox(folder, folder / "cache", "lock")
    assert done.code == 0, done.stderr
    return folder / "conda-lock.yml"


def test_conda_lock_reads_the_same_packages(lockfile: Path) -> None:
    rows = json.loads(_answer([tool("conda-lock", "python"), "-c", _PARSE, lockfile], lockfile.parent))
    ours = [[r.platform, r.manager, r.name, r.version, r.url, r.sha256, [r.category]] for r in read_rows(lockfile)]
    assert sorted(rows) == sorted(ours)


def test_conda_lock_renders_explicit_files_of_the_same_packages(lockfile: Path, tmp_path: Path) -> None:
    _answer([tool("conda-lock", "conda-lock"), "render", "-k", "explicit", lockfile], tmp_path)
    for platform, rows in rows_by_platform(lockfile).items():
        lines = (tmp_path / f"conda-{platform}.lock").read_text().splitlines()
        conda = [line.partition("#")[0] for line in lines if line.startswith("https://")]
        pip = [line.removeprefix("# pip ") for line in lines if line.startswith("# pip ")]
        assert sorted(conda) == sorted(row.url for row in rows if row.manager == "conda")
        assert sorted(pip) == sorted(f"{r.name} @ {r.url}#sha256={r.sha256}" for r in rows if r.manager == "pip")


def test_rattler_reads_the_same_packages(lockfile: Path) -> None:
    ((_, environment),) = LockFile.from_path(lockfile).environments()
    theirs = [
        _as_rattler_says(platform.name, package)
        for platform in environment.platforms()
        for package in environment.packages(platform) or ()
    ]
    ours = [(r.platform, canonicalize_name(r.name), r.url, r.sha256, r.version) for r in read_rows(lockfile)]
    assert sorted(row[:4] for row in theirs) == sorted(row[:4] for row in ours)
    # py-rattler may write a version in another way (3.0 for 3.000)
    pairs = zip(sorted(theirs), sorted(ours), strict=True)
    assert [(left, right) for left, right in pairs if Version(left[4]) != Version(right[4])] == []


@pytest.mark.parametrize("platform", ["linux-64", "osx-arm64"])
@pytest.mark.parametrize("name", ["plain-requirements", "web-service"])
def test_pip_takes_the_hashes_for_either_platform(
    name: str, platform: str, workshop: Workshop, real_index: str, tmp_path: Path
) -> None:
    lockfile = workshop.locked(name).lockfile
    rows = rows_by_platform(lockfile)[platform]
    wheels = [row for row in rows if row.manager == "pip"]
    python = _python(rows, lockfile)
    (tmp_path / "requirements.txt").write_text(_requirements(wheels))
    report = tmp_path / "report.json"
    options = ["--dry-run", "--ignore-installed", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    target = ["--target", tmp_path / "target", "--python-version", python, "--implementation", "cp"]
    platforms = [argument for tag in platform_tags(platform) for argument in ("--platform", tag)]
    pip = [tool("pip", "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--index-url", real_index]
    command = [*pip, *options, *target, *platforms, "--report", report, "--requirement", "requirements.txt"]
    _answer(command, tmp_path, PIP_CONFIG_FILE="/dev/null")
    installed = [item["download_info"] for item in json.loads(report.read_text())["install"]]
    chosen = sorted((item["url"], item["archive_info"]["hashes"]["sha256"]) for item in installed)
    assert chosen == sorted((row.url, row.sha256) for row in wheels)


def test_pip_refuses_a_lock_with_another_hash(workshop: Workshop, real_index: str, tmp_path: Path) -> None:
    wheel = next(row for row in read_rows(workshop.locked("plain-requirements").lockfile) if row.name == "idna")
    (tmp_path / "requirements.txt").write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{'0' * 64}\n")
    pip = [tool("pip", "python"), "-m", "pip", "install", "--dry-run", "--no-deps", "--index-url", real_index]
    command = [*pip, "--require-hashes", "--requirement", "requirements.txt"]
    done = _run(command, tmp_path, PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


def test_uv_finds_the_same_pins(workshop: Workshop, real_index: str, tmp_path: Path) -> None:
    """With a cut-off in the past, so that nothing that is published between the two runs can come between them."""
    folder = workshop.project("plain-requirements", tmp_path / "project")
    done = run_samebox(folder, workshop.cache, "lock", "--exclude-newer", _CUT_OFF)
    assert done.code == 0, done.stderr
    lockfile = folder / "conda-lock.yml"
    # uv does not take a line that is broken between a name and its version
    (folder / "joined.in").write_text((folder / "requirements.in").read_text().replace("\\\n", ""))
    locked = rows_by_platform(lockfile)
    with ThreadPoolExecutor() as executor:
        found = executor.map(lambda p: _uv_pins(folder, p, _python(locked[p], lockfile), real_index), locked)
    assert list(found) == [{row.name: f"=={row.version}" for row in rows} for rows in locked.values()]


def _uv_pins(folder: Path, platform: str, python: str, index: str) -> dict[str, str]:
    pins = folder / f"uv-{platform}.txt"
    target = ["--python-version", python, "--python-platform", _UV_PLATFORMS[platform], "--exclude-newer", _CUT_OFF]
    options = ["--only-binary", ":all:", "--no-header", "--no-annotate", "--no-config", "--default-index", index]
    command = [tool("uv", "uv"), "pip", "compile", "joined.in", "--quiet", *target, *options, "--output-file", pins]
    _answer(command, folder, MACOSX_DEPLOYMENT_TARGET="11.0")
    return {canonicalize_name(r.name): str(r.specifier) for r in read_requirements(pins)}


def _requirements(wheels: Iterable[Row]) -> str:
    return "".join(f"{row.name}=={row.version} --hash=sha256:{row.sha256}\n" for row in wheels)


def _python(rows: Iterable[Row], lockfile: Path) -> str:
    rows = tuple(rows)
    conda = [row.version for row in rows if row.manager == "conda" and row.name == "python"]
    return conda[0] if conda else str(dict(evidence(lockfile, "pythons"))[rows[0].platform])


def _as_rattler_says(platform: str, package: Any) -> tuple[str, str, str, str, str]:
    sha256 = package.hashes.sha256.hex()
    return (str(platform), canonicalize_name(package.name), str(package.location), sha256, str(package.version))


def _answer(command: list[Any], folder: Path, **variables: str) -> str:
    done = _run(command, folder, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(command: list[Any], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), **variables}
    return subprocess.run(
        [str(argument) for argument in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
