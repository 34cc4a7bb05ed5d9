"""The rooms of the package import each other in one direction: the contracts are in ``.importlinter``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def _lint(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _LINT, "--config", str(config), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_are_kept() -> None:
    pytest.importorskip("importlinter")
    done = _lint(_ROOT, _ROOT / ".importlinter")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 4 kept, 0 broken." in done.stdout


def test_the_contracts_can_be_broken(tmp_path: Path) -> None:
    """A copy of the package in which one module looks upwards."""
    pytest.importorskip("importlinter")
    for path in (_ROOT / "resolver").rglob("*.py"):
        copy = tmp_path / "resolver" / path.relative_to(_ROOT / "resolver")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    model = tmp_path / "resolver" / "model.py"
    model.write_text(model.read_text() + "\nimport resolver.canonicalizer\n")
    done = _lint(tmp_path, _ROOT / ".importlinter")
    assert done.returncode != 0
    assert "resolver.model is not allowed to import resolver.canonicalizer" in done.stdout
