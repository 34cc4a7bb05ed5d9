"""A proxy on 127.0.0.1 that tunnels (CONNECT), to whatever port it is told, and remembers who asked."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["ConnectProxy", "connect_proxy"]


@dataclass(slots=True)
class ConnectProxy:
    """``asked`` are (target, Proxy-Authorization) in order; with ``password`` others are refused."""

    url: str
    password: str | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: ConnectProxy
    target: tuple[str, int]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_CONNECT(self) -> None:
        shown = self.headers.get("Proxy-Authorization")
        self.server.proxy.asked.append((self.path, shown))
        if self.server.proxy.password is not None and shown != self.server.proxy.password:
            self.send_error(407)
            return
        with socket.create_connection(self.server.target) as upstream:
            self.send_response(200)
            self.end_headers()
            _relay(self.connection, upstream)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Nothing: a test reads ``asked``."""


def _relay(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                try:
                    data = key.fileobj.recv(65536)
                except ConnectionError:
                    return
                if not data:
                    return
                key.data.sendall(data)


@contextmanager
def connect_proxy(port: int, *, password: str | None = None) -> Iterator[ConnectProxy]:
    """A running proxy that leads each tunnel to ``port`` of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy = ConnectProxy(url=f"http://127.0.0.1:{server.server_port}", password=password)
    server.target = ("127.0.0.1", port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
