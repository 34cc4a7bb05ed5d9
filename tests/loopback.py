"""A server on 127.0.0.1 that answers as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

__all__ = ["JSON", "Loopback", "Reply", "Request", "loopback", "start_server"]

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; names of headers are lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: with ``cut`` the connection ends that many bytes early, with ``ranges`` parts can be asked for,
    ``delay`` are seconds before the answer."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    delay: float = 0.0
    ranges: bool = False


class Loopback:
    """Answers each path with its replies in turn, the last again and again; 404 for other paths. A prefix ending in
    ``*`` answers for every path beneath it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.sent = 0
        self._lock = threading.Lock()
        self._replies: dict[str, list[Reply | Callable[[Request], Reply]]] = {}

    def answer(self, path: str, *replies: Reply | Callable[[Request], Reply]) -> None:
        self._replies[path] = list(replies)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def reply_to(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            replies = self._replies.get(request.path) or self._beneath(request.path)
            if not replies:
                return Reply(status=404, body=b"nothing here")
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Reply) else reply(request)

    def count(self, sent: int) -> None:
        with self._lock:
            self.sent += sent

    def _beneath(self, path: str) -> list[Reply | Callable[[Request], Reply]]:
        found = [p for p in self._replies if p.endswith("*") and path.startswith(p[:-1])]
        return self._replies[max(found, key=len)] if found else []


@contextmanager
def loopback(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """A running server; it is gone when the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls is not None else "http"
    server.loopback = Loopback(f"{scheme}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(name="server")
def start_server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    loopback: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        """py-rattler asks so which forms of repodata a channel has, and asks again for seconds where it is refused."""
        self.do_GET()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = _part(self.server.loopback.reply_to(Request(path=self.path, headers=headers)), headers)
        time.sleep(reply.delay)
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = reply.body[: len(reply.body) - reply.cut] if self.command == "GET" else b""
        self.server.loopback.count(len(body))  # first, or the client could read the count before
        self.wfile.write(body)
        self.close_connection = bool(reply.cut)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Nothing: a test reads ``requests``."""


def _part(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """The reply, or what the conditions of the request make of it."""
    etag = reply.headers.get("ETag")
    if etag is not None and headers.get("if-none-match") == etag:
        return Reply(status=304, headers=reply.headers, content_type="")
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("range", ""))
    if not reply.ranges or match is None or reply.status != 200:
        return reply
    size = len(reply.body)
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(size - 1, int(match[2])) if match[1] and match[2] else size - 1
    if first >= size:
        return Reply(status=416, headers={"Content-Range": f"bytes */{size}"})
    extent = {"Content-Range": f"bytes {first}-{last}/{size}"}
    return Reply(status=206, body=reply.body[first : last + 1], headers={**reply.headers, **extent})
