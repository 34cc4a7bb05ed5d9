"""The module that serves, as a process of its own with the real waitress (and with the fixtures' server, which leaves
all limits to the module), asked on loopback."""

from __future__ import annotations

import ast
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import fixtures
import resolver.exporter

_FIXTURES = str(Path(fixtures.__file__).parent)
_MODULE = Path(resolver.exporter.__file__).with_name("scoring_server.py")

SCRIPT = """
import time
from pathlib import Path
import words  # of its own folder

ready = False

def init():
    global ready
    ready = True

def run(data):
    if isinstance(data, bytes):
        return bytearray(data[::-1])
    if data == "ready":
        return [ready, words.WORD, __name__]
    if data == "slow":
        Path(__file__).with_name("begun").touch()
        time.sleep(1)
        return "late"
    return {"nan": float("nan"), "set": {1}, "raise": None}[data]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": content_type} if body is not None else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


Answer = tuple[int, http.client.HTTPMessage, bytes]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(folder: Path, script: str, port: int, **variables: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "score.py").write_text(script)
    (folder / "words.py").write_text("WORD = 'moo'\n")
    environ = {
        "PATH": os.environ["PATH"],
        "SAMEBOX_ENTRY": str(folder / "score.py"),
        "SAMEBOX_SERVER": "waitress",
        "SAMEBOX_PORT": str(port),
        **variables,
    }
    # a copy by itself, as in an image: nothing of ours is beside it
    alone = folder.parent / "scoring_server.py"
    alone.write_bytes(_MODULE.read_bytes())
    return subprocess.Popen([sys.executable, str(alone)], env=environ, stderr=subprocess.PIPE, text=True, cwd="/")


def _health(port: int) -> subprocess.CompletedProcess[str]:
    """What the health check of the image runs."""
    return subprocess.run(
        [sys.executable, "-I", str(_MODULE), "--health"],
        env={"SAMEBOX_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def _served(folder: Path, **variables: str) -> Iterator[Server]:
    port = _free_port()
    with _start(folder, SCRIPT, port, **variables) as process:
        try:
            _wait_for(port, process)
            yield Server(process=process, port=port)
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nothing listens")


@pytest.fixture(scope="module", params=["waitress", "plain_wsgi"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    variables = {"SAMEBOX_SERVER": request.param, "PYTHONPATH": _FIXTURES, "SAMEBOX_MAX_BODY_SIZE": "1000"}
    with _served(tmp_path_factory.mktemp("serve") / "app", **variables) as running:
        yield running


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (("POST", "/score", b'"ready"'), 200, b'[true, "moo", "score"]\n'),
        (("POST", "/score", b'"ready"', "application/vnd.x+json; charset=utf-8"), 200, b'[true, "moo", "score"]\n'),
        (("POST", "/score", b"\x00abc", "image/png"), 200, b"cba\x00"),
        (("POST", "/score", b"x" * 1000, "text/plain"), 200, b"x" * 1000),
        (("POST", "/score", b"{"), 400, b'{"error": "not JSON: '),
        (("POST", "/score", b""), 400, b'{"error": "not JSON: '),
        (("POST", "/score", b"[" * 900), 400, b'{"error": "not JSON: '),
        (("POST", "/score", b"\xff\xfe\xfa"), 400, b'{"error": "not JSON: '),
        (("POST", "/score", b"x" * 1001, "text/plain"), 413, b""),
        (("POST", "/score", b'"raise it"'), 500, b'{"error": "run failed; the log says why"}\n'),
        (("POST", "/score", b'"nan"'), 500, b'{"error": "run failed; the log says why"}\n'),
        (("POST", "/score", b'"set"'), 500, b'{"error": "run failed; the log says why"}\n'),
        (("GET", "/score"), 405, b'{"error": "GET is not for here"}\n'),
        (("POST", "/health", b"{}"), 405, b'{"error": "POST is not for here"}\n'),
        (("GET", "/"), 200, b'{"status": "ready"}\n'),
        (("GET", "/health"), 200, b'{"status": "ready"}\n'),
        (("HEAD", "/health"), 200, b""),
        (("GET", "/score/../etc"), 404, b'{"error": "POST /score answers, '),
    ],
)
def test_what_is_answered(server: Server, request_: tuple[str, ...], status: int, body: bytes) -> None:
    got_status, headers, got = server.ask(*request_)  # type: ignore[arg-type] # a body is bytes
    assert (got_status, got[: len(body)]) == (status, body)
    assert "Traceback" not in got.decode("latin-1")
    if status == 405:
        assert headers["Allow"] == ("POST" if request_[1] == "/score" else "GET, HEAD")
    if status == 200 and got:
        assert headers["Content-Type"] == ("application/json" if got[-1:] == b"\n" else "application/octet-stream")


def test_an_error_of_the_script_is_told_on_stderr_and_the_next_request_is_answered(tmp_path: Path) -> None:
    with _served(tmp_path / "app") as server:
        assert server.ask("POST", "/score", b'"raise it"')[0] == 500
        assert server.ask("POST", "/score", b'"ready"')[0] == 200
        server.process.send_signal(signal.SIGTERM)
        _, said = server.process.communicate(timeout=20)
        assert server.process.returncode == 0
    assert "Traceback (most recent call last):" in said
    assert "KeyError: 'raise it'" in said


@pytest.mark.parametrize("module", ["waitress", "plain_wsgi"])
def test_what_has_begun_is_answered_after_sigterm(tmp_path: Path, module: str) -> None:
    with _served(tmp_path / "app", SAMEBOX_SERVER=module, PYTHONPATH=_FIXTURES) as server:
        answers: list[Answer] = []
        asking = threading.Thread(target=lambda: answers.append(server.ask("POST", "/score", b'"slow"')))
        asking.start()
        while not (tmp_path / "app" / "begun").exists():
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        asking.join(timeout=20)
        assert server.process.wait(timeout=20) == 0
        assert [(status, body) for status, _, body in answers] == [(200, b'"late"\n')]
        assert _health(server.port).returncode == 1


def test_large_bodies_need_no_place_to_write(tmp_path: Path) -> None:
    """waitress would put them into temporary files, and a container may have no folder for these."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import tempfile\ntempfile.TemporaryFile = None\n")
    with _served(tmp_path / "app", PYTHONPATH=str(tmp_path / "site")) as server:
        status, _, body = server.ask("POST", "/score", bytes(5_000_000) + b"!", "text/plain")
        assert (status, len(body), body[:1]) == (200, 5_000_001, b"!")


