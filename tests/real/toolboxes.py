"""Other tools, each in a virtual environment of its own, made once and kept for later test runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import filelock

__all__ = ["PINS", "tool"]

PINS: Mapping[str, str] = {
    "conda-lock": "4.0.3",
    "pip": "26.3",
    "pip-tools": "7.6.2",
    "pre-commit": "4.7.0",
    "uv": "0.13.9",
}


def tool(name: str, command: str) -> Path:
    """The program ``command`` of the tool ``name`` in its pinned version, installed first where it is not there yet."""
    folder = _cache() / f"venv-{name}-{PINS[name]}-py{sys.version_info.major}.{sys.version_info.minor}"
    complete = folder / "complete"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_name(f"{folder.name}.guard")):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", folder)
            _run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"{name}=={PINS[name]}")
            complete.touch()
    return folder / "bin" / command


def _cache() -> Path:
    configured = os.environ.get("SAMEBOX_TEST_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "samebox-tests"


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
