"""The hooks' file itself, and which files of a project a hook is run for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import resolver

_ROOT = Path(resolver.__file__).parent.parent


def _hooks() -> dict[str, dict[str, Any]]:
    listed = yaml.safe_load((_ROOT / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in listed}


def test_there_are_a_check_a_fix_and_an_export() -> None:
    hooks = _hooks()
    assert list(hooks) == ["samebox-check", "samebox-lock", "samebox-export"]
    for hook in hooks.values():
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)


@pytest.mark.parametrize(
    "name",
    [
        "environment.yml",
        "envs/dev.yaml",
        "pixi.toml",
        "pyproject.toml",
        "sub/samebox.toml",
        "requirements.in",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements/dev.in",
        "constraints.txt",
        "conda-lock.yml",
        "dev.conda-lock.yml",
        "pixi.lock",
        "uv.lock",
        "pylock.toml",
        "pylock.dev.toml",
        "conda-linux-64.lock",
        "pixi.lock.evidence.json",
    ],
)
def test_a_fix_is_run_for_manifests_locks_and_settings(name: str) -> None:
    for hook in ("samebox-lock", "samebox-export"):
        assert re.search(_hooks()[hook]["files"], name)


@pytest.mark.parametrize("name", ["README.md", "main.py", "notes.txt", "data.json", "Cargo.toml", "xpyproject.toml"])
def test_a_fix_is_not_run_for_other_files(name: str) -> None:
    for hook in ("samebox-lock", "samebox-export"):
        assert not re.search(_hooks()[hook]["files"], name)
