"""The same lock gives the same bytes, whatever the process that computes them was started with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_IDENTITY = _ROOT / "fixtures" / "identity"
_GOLDEN = Path(__file__).parent / "locks" / "data" / "golden.conda-lock.yml"

_PRINT = """
import hashlib, os, pathlib, sys
os.umask(int(sys.argv[1], 8))
from resolver.canonicalizer import canonical_bytes, digest
from resolver.locks.formats.conda_lock import FORMAT
from resolver.locks.slices import slice_of
from resolver.model import Lock
for name in sys.argv[2:]:
    path = pathlib.Path(name)
    lock = FORMAT.parse(path.read_bytes().decode(), path.name)
    print(path.name, digest(lock), hashlib.sha256(canonical_bytes(lock)).hexdigest())
    print(hashlib.sha256(FORMAT.render(lock).encode()).hexdigest())
    for platform in lock.platforms:
        print(platform.platform, digest(lock, platform=platform.platform))
        print(hashlib.sha256(slice_of(lock, platform.platform, {"main", "dev"})).hexdigest())
"""


def _locks() -> list[str]:
    return [str(path) for path in (*sorted(_IDENTITY.glob("*.conda-lock.yml")), _GOLDEN)]


def _run(
    environment: dict[str, str] | None = None, *, python: str = sys.executable, umask: str = "022", cwd: Path = _ROOT
) -> str:
    done = subprocess.run(
        [python, "-c", _PRINT, umask, *_locks()],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def reference() -> str:
    return _run({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"})


def test_there_is_something_to_compare(reference: str) -> None:
    expected = [
        (_IDENTITY / path.name.replace(".conda-lock.yml", ".digests.json")).read_text()
        for path in sorted(_IDENTITY.glob("*.conda-lock.yml"))
    ]
    heads = [line.split() for line in reference.splitlines() if ".conda-lock.yml" in line]
    assert len(heads) == len(expected) + 1 >= 4
    assert [digest in text for (_, digest, _), text in zip(heads, expected, strict=False)] == [True] * len(expected)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "42", "TZ": "Asia/Kathmandu"},
        {"PYTHONHASHSEED": "0", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONOPTIMIZE": "2"},
        {"SOURCE_DATE_EPOCH": "1", "CONDA_OVERRIDE_GLIBC": "2.99", "HOME": "/nonexistent"},
    ],
    ids=lambda environment: " ".join(environment),
)
def test_the_environment_is_no_input(reference: str, environment: dict[str, str]) -> None:
    assert _run(environment) == reference


@pytest.mark.parametrize("umask", ["000", "077"])
def test_umask_and_folder_are_no_input(reference: str, umask: str, tmp_path: Path) -> None:
    assert _run(umask=umask, cwd=tmp_path) == reference


_NEEDED = "import msgspec, packaging, yaml, yaml_rs; import sys; print(sys.version_info[:2])"


def _can_run(python: str) -> bool:
    found = shutil.which(python)
    return (
        found is not None and subprocess.run([found, "-c", _NEEDED], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_version_of_python_is_no_input(reference: str, version: str) -> None:
    python = sys.executable if version == ".".join(map(str, sys.version_info[:2])) else f"python{version}"
    if not _can_run(python=python):
        pytest.skip(f"{python} with msgspec, packaging, PyYAML and yaml-rs is not on PATH")
    assert _run(python=python) == reference
