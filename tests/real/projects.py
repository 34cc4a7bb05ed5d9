"""The manifests of ``fixtures/manifests`` as projects on disk, each locked once in a test run."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import filelock

__all__ = ["CHANNEL", "MANIFESTS", "SAMPLE", "Done", "Locked", "Workshop", "clean_environment"]

_REPOSITORY = Path(__file__).parents[2]
_FOLDERS = _REPOSITORY / "fixtures" / "manifests"

SAMPLE = _REPOSITORY.parent / "shared" / "conda-forge-sample"
CHANNEL = "https://conda.anaconda.org/conda-forge"

MANIFESTS: Mapping[str, tuple[str, ...]] = {
    "geospatial": ("linux-64", "osx-arm64"),
    "ml-pytorch": ("linux-64", "osx-arm64"),
    "notebooks": ("linux-64", "osx-arm64"),
    "plain-requirements": ("linux-64", "osx-arm64"),
    # not osx-arm64: see test_what_the_sample_lacks_is_told_by_name
    "r-and-python": ("linux-64",),
    "web-service": ("linux-64", "osx-arm64"),
}
"""The platforms that each manifest is locked for; both of them are the default."""

_FOREIGN = ("CONDA_OVERRIDE_", "PIP_", "SAMEBOX_", "UV_")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A project in ``folder`` and how its lock was made; ``cache`` is what that run has filled."""

    name: str
    folder: Path
    cache: Path
    done: Done

    @property
    def lockfile(self) -> Path:
        return self.folder / "conda-lock.yml"

    @property
    def platforms(self) -> tuple[str, ...]:
        return MANIFESTS[self.name]

    def samebox(self, *arguments: str, **variables: str) -> Done:
        return run_samebox(self.folder, self.cache, *arguments, **variables)

    def copy_to(self, folder: Path) -> Locked:
        """The same project elsewhere, with its lock and the same cache."""
        shutil.copytree(self.folder, folder)
        return Locked(name=self.name, folder=folder, cache=self.cache, done=self.done)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A folder that all workers of a test run share: what one of them has locked, the others find there."""

    folder: Path

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def locked(self, name: str) -> Locked:
        """The project ``name``, locked for its platforms (a failed run counts, too: the test judges)."""
        platforms = [argument for platform in MANIFESTS[name] for argument in ("--platform", platform)]
        default = len(MANIFESTS[name]) == 2
        folder, done = self._once(name, name, *(() if default else platforms))
        return Locked(name=name, folder=folder, cache=self.cache, done=done)

    def project(self, name: str, folder: Path) -> Path:
        """A copy of the manifest ``name`` with the channel mirrored to the sample."""
        shutil.copytree(_FOLDERS / name, folder)
        (folder / "samebox.toml").write_text(f'[mirrors]\nconda-forge = "{SAMPLE.as_posix()}"\n')
        return folder

    def _once(self, key: str, name: str, *options: str) -> tuple[Path, Done]:
        folder, result = self.folder / key, self.folder / f"{key}.json"
        with filelock.FileLock(self.folder / f"{key}.guard"):
            if not result.exists():
                self.project(name, folder)
                done = run_samebox(folder, self.cache, "lock", *options)
                result.write_text(json.dumps([done.code, done.stdout, done.stderr]))
        code, stdout, stderr = json.loads(result.read_text())
        return folder, Done(code=code, stdout=stdout, stderr=stderr)


def run_samebox(folder: Path, cache: Path, *arguments: str, **variables: str) -> Done:
    """Run the command in ``folder``, away from the settings of whoever runs the tests."""
    done = subprocess.run(
        [sys.executable, "-m", "resolver", *arguments],
        cwd=folder,
        env={**clean_environment(), "SAMEBOX_CACHE_DIR": str(cache), "PYTHONPATH": str(_REPOSITORY), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@functools.cache
def clean_environment() -> Mapping[str, str]:
    """The variables of this process but for those that change where packages come from or what fits. Certificates
    and proxies stay."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN) or k == "PIP_CERT"}
