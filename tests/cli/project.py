"""A small project in a folder of its own, and the real command run on it in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import resolver

__all__ = ["CHANNEL", "INDEX", "Outcome", "Project", "environment_yml"]

CHANNEL = "https://conda.example.org/samebox-fixtures"
INDEX = "https://pypi.example.org/simple/"

_PACKAGE_ROOT = Path(resolver.__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run of the command gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def told(self) -> str:
        """stderr without the lines of progress, which a slow machine has and a fast one has not."""
        return "".join(line for line in self.stderr.splitlines(keepends=True) if not line.endswith(" …\n"))


class Project:
    """A folder with its settings, a cache of its own, and the environment variables that a run is given."""

    def __init__(self, folder: Path, *, channels: str, index: str, platforms: tuple[str, ...] = ("linux-64",)) -> None:
        self.folder = folder
        self.cache = folder.parent / f"{folder.name}-cache"
        self.home = folder.parent / f"{folder.name}-home"
        self.lockfile = folder / "conda-lock.yml"
        folder.mkdir()
        self.home.mkdir()
        self.settings = (
            f"platforms = {json.dumps(platforms)}\n"
            f'index-url = "{INDEX}"\n'
            "[docker]\n"
            "resolve-base = false\n"
            "[mirrors]\n"
            f'"https://conda.example.org" = {json.dumps(channels)}\n'
            f'"https://pypi.example.org" = {json.dumps(index)}\n'
        )
        self.write("samebox.toml", self.settings)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def environ(self, **changes: str) -> dict[str, str]:
        """Nothing of the environment that the tests run in but what a process needs to start."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(_PACKAGE_ROOT),
            "SAMEBOX_CACHE_DIR": str(self.cache),
            **changes,
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "resolver", *arguments]

    def run(self, *arguments: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Outcome:
        ended = subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.folder,
            env=self.environ(**(environ or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Outcome(code=ended.returncode, stdout=ended.stdout.decode(), stderr=ended.stderr.decode())

    def succeed(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Outcome:
        outcome = self.run(*arguments, environ=environ)
        assert outcome.code == 0, outcome.stderr
        return outcome

    def fail(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        """Run what must be refused: exit code 2, nothing on stdout, and the lock (or its absence) as it was. Gives
        what was told."""
        before = self.lock_bytes()
        outcome = self.run(*arguments, environ=environ)
        assert (outcome.code, outcome.stdout) == (2, ""), outcome
        assert "Traceback" not in outcome.stderr, outcome.stderr
        assert self.lock_bytes() == before
        return outcome.told

    def lock_bytes(self) -> bytes | None:
        return self.lockfile.read_bytes() if self.lockfile.exists() else None

    def edit_lock(self, old: str, new: str, *, count: int = 1) -> None:
        text = self.lockfile.read_text()
        assert text.count(old) >= count, f"the lock does not say {old!r}"
        self.lockfile.write_text(text.replace(old, new, count))


def environment_yml(*conda: str, pip: tuple[str, ...] = (), channel: str = CHANNEL) -> str:
    """The text of an ``environment.yml``: the first conda package stands in line 4."""
    lines = ["channels:", f"- {channel}", "dependencies:", *(f"- {spec}" for spec in conda)]
    if pip:
        lines += ["- pip:", *(f"  - {requirement}" for requirement in pip)]
    return "".join(f"{line}\n" for line in lines)
