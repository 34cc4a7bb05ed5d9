"""Our hooks as pre-commit installs them: from a git repository, with all that they need from the real index."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import filelock
import pytest

import resolver
from tests.cli.conftest import make_project, project
from tests.hooks.repository import Hooks
from tests.real.conftest import real_index
from tests.real.toolboxes import tool

__all__ = ["hooks", "make_project", "project", "real_index"]

_ROOT = Path(resolver.__file__).parent.parent
_FILES = ("pyproject.toml", "README.md", ".pre-commit-hooks.yaml")
_CONFIG = """\
repos:
- repo: {repository}
  rev: {revision}
  hooks:
  - id: samebox-check
"""


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory, real_index: str) -> Hooks:
    """The package of this work tree, committed to a repository of its own and installed by pre-commit, once for all
    workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "hooks"
    folder.mkdir(exist_ok=True)
    program, repository, home = tool("pre-commit", "pre-commit"), folder / "samebox", folder / "pre-commit"
    with filelock.FileLock(folder / "guard"):
        if not (folder / "complete").exists():
            revision = _committed(repository)
            _install(program, repository, revision, home, folder / "warm")
            (folder / "complete").write_text(revision)
    return Hooks(program=program, repository=repository, revision=(folder / "complete").read_text(), home=home)


def _committed(repository: Path) -> str:
    """The commit that holds a copy of what is to be installed."""
    shutil.copytree(_ROOT / "resolver", repository / "resolver", ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(_ROOT / name, repository / name)
    _git(repository, "init", "--quiet")
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "-m", "Samebox as it is here")
    return _git(repository, "rev-parse", "HEAD")


def _install(program: Path, repository: Path, revision: str, home: Path, warm: Path) -> None:
    warm.mkdir()
    _git(warm, "init", "--quiet")
    (warm / ".pre-commit-config.yaml").write_text(_CONFIG.format(repository=repository, revision=revision))
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [program, "install-hooks"],
        cwd=warm,
        env={**environ, "PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _git(folder: Path, *arguments: str) -> str:
    who = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
