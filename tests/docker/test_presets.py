"""The presets as images: a script that trains, and a server that answers by a script's ``run``. That each builder can
make them is for ``test_matrix`` to show."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.docker.conftest import BASE, DOCKER
from tests.docker.engines import Builder, DockerDaemon
from tests.docker.worlds import samebox, write_project

pytestmark = pytest.mark.docker

TRAIN = """
import json, os, sys
import cowtalk, steps
from importlib.util import find_spec
from pathlib import Path
own = [Path(__file__), Path(__file__).parent]
print(json.dumps({
    "arguments": sys.argv[1:],
    "steps": steps.STEPS,
    "data": Path("data/numbers.txt").read_text(),
    "variables": [os.environ["RATE"], os.environ["GREETING_STYLE"]],
    "user": os.getuid(),
    "owners": sorted({path.stat().st_uid for path in own}),
    "writable": [str(path) for path in own if os.access(path, os.W_OK)],
    "serves": os.path.exists("/opt/samebox") or find_spec("plain_wsgi") is not None,
}))
"""

SCORE = """
import json, os, sys
from pathlib import Path
weights = None

def init():
    global weights
    weights = json.loads(Path(os.environ["SAMEBOX_MODEL_DIR"], "weights.json").read_text())

def run(data):
    if isinstance(data, bytes):
        return data.upper()
    if data == "who":
        return [os.getuid(), os.getcwd(), os.access(__file__, os.W_OK)]
    return sum(weight * value for weight, value in zip(weights, data, strict=True))
"""

ASK = """
import json, sys, urllib.error, urllib.request
answers = []
for path, content_type, body in json.loads(sys.argv[1]):
    data = None if body is None else body.encode()
    request = urllib.request.Request(f"http://127.0.0.1:9001{path}", data, {"Content-Type": content_type})
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    answers.append([answer.status, answer.headers["Content-Type"], answer.read().decode()])
print(json.dumps(answers))
"""

TRAINING: dict[str, object] = {
    "preset": "train",
    "source": "training",
    "entry": "train.py",
    "arguments": ["--epochs", "$HOME"],
    "variables": {"RATE": "0.1 $RATE"},
}
TRAINING_FILES = {
    "training/train.py": TRAIN,
    "training/steps.py": "STEPS = 7\n",
    "training/data/numbers.txt": "1 2 3\n",
}

SERVING: dict[str, object] = {
    "preset": "serve",
    "source": "scoring",
    "entry": "score.py",
    "model": "models/weights.json",
    "server": "plain-wsgi>=1",
    "ports": [9001],
    "health-check": {"interval": "1s"},
}
SERVING_FILES = {"scoring/score.py": SCORE, "models/weights.json": "[1, 10, 100]"}

Export = Callable[..., Path]


@pytest.fixture
def export(fixture_channels: Path, fixture_index: Path, samebox_cache: Path, tmp_path: Path) -> Export:
    """Lock a project with this ``[docker.application]`` and these files, and export it."""

    def call(application: dict[str, object], files: dict[str, str], *words: str | Path) -> Path:
        folder = tmp_path / "project"
        docker = {key: value for key, value in DOCKER.items() if key != "command"}
        write_project(folder, fixture_channels, fixture_index, {**docker, "application": application})
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        samebox("lock", folder=folder, cache=samebox_cache)
        samebox("export", *words, "-o", tmp_path / "exported", folder=folder, cache=samebox_cache)
        return tmp_path / "exported"

    return call


@pytest.mark.parametrize("builder", ["buildkit"], indirect=True)
def test_train_runs_its_script_with_arguments_that_can_be_replaced(export: Export, builder: Builder, tag: str) -> None:
    context = export(TRAINING, TRAINING_FILES, "docker", "--strategy", "vendored")
    builder.build(context, tag, network=False)

    told = {
        "arguments": ["--epochs", "$HOME"],
        "steps": 7,
        "data": "1 2 3\n",
        "variables": ["0.1 $RATE", "plain"],
        "user": 1000,
        "owners": [0],
        "writable": [],
        "serves": False,
    }
    assert json.loads(builder.daemon.run(tag, [])) == told
    assert json.loads(builder.daemon.run(tag, ["--epochs", "3"])) == {**told, "arguments": ["--epochs", "3"]}


@pytest.mark.parametrize("builder", ["buildah"], indirect=True)
def test_serve_answers_says_that_it_is_healthy_and_ends_when_it_is_told_to(
    export: Export, builder: Builder, tag: str
) -> None:
    builder.build(export(SERVING, SERVING_FILES, "docker", "--strategy", "vendored"), tag, network=False)
    _assert_serves(builder.daemon, tag)


def test_what_no_builder_has_made_serves_as_well(
    export: Export, daemon: DockerDaemon, tag: str, tmp_path: Path
) -> None:
    daemon.call("save", "--output", tmp_path / "base.tar", BASE)
    image = export(SERVING, SERVING_FILES, "oci", "--base", tmp_path / "base.tar", "--name", tag)
    daemon.call("load", "--input", image)
    _assert_serves(daemon, tag)


def _assert_serves(daemon: DockerDaemon, tag: str) -> None:
    assert json.loads(daemon.call("inspect", "--format", "{{json .Config.ExposedPorts}}", tag)) == {"9001/tcp": {}}
    with daemon.started(tag) as container:
        assert _health(daemon, container) == "healthy", daemon.call("logs", container)
        answers = _asked(
            daemon,
            container,
            ("/score", "application/json", "[3, 2, 1]"),
            ("/score", "text/plain", "quiet"),
            ("/score", "application/json", '"who"'),
            ("/score", "application/json", "[1]"),
            ("/score", "application/json", "[1"),
            ("/nothing", "text/plain", None),
        )
        assert answers == [
            [200, "application/json", "123\n"],
            [200, "application/octet-stream", "QUIET"],
            [200, "application/json", '[1000, "/app", false]\n'],
            [500, "application/json", '{"error": "run failed; the log says why"}\n'],
            [400, "application/json", '{"error": "not JSON: Expecting \',\' delimiter: line 1 column 3 (char 2)"}\n'],
            [404, "application/json", '{"error": "POST /score answers, GET /health says whether it would"}\n'],
        ]
        begun = time.monotonic()
        daemon.call("stop", "--time", "30", container)
        assert time.monotonic() - begun < 10
        assert daemon.call("inspect", "--format", "{{.State.ExitCode}}", container).strip() == "0"
        said = daemon.call("logs", container)
        assert "ValueError: zip() argument 2 is shorter than argument 1" in said


def _health(daemon: DockerDaemon, container: str) -> str:
    """What its health check has said in the end."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        status = daemon.call("inspect", "--format", "{{.State.Health.Status}}", container).strip()
        if status != "starting":
            return status
        time.sleep(0.1)
    return "starting"


def _asked(daemon: DockerDaemon, container: str, *requests: tuple[str, str, str | None]) -> list[Any]:
    """(status, content type, body) of each answer, asked from inside: the container has no network."""
    answers: list[Any] = json.loads(daemon.call("exec", container, "python", "-c", ASK, json.dumps(requests)))
    return answers
