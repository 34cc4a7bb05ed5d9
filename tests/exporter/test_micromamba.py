"""The build stage with micromamba and pip: its scripts run here, with a stand-in for micromamba that notes its call.

micromamba itself is in no registry that the tests can reach; that its ``--file`` reads ``@EXPLICIT`` files with
``#sha256:`` is documented (conda/conda#14048, libmamba's ``PackageInfo::from_url``).
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from resolver.exporter import Strategy, docker_context, write_directory
from resolver.model import DockerSection, Lock, LockedPackage, PlatformLock
from tests.exporter.conftest import CHANNEL, conda, lock_of


@pytest.fixture
def cow(fixture_index: Path) -> LockedPackage:
    (path,) = (fixture_index / "files").glob("polite_cow-1.0-*.whl")
    return LockedPackage(
        kind="pypi",
        name="polite-cow",
        version="1.0",
        file_name=path.name,
        url=f"https://pypi.example.org/files/{path.name}",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


class Stage:
    """A folder that stands for the build stage's root: the context's files, and ``opt/env``."""

    def __init__(self, root: Path, lock: Lock, strategy: Strategy, artifacts: dict[str, Path]) -> None:
        self.root = root
        self.context = root / "tmp/samebox"
        write_directory(
            docker_context(
                lock,
                installer="micromamba",
                strategy=strategy,
                docker=DockerSection(prefix="/opt/env"),
                artifact_path=lambda artifact: artifacts[artifact.sha256],
            ),
            self.context,
        )
        for path in (self.context / "locks").iterdir():
            path.write_text(self._below_root(path.read_text()))
        commands = root / "bin"
        commands.mkdir()
        (commands / "micromamba").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{root}/called\n')
        (commands / "micromamba").chmod(0o755)

    def _below_root(self, text: str) -> str:
        return re.sub(r"(?<![\w}])/(tmp/samebox|opt/env)", rf"{self.root}/\1", text)

    def run(self, number: int, **environ: str) -> subprocess.CompletedProcess[str]:
        """The ``number``th RUN of the build stage."""
        build = (self.context / "Dockerfile").read_text().split("\nFROM ")[1]
        script = re.findall(r"^RUN ((?:.*\\\n)*.*)$", build, re.MULTILINE)[number]
        return subprocess.run(
            ["sh", "-c", self._below_root(script).replace("\\\n", " ")],
            env={"PATH": f"{self.root}/bin:{os.environ['PATH']}", "TARGETARCH": "amd64", **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def called(self) -> list[str]:
        return (self.root / "called").read_text().replace(str(self.root), "").splitlines()


def lock_with(*wheels: LockedPackage, sha256: str = "a" * 64) -> Lock:
    python = dataclasses.replace(conda("python", "3.12.4", "linux-64", "a"), sha256=sha256, md5=None)
    return lock_of(PlatformLock(platform="linux-64", packages=(python, *wheels)))


def test_micromamba_is_given_the_explicit_file_through_mirrors(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lock_with(), "thin", {})
    mirrors = "https://other.example.org=http://127.0.0.1:1/o https://conda.example.org=http://127.0.0.1:1/c"
    done = stage.run(0, SAMEBOX_MIRRORS=mirrors)
    assert (done.returncode, done.stderr) == (0, "")
    assert stage.called == [
        *("create", "--yes", "--no-rc", "--no-env", "--no-pyc", "--root-prefix", "/tmp/samebox/mamba"),
        *("--prefix", "/opt/env", "--file", "/tmp/samebox/explicit.txt"),
    ]
    assert (stage.context / "explicit.txt").read_text() == (
        f"# platform: linux-64\n@EXPLICIT\nhttp://127.0.0.1:1/c/demo/linux-64/python-3.12.4-0.conda#sha256:{'a' * 64}\n"
    )


def test_without_mirrors_the_explicit_file_is_used_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lock_with(), "thin", {})
    assert stage.run(0).returncode == 0
    assert f"{CHANNEL}/linux-64/python-3.12.4-0.conda#sha256:" in (stage.context / "explicit.txt").read_text()


def test_vendored_artifacts_are_checked_first(tmp_path: Path) -> None:
    (tmp_path / "python").write_bytes(b"conda package")
    sha256 = hashlib.sha256(b"conda package").hexdigest()
    stage = Stage(tmp_path, lock_with(sha256=sha256), "vendored", {sha256: tmp_path / "python"})
    done = stage.run(0)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--offline" in stage.called
    assert stage.called[-1] == "/tmp/samebox/locks/linux-64.explicit.txt"

    (tmp_path / "called").unlink()
    (stage.context / "artifacts" / sha256 / "python-3.12.4-0.conda").write_bytes(b"another")
    done = stage.run(0)
    assert done.returncode == 1
    assert "samebox: an artifact is not what the lock says" in done.stderr
    assert not (tmp_path / "called").exists()


def test_a_build_image_without_micromamba_is_named(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lock_with(), "thin", {})
    (tmp_path / "bin/micromamba").unlink()
    done = stage.run(0)
    assert done.returncode == 1
    assert "has no micromamba; set docker.build-image" in done.stderr


@pytest.mark.parametrize("own_pip", [True, False])
def test_pip_installs_the_wheels_from_the_context(
    tmp_path: Path, cow: LockedPackage, fixture_index: Path, own_pip: bool
) -> None:
    assert cow.sha256 is not None
    assert cow.file_name is not None
    (tmp_path / "python").write_bytes(b"conda package")
    sha256 = hashlib.sha256(b"conda package").hexdigest()
    files = {sha256: tmp_path / "python", cow.sha256: fixture_index / "files" / cow.file_name}
    stage = Stage(tmp_path, lock_with(cow, sha256=sha256), "vendored", files)
    pip = [] if own_pip else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *pip, tmp_path / "opt/env"], check=True)
    assert stage.run(0).returncode == 0

    done = stage.run(1, PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 0, done.stderr
    (installed,) = (tmp_path / "opt/env").glob("lib/python3*/site-packages/polite_cow.py")
    assert not list(installed.parent.glob("__pycache__/polite_cow*"))
    assert (tmp_path / "tmp/samebox-installer").exists() is not own_pip


def test_pip_refuses_a_wheel_of_another_hash(tmp_path: Path, cow: LockedPackage, fixture_index: Path) -> None:
    assert cow.sha256 is not None
    assert cow.file_name is not None
    (tmp_path / "python").write_bytes(b"conda package")
    sha256 = hashlib.sha256(b"conda package").hexdigest()
    files = {sha256: tmp_path / "python", cow.sha256: fixture_index / "files" / cow.file_name}
    stage = Stage(tmp_path, lock_with(cow, sha256=sha256), "vendored", files)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "opt/env"], check=True)
    assert stage.run(0).returncode == 0
    wheel = stage.context / "artifacts" / cow.sha256 / cow.file_name
    wheel.write_bytes(wheel.read_bytes() + b"!")
    done = stage.run(1, PIP_CONFIG_FILE=os.devnull)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_without_wheels_pip_is_not_called(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lock_with(), "thin", {})
    assert stage.run(0).returncode == 0
    done = stage.run(1)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