def test_nothing_listens_before_init_has_ended(tmp_path: Path) -> None:
    script = "from pathlib import Path\nimport time\n\ndef init():\n    Path(__file__).with_name('begun').touch()\n"
    script += "    while not Path(__file__).with_name('go').exists():\n        time.sleep(0.01)\n"
    script += "\ndef run(data):\n    return data\n"
    port = _free_port()
    with _start(tmp_path / "app", script, port) as process:
        try:
            while not (tmp_path / "app" / "begun").exists():
                assert process.poll() is None
                time.sleep(0.01)
            early = _health(port)
            assert early.returncode == 1
            assert early.stderr.startswith(f"scoring_server: 127.0.0.1:{port} does not answer: ")
            (tmp_path / "app" / "go").touch()
            _wait_for(port, process)
            assert _health(port).returncode == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("def init():\n    raise RuntimeError('no weights')\ndef run(data): ...\n", "RuntimeError: no weights"),
        ("def score(data): ...\n", "scoring_server: {entry} has no function run(data)"),
        ("import absent_module\n", "ModuleNotFoundError: No module named 'absent_module'"),
    ],
)
def test_a_script_that_cannot_serve_ends_the_process(tmp_path: Path, script: str, said: str) -> None:
    with _start(tmp_path / "app", script, _free_port()) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert told.splitlines()[-1] == said.format(entry=tmp_path / "app" / "score.py")


def test_it_stands_alone_and_old_pythons_can_read_it() -> None:
    tree = ast.parse(_MODULE.read_text(), feature_version=(3, 8))
    nodes = list(ast.walk(tree))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_an_argument_that_it_does_not_know_is_refused() -> None:
    done = subprocess.run([sys.executable, str(_MODULE), "--port=1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "scoring_server: not an argument: --port=1\n")
