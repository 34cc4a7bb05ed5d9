"""Wheels made for tests, and the page that lists them."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Mapping

from tests.loopback import JSON, Loopback, Reply

__all__ = ["file_entry", "metadata_text", "page_reply", "serve_wheel", "wheel_bytes"]


def metadata_text(name: str, version: str, *lines: str) -> bytes:
    head = (f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *lines)
    return ("\n".join(head) + "\n\nRequires-Dist: this-is-the-description\n").encode()


def wheel_bytes(
    metadata: bytes, *, dist_info: str = "demo-1.0.dist-info", before: int = 0, after: int = 0, names: int = 0
) -> bytes:
    """A wheel with ``before`` and ``after`` incompressible bytes around METADATA, and ``names`` empty files."""
    noise = random.Random(0)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/before.bin", noise.randbytes(before))
        for number in range(names):
            archive.writestr(f"demo/{number:06}-{'x' * 40}.py", b"")
        archive.writestr(f"{dist_info}/METADATA", metadata)
        archive.writestr("demo/after.bin", noise.randbytes(after))
    return stream.getvalue()


def file_entry(filename: str, content: bytes, **more: object) -> dict[str, object]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {"filename": filename, "url": f"/files/{filename}", "hashes": {"sha256": sha256}, **more}


def page_reply(name: str, *files: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Reply:
    content = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
    return Reply(body=json.dumps(content).encode(), content_type=JSON, headers=headers or {})


def serve_wheel(server: Loopback, content: bytes, filename: str, *, ranges: bool = True, **more: object) -> None:
    """The project ``demo`` with one wheel at ``/simple/``."""
    server.answer("/simple/demo/", page_reply("demo", file_entry(filename, content, **more)))
    server.answer(f"/files/{filename}", Reply(body=content, ranges=ranges))
