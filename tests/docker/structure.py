"""container-structure-test, an independent judge of images, and hadolint, one of Dockerfiles."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.docker.engines import DockerDaemon

__all__ = ["check_dockerfile", "check_structure", "file_test"]


def check_dockerfile(dockerfile: Path) -> None:
    """hadolint has nothing to say, be it only a matter of style. It cannot read a quoted value that ends with a
    backslash (2.15), which Docker and buildah can: variables with such a value are not shown to it."""
    text = re.sub(r'\n    [A-Z]+=".*\\\\" \\(?=\n)', "", dockerfile.read_text())
    done = subprocess.run([_program("hadolint"), "-"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout + done.stderr


def check_structure(daemon: DockerDaemon, image: str, expected: Mapping[str, object], config: Path) -> None:
    """``expected`` are the parts of a configuration of schema 2.0.0."""
    config.write_text(json.dumps({"schemaVersion": "2.0.0", **expected}))
    command = [
        _program("container-structure-test"),
        "test",
        "--image",
        image,
        "--config",
        str(config),
        "--output",
        "json",
    ]
    environ = {**os.environ, "DOCKER_HOST": f"unix://{daemon.socket}"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    failed = [result for result in told["Results"] if not result["Pass"]]
    assert (done.returncode, failed) == (0, []), f"{failed}\n{done.stderr}"
    assert told["Total"] == told["Pass"] == _number_of(expected)


def file_test(path: str, *, mode: str = "", owner: int = 0, exists: bool = True) -> dict[str, object]:
    """One of ``fileExistenceTests``; ``mode`` as ``ls -l`` shows it."""
    looks = {"permissions": mode, "uid": owner, "gid": owner} if exists else {}
    return {"name": path, "path": path, "shouldExist": exists, **looks}


def _number_of(expected: Mapping[str, object]) -> int:
    return sum(len(part) if isinstance(part, Sequence) else 1 for part in expected.values())


def _program(name: str) -> str:
    """It comes from PyPI with the other test dependencies, and so not for every machine."""
    found = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found
