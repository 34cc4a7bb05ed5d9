"""Debian's ``docker-registry`` and ``skopeo`` on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["DockerRegistry", "Skopeo", "docker_registry", "required"]

_SECONDS_TO_START = 20.0
_SECONDS_TO_END = 10.0
_SECONDS_OF_A_COMMAND = 60.0
_CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:0"}}
"""
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")
_WITH_PASSWORDS = "auth: {{htpasswd: {{realm: test, path: {path}}}}}\n"


def required(program: str) -> str:
    """The path of a program. Without it the tests are skipped on a developer's machine; in CI that is a failure."""
    found = shutil.which(program)
    if found is not None:
        return found
    message = f"{program} is not installed; run .ci/prepare-docker as root"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerRegistry:
    """A running registry at ``host`` (``127.0.0.1:port``), its contents below ``storage``."""

    host: str
    storage: Path

    def blob_file(self, digest: str) -> Path:
        """Where the registry keeps a blob."""
        digits = digest.removeprefix("sha256:")
        return self.storage / "docker/registry/v2/blobs/sha256" / digits[:2] / digits / "data"


@contextlib.contextmanager
def docker_registry(folder: Path, *, passwords: Path | None = None) -> Iterator[DockerRegistry]:
    """A registry of our own below ``folder``, ended by its process when the block ends. Who asks it needs a user of the
    htpasswd file ``passwords``, if there is one."""
    program = required("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    storage, config = folder / "storage", folder / "config.yml"
    text = _CONFIG.format(storage=storage)
    config.write_text(text if passwords is None else text + _WITH_PASSWORDS.format(path=passwords))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield DockerRegistry(host=_host_of(process, folder / "log"), storage=storage)
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _host_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the registry listens, on a port of the system's choice: it says so when it does."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        said = _LISTENING.search(log.read_text(errors="replace"))
        if said is not None:
            return said[1]
        time.sleep(0.02)
    raise AssertionError(f"docker-registry does not listen:\n{log.read_text(errors='replace')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skopeo:
    """The independent judge; ``home`` is an empty folder, so that no configuration of the user is read."""

    program: str
    home: Path

    def call(self, *arguments: str) -> str:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home)}
        done = subprocess.run(
            [self.program, "--insecure-policy", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS_OF_A_COMMAND,
        )
        assert done.returncode == 0, f"skopeo {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def inspect(self, reference: str) -> dict[str, object]:
        answer: dict[str, object] = json.loads(self.call("inspect", "--tls-verify=false", f"docker://{reference}"))
        return answer
