"""Answers HTTP requests by the ``run(data)`` of a script: what an image with the preset ``serve`` runs.

This module stands alone, as it is copied into images: it imports the standard library (of Python 3.8 or later) and,
when it serves, the HTTP server of the environment (any module with waitress' ``serve``). It is told everything by
variables:

    SAMEBOX_ENTRY           the script: ``run(data)``, and ``init()`` if something must be done first
    SAMEBOX_SERVER          the module of the HTTP server
    SAMEBOX_PORT            the port, on every address
    SAMEBOX_MAX_BODY_SIZE   the largest body of a request in bytes (default: 64 MiB)

    POST /score             JSON gives ``run`` its value, any other content type its bytes; what ``run`` returns is
                            answered as bytes if it is bytes, else as JSON
    GET /, GET /health      200: nothing listens before ``init`` has ended

Requests are answered by several threads at once. ``--health`` asks a running server, for a container's health check.
SIGTERM ends it when what has begun is answered.
"""

from __future__ import annotations

import http.client
import importlib
import importlib.util
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    StartResponse = Callable[[str, list[tuple[str, str]]], object]

__all__ = ["Scoring", "main"]

_JSON = "application/json"
_BYTES = "application/octet-stream"
_BYTES_LIKE = (bytes, bytearray, memoryview)
_MAX_BODY_SIZE = 64 * 1024 * 1024
_PATIENCE = 5.0
"""Seconds for the answer to a health check."""


def main(arguments: list[str]) -> int:
    port = int(os.environ.get("SAMEBOX_PORT", "8080"))
    if arguments == ["--health"]:
        return 0 if _is_healthy(port) else 1
    if arguments:
        _say(f"not an argument: {arguments[0]}")
        return 2
    _serve(port)
    return 0


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException) as error:
        _say(f"127.0.0.1:{port} does not answer: {error}")
        return False
    finally:
        connection.close()


def _serve(port: int) -> None:
    # as the first process of a container Python would ignore it
    signal.signal(signal.SIGTERM, _end)
    server = importlib.import_module(os.environ["SAMEBOX_SERVER"])
    script = _load(Path(os.environ["SAMEBOX_ENTRY"]))
    limit = int(os.environ.get("SAMEBOX_MAX_BODY_SIZE", str(_MAX_BODY_SIZE)))
    init = getattr(script, "init", None)
    if init is not None:
        init()
    _say(f"serving on port {port}")
    server.serve(
        Scoring(run=script.run, max_body_size=limit),
        host="0.0.0.0",
        port=port,
        max_request_body_size=limit + 1,  # waitress refuses what is as large as that
        # bodies stay in memory: a container may have no place to write
        inbuf_overflow=sys.maxsize,
        outbuf_overflow=sys.maxsize,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"scoring_server: {text}\n")
    sys.stderr.flush()


def _end(number: int, frame: FrameType | None) -> None:
    """The server stops listening, and answers what it has begun, before this leaves ``serve``."""
    raise SystemExit(0)


def _load(path: Path) -> Any:
    """The script as a module. As for any script, its own folder is the first in which it finds others."""
    sys.path[0] = str(path.parent)
    name = path.stem if path.stem not in sys.modules else "samebox_entry"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"scoring_server: not a Python script: {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "run", None)):
        raise SystemExit(f"scoring_server: {path} has no function run(data)")
    return module


@dataclass(frozen=True)
class _Answer:
    status: str
    body: bytes
    content_type: str = _JSON
    allow: str = ""


class _Refused(Exception):
    """A request that is not for ``run``; ``answer`` says why."""

    def __init__(self, status: str, why: str, *, allow: str = "") -> None:
        super().__init__(why)
        self.answer = _Answer(status, _told(why), allow=allow)


@dataclass(frozen=True)
class Scoring:
    """The WSGI application (PEP 3333)."""

    run: Callable[[Any], Any]
    max_body_size: int

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except _Refused as refused:
            answer = refused.answer
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))]
        if answer.allow:
            headers.append(("Allow", answer.allow))
        start_response(answer.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: Mapping[str, Any]) -> _Answer:
        path, method = environ.get("PATH_INFO", "/") or "/", environ["REQUEST_METHOD"]
        if path in ("/", "/health"):
            _require_method(method, "GET", "HEAD")
            return _Answer("200 OK", b'{"status": "ready"}\n')
        if path != "/score":
            raise _Refused("404 Not Found", "POST /score answers, GET /health says whether it would")
        _require_method(method, "POST")
        body = self._body(environ)
        media_type = str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        is_json = media_type == _JSON or media_type.endswith("+json")
        return self._scored(_parsed(body) if is_json else body)

    def _body(self, environ: Mapping[str, Any]) -> bytes:
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            raise _Refused("400 Bad Request", "the Content-Length is no number") from None
        if length > self.max_body_size:
            raise _Refused("413 Content Too Large", f"a body has at most {self.max_body_size} bytes")
        body: bytes = environ["wsgi.input"].read(length)
        return body

    def _scored(self, data: Any) -> _Answer:
        try:
            result = self.run(data)
            if isinstance(result, _BYTES_LIKE):
                return _Answer("200 OK", bytes(result), _BYTES)
            return _Answer("200 OK", json.dumps(result, allow_nan=False).encode() + b"\n")
        except Exception:  # noqa: BLE001 - a script may raise anything, and the next request may be a better one
            traceback.print_exc(file=sys.stderr)
            sys.stderr.flush()
            return _Answer("500 Internal Server Error", _told("run failed; the log says why"))


def _require_method(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise _Refused("405 Method Not Allowed", f"{method} is not for here", allow=", ".join(allowed))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Refused("400 Bad Request", f"not JSON: {error}") from error


def _told(why: str) -> bytes:
    return json.dumps({"error": why}).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
