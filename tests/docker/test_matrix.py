"""Every strategy, builder and preset: it builds, runs with no more rights than it needs, and the judges agree."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from resolver.canonicalizer import digest
from resolver.locks.files import read_lock
from tests.docker.conftest import DOCKER, NOTE
from tests.docker.engines import Builder, DockerDaemon
from tests.docker.structure import check_dockerfile, check_structure, file_test
from tests.docker.worlds import CONDA, PYPI, VARIABLES, samebox, write_project

pytestmark = pytest.mark.docker

IMPORTS = "import cowtalk, greeter, json, moo_words, os, platform_bits, polite_cow, shout, sys"
LOOK_AROUND = f"{IMPORTS}; print(json.dumps([sys.prefix, os.getuid(), os.getcwd(), dict(os.environ)]))"
STRATEGIES = ("thin", "vendored")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """``docker`` is added to the settings, ``files`` to the project; ``structure`` is what the image has besides."""

    docker: Mapping[str, object]
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    metadata: Mapping[str, object]
    structure: tuple[dict[str, object], ...] = ()
    says: str = ""


PRESETS = {
    "none": Preset(
        docker={"command": ["greet", "$HOME"]},
        metadata={"cmd": ["greet", "$HOME"], "workdir": "/home/samebox"},
        structure=(
            file_test("/opt/env", mode="drwxr-xr-x"),
            file_test("/tmp/samebox", exists=False),  # of the stage before
        ),
        says="Good day, $HOME!\n",
    ),
    "train": Preset(
        docker={"application": {"preset": "train", "source": "code", "entry": "train.py", "arguments": ["--epochs"]}},
        files={"code/train.py": "import cowtalk, sys\nprint('trained', *sys.argv[1:])\n"},
        metadata={
            "entrypoint": ["/opt/env/bin/python", "-u", "/app/train.py"],
            "cmd": ["--epochs"],
            "workdir": "/app",
        },
        structure=(file_test("/app/train.py", mode="-rw-r--r--"),),  # root's: its user cannot change it
        says="trained --epochs\n",
    ),
    "serve": Preset(
        docker={
            "application": {
                "preset": "serve",
                "source": "code",
                "entry": "score.py",
                "server": "plain-wsgi>=1",
                "health-check": {"interval": "1s"},
            }
        },
        files={"code/score.py": "def init():\n    import cowtalk\n\n\ndef run(data):\n    return data\n"},
        metadata={"workdir": "/app", "exposedPorts": ["8080"]},
        structure=(file_test("/app/score.py", mode="-rw-r--r--"),),
    ),
}

Contexts = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def project_of(
    fixture_channels: Path, fixture_index: Path, samebox_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A preset's project, locked."""
    root = tmp_path_factory.mktemp("presets")

    def make(preset: str) -> Path:
        folder = root / preset
        if not folder.exists():
            docker = {key: value for key, value in DOCKER.items() if key != "command"}
            write_project(folder, fixture_channels, fixture_index, {**docker, **PRESETS[preset].docker})
            for name, text in PRESETS[preset].files.items():
                (folder / name).parent.mkdir(parents=True)
                (folder / name).write_text(text)
            samebox("lock", folder=folder, cache=samebox_cache)
        return folder

    return make


@pytest.fixture
def export(project_of: Callable[[str], Path], samebox_cache: Path, tmp_path: Path) -> Contexts:
    """The exported context of a preset."""

    def make(preset: str, strategy: str) -> Path:
        arguments = ("export", "docker", "--strategy", strategy, "-o", tmp_path / "context")
        samebox(*arguments, folder=project_of(preset), cache=samebox_cache)
        return tmp_path / "context"

    return make


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_builds_and_runs_and_the_judges_agree(
    export: Contexts,
    project_of: Callable[[str], Path],
    builder: Builder,
    preset: str,
    strategy: str,
    tag: str,
    server: str,
    tmp_path: Path,
) -> None:
    case, context = PRESETS[preset], export(preset, strategy)
    check_dockerfile(context / "Dockerfile")
    arguments = {
        "PIP_INDEX_URL": f"{server}/simple/",
        "SAMEBOX_MIRRORS": f"{CONDA}={server}/conda {PYPI}={server}/pypi",
    }
    thin = strategy == "thin"
    builder.build(context, tag, network=thin, arguments=arguments if thin else {})

    lock = read_lock(project_of(preset) / "conda-lock.yml")
    check_structure(builder.daemon, tag, _structure(case, str(digest(lock))), tmp_path / "structure.json")
    if case.says:
        assert builder.daemon.run(tag, []) == case.says
    else:
        _require_healthy(builder.daemon, tag)


def _structure(case: Preset, lock_digest: str) -> dict[str, object]:
    labels = {
        "org.example.note": NOTE,
        "org.opencontainers.image.title": "quickstart",
        "io.samebox.lock.digest": lock_digest,
    }
    variables = {**VARIABLES, "CONDA_PREFIX": "/opt/env"}
    path = {"key": "PATH", "value": "^/opt/env/bin:/", "isRegex": True}
    metadata: dict[str, Any] = {
        "user": "1000:1000",
        "labels": [{"key": key, "value": value} for key, value in labels.items()],
        "envVars": [path, *({"key": key, "value": value} for key, value in variables.items())],
        **case.metadata,
    }
    return {
        "metadataTest": metadata,
        # the judge starts a container for each of these
        "fileExistenceTests": [file_test("/home/samebox", mode="drwxr-xr-x", owner=1000), *case.structure],
    }


def _require_healthy(daemon: DockerDaemon, tag: str) -> None:
    with daemon.started(tag) as container:
        end = time.monotonic() + 30
        while (status := _health(daemon, container)) != "healthy":
            assert time.monotonic() < end, (status, daemon.call("logs", container))
            time.sleep(0.2)


def _health(daemon: DockerDaemon, container: str) -> str:
    return daemon.call("inspect", "--format", "{{.State.Health.Status}}", container).strip()


@pytest.mark.parametrize("builder", ["buildkit"], indirect=True)
def test_what_runs_sees_the_environment_and_its_variables(export: Contexts, builder: Builder, tag: str) -> None:
    builder.build(export("none", "vendored"), tag, network=False)
    prefix, uid, folder, environ = json.loads(builder.daemon.run(tag, ["python", "-c", LOOK_AROUND]))
    assert (prefix, uid, folder) == ("/opt/env", 1000, "/home/samebox")
    assert {name: environ[name] for name in VARIABLES} == VARIABLES
    assert environ["CONDA_PREFIX"] == "/opt/env"
    assert environ["PATH"].startswith("/opt/env/bin:/")
