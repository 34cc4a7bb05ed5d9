"""A registry on 127.0.0.1 that answers as a test tells it to, however odd, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Reply", "Request", "StandIn", "stand_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; names of headers are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    port: int
    """The client's: the same on one connection."""

    @property
    def line(self) -> str:
        return f"{self.method} {urlsplit(self.target).path}"

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. With ``cut`` the connection ends that many bytes early; ``delay`` are seconds before the answer;
    ``length`` is the Content-Length of an answer to HEAD."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    delay: float = 0.0
    length: int | None = None


Answer = Reply | Callable[[Request], Reply]


class StandIn:
    """Answers each ``METHOD /path`` with its replies in turn, the last again and again; others by ``fallback``, or with
    404."""

    def __init__(self, scheme: str, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.url = f"{scheme}://{self.host}"
        self.requests: list[Request] = []
        self.fallback: Callable[[Request], Reply] | None = None
        self._lock = threading.Lock()
        self._answers: dict[str, list[Answer]] = {}

    def answer(self, line: str, *answers: Answer) -> None:
        self._answers[line] = list(answers)

    def has(self, name: str, content: bytes, media_type: str) -> None:
        """Answer for ``REPOSITORY:TAG`` with that manifest or index."""
        repository, _, tag = name.partition(":")
        reply = Reply(body=content, headers={"Content-Type": media_type})
        self.answer(f"GET /v2/{repository}/manifests/{tag}", reply)

    @property
    def lines(self) -> list[str]:
        """What was asked for, without the question whether it speaks TLS."""
        return [request.line for request in self.requests]

    def asked(self, line: str) -> list[Request]:
        return [request for request in self.requests if request.line == line]

    def reply_to(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            answers = self._answers.get(request.line)
            if not answers:
                return Reply(status=404) if self.fallback is None else self.fallback(request)
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(request)


@contextmanager
def stand_in(tls: SSLContext | None = None) -> Iterator[StandIn]:
    """A running server; it is gone when the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.stand_in = StandIn("https" if tls is not None else "http", server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    stand_in: StandIn

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer is written in two parts
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        port = self.client_address[1]
        request = Request(method=self.command, target=self.path, headers=headers, body=body, port=port)
        reply = self.server.stand_in.reply_to(request)
        time.sleep(reply.delay)
        self.send_response(reply.status)
        length = len(reply.body) if reply.length is None else reply.length
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) - reply.cut])
        self.close_connection = bool(reply.cut)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 (the base class looks for these names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Nothing: a test reads ``requests``."""
