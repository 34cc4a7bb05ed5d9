"""Other tools judge our locks in the formats of the Python world, and our explicit files."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from packaging.markers import Environment
from packaging.pylock import Pylock
from packaging.tags import parse_tag
from rattler.explicit_environment import ExplicitEnvironmentSpec

from resolver.canonicalizer import digest
from resolver.locks.files import format_of, read_lock, write_lock
from resolver.model import Lock
from resolver.platforms import Platform, PythonTarget
from tests.real.projects import Workshop, clean_environment, run_samebox
from tests.real.targets import platform_tags
from tests.real.toolboxes import tool

pytestmark = [pytest.mark.sample, pytest.mark.network]

_UV_PLATFORMS = {"linux-64": "x86_64-manylinux_2_28", "osx-arm64": "aarch64-apple-darwin"}
_HERE = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="pip evaluates markers for the machine it is on"
)
_BOTH = pytest.mark.parametrize("subdir", ["linux-64", "osx-arm64"])


@pytest.fixture
def lock(workshop: Workshop, tmp_path: Path) -> Lock:
    """A lock of PyPI alone, with wheels of its own for each platform, for the Python of the judges."""
    folder = workshop.project("plain-requirements", tmp_path / "project")
    done = run_samebox(folder, workshop.cache, "lock", "--python", f"{sys.version_info.major}.{sys.version_info.minor}")
    assert done.code == 0, done.stderr
    return read_lock(folder / "conda-lock.yml")


@_BOTH
def test_packaging_selects_the_locked_files(lock: Lock, subdir: str, tmp_path: Path) -> None:
    target, python = Platform.of(subdir), _python(lock, subdir)
    write_lock(lock, tmp_path / "pylock.toml")
    selected = Pylock.from_dict(tomllib.loads((tmp_path / "pylock.toml").read_text())).select(
        environment=cast(Environment, target.markers(python)),
        tags=[tag for text in target.wheel_tags(python) for tag in parse_tag(text)],
    )
    found = {(package.name, cast(Any, file).hashes["sha256"]) for package, file in selected}
    assert found == {(p.name, p.sha256) for p in lock.on(subdir).packages}


@_BOTH
def test_uv_would_install_the_locked_versions_from_a_pylock(lock: Lock, subdir: str, tmp_path: Path) -> None:
    write_lock(lock, tmp_path / "pylock.toml")
    python = ["--python", sys.executable, "--python-platform", _UV_PLATFORMS[subdir]]
    command = [tool("uv", "uv"), "pip", "install", "--dry-run", "--no-config", "--preview-features", "pylock", *python]
    done = _run([*command, "--target", tmp_path / "target", "-r", "pylock.toml"], tmp_path)
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^ \+ (\S+)==(\S+)", done.stderr + done.stdout, re.MULTILINE))
    assert found == {p.name: p.version for p in lock.on(subdir).packages}


@_HERE
def test_pip_would_install_the_locked_files_from_a_pylock(lock: Lock, tmp_path: Path) -> None:
    write_lock(lock, tmp_path / "pylock.toml")
    pip = [tool("pip", "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--dry-run"]
    command = [*pip, "--ignore-installed", "--only-binary", ":all:", "--report", "report.json", "-r", "pylock.toml"]
    done = _run(command, tmp_path, PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 0, done.stderr
    assert _installed(tmp_path / "report.json") == {p.url: p.sha256 for p in lock.on("linux-64").packages}


@_HERE
def test_pip_would_install_the_locked_files_from_requirements(lock: Lock, real_index: str, tmp_path: Path) -> None:
    write_lock(lock, tmp_path / "requirements.txt")
    options = ["--dry-run", "--ignore-installed", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    python = ["--python-version", _python(lock, "linux-64").version, "--implementation", "cp"]
    platforms = [argument for tag in platform_tags("linux-64") for argument in ("--platform", tag)]
    pip = [tool("pip", "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--index-url", real_index]
    target = ["--target", tmp_path / "target", *python, *platforms, "--report", "report.json"]
    done = _run([*pip, *options, *target, "-r", "requirements.txt"], tmp_path, PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 0, done.stderr
    assert _installed(tmp_path / "report.json") == {p.url: p.sha256 for p in lock.on("linux-64").packages}


@_HERE
def test_pip_sync_would_install_the_locked_versions(lock: Lock, tmp_path: Path) -> None:
    write_lock(lock, tmp_path / "requirements.txt")
    done = _run([tool("pip-tools", "pip-sync"), "--dry-run", "requirements.txt"], tmp_path)
    would_install = done.stdout.partition("Would install:")[2]
    assert done.returncode == 1, done.stderr  # there is something to do
    found = dict(re.findall(r"^  (\S+)==(\S+)$", would_install, re.MULTILINE))
    already = _already_there(tool("pip-tools", "python"), tmp_path)
    expected = {p.name: p.version for p in lock.on("linux-64").packages}
    assert found == {name: version for name, version in expected.items() if already.get(name) != version}


@pytest.mark.parametrize("name", ["plain-requirements", "web-service"])
def test_conda_lock_renders_the_lines_that_we_write(name: str, workshop: Workshop, tmp_path: Path) -> None:
    lock = read_lock(workshop.locked(name).lockfile)
    command = [tool("conda-lock", "conda-lock"), "render", "-k", "explicit", workshop.locked(name).lockfile]
    done = _run(command, tmp_path)
    assert done.returncode == 0, done.stderr
    for locked in lock.platforms:
        theirs = (tmp_path / f"conda-{locked.platform}.lock").read_text()
        alone = Lock(platforms=(locked,))
        ours = format_of("", name="explicit-md5").render(alone)
        assert _said(ours) == _said(theirs)
        assert digest(format_of("", name="explicit-md5").parse(ours, "")) == digest(alone)
        assert [package.url for package in ExplicitEnvironmentSpec.from_str(ours).packages] == [
            line for line in ours.splitlines() if line.startswith("https://")
        ]


def _installed(report: Path) -> Mapping[str, str]:
    found = [item["download_info"] for item in json.loads(report.read_text())["install"]]
    return {item["url"]: item["archive_info"]["hashes"]["sha256"] for item in found}


def _said(text: str) -> list[str]:
    return sorted(line for line in text.splitlines() if line.startswith(("https://", "# pip ", "# platform", "@")))


def _python(lock: Lock, subdir: str) -> PythonTarget:
    assert lock.evidence is not None
    return PythonTarget(version=dict(lock.evidence.pythons)[subdir])


def _already_there(python: Path, folder: Path) -> Mapping[str, str]:
    done = _run([python, "-m", "pip", "list", "--format", "json"], folder)
    return {row["name"].lower(): row["version"] for row in json.loads(done.stdout)}


def _run(command: list[Any], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(argument) for argument in command],
        cwd=folder,
        env={**clean_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
