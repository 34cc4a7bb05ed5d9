"""A channel and an index on one server, for those who show the right credentials."""

from __future__ import annotations

import base64
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.loopback import JSON, Reply, Request

__all__ = ["Admit", "basic", "guarded", "places_of"]

Admit = Callable[[Request], bool]
"""Whether a request may see what it asks for."""


def guarded(folders: Mapping[str, Path], admit: Admit) -> Callable[[Request], Reply]:
    """Answers from ``folders`` (the beginning of a path → the folder behind it), or 401."""

    def reply(request: Request) -> Reply:
        if not admit(request):
            return Reply(status=401, body=b"who are you?")
        path = re.sub(r"^/t/[^/]+", "", request.path)
        for begin, folder in folders.items():
            if path.startswith(begin):
                return _file(folder / path.removeprefix(begin).strip("/"))
        return Reply(status=404)

    return reply


def basic(user: str, password: str) -> Admit:
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda request: request.headers.get("authorization") == expected


def places_of(secret: str, *folders: Path) -> Iterator[str]:
    """Where a secret stands, as it is or as Basic authentication has it: names and bytes of files, and of members of
    zip files."""
    words = [secret.encode(), *_in_base64(secret)]
    for folder in folders:
        assert folder.is_dir(), folder
        for path in sorted(folder.rglob("*")):
            if any(word in str(path).encode() for word in words):
                yield f"the name of {path}"
            if path.is_file() and any(word in content for word in words for content in _contents(path)):
                yield str(path)


def _in_base64(secret: str) -> Iterator[bytes]:
    """The middle of the base64 of any text that ends in the secret: three ways to be aligned."""
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + secret.encode())[4:-4]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name)


def _file(path: Path) -> Reply:
    if path.is_dir() and (path / "index.json").is_file():
        return Reply(body=(path / "index.json").read_bytes(), content_type=JSON)
    return Reply(body=path.read_bytes(), ranges=True) if path.is_file() else Reply(status=404)
