"""The server that the preset ``serve`` asks for by itself, from the real PyPI: locked, installed, and asked."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

import resolver.exporter
from resolver.locks.files import read_lock
from tests.cli.project import INDEX, Project, environment_yml

pytestmark = pytest.mark.network

_MODULE = Path(resolver.exporter.__file__).with_name("scoring_server.py")
_SETTINGS = '[docker.application]\nsource = "app"\npreset = "serve"\nentry = "score.py"\n'
_SCRIPT = "import sys\nimport waitress\n\ndef run(data):\n    return [data, sys.prefix, waitress.__file__]\n"


@pytest.fixture
def project(tmp_path: Path, fixture_channels: Path, fixture_index: Path, real_index: str) -> Project:
    project = Project(tmp_path / "project", channels=str(fixture_channels), index=str(fixture_index))
    project.write("samebox.toml", project.settings.replace(INDEX, real_index) + _SETTINGS)
    project.write("environment.yml", environment_yml("python"))
    (project.folder / "app").mkdir()
    project.write("app/score.py", _SCRIPT)
    return project


def test_waitress_is_locked_and_answers(project: Project, tmp_path: Path) -> None:
    project.succeed("lock")
    (server,) = (p for p in read_lock(project.lockfile).on("linux-64").packages if p.groups == ("serve",))
    assert (server.kind, server.name) == ("pypi", "waitress")
    assert int(server.version.split(".")[0]) >= 3
    prefix = tmp_path / "env"
    project.succeed("install", "--prefix", str(prefix), "--group", "serve")

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "SAMEBOX_ENTRY": str(project.folder / "app" / "score.py"),
        "SAMEBOX_SERVER": "waitress",
        "SAMEBOX_PORT": str(port),
    }
    with subprocess.Popen([prefix / "bin" / "python", "-u", _MODULE], env=environ, cwd="/") as process:
        try:
            _wait_until_healthy(prefix, environ, process)
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/score", b"7", {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                data, used, module = json.load(answer)
            assert (data, used) == (7, str(prefix))
            assert module.startswith(f"{prefix}/")
            process.terminate()
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def _wait_until_healthy(prefix: Path, environ: dict[str, str], process: subprocess.Popen[bytes]) -> None:
    command = [str(prefix / "bin" / "python"), str(_MODULE), "--health"]
    for _ in range(100):
        assert process.poll() is None
        if subprocess.run(command, env=environ, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("it is not healthy")
