"""Small images as bytes, written here by hand: the code under test makes none of these expectations."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from functools import cached_property

from resolver.registry import Descriptor

__all__ = ["CONFIG", "INDEX", "LAYER", "LIST", "MANIFEST", "V2", "SmallImage", "described", "digest_of", "index_of"]

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
V2 = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def described(content: bytes, media_type: str) -> Descriptor:
    return Descriptor(media_type=media_type, digest=digest_of(content), size=len(content))


@dataclass(frozen=True)
class SmallImage:
    """An image with one file in its one layer."""

    text: str = "hello\n"
    architecture: str = "amd64"
    variant: str = ""
    labels: tuple[tuple[str, str], ...] = (("org.example.b", "2"), ("org.example.a", "1"))

    @cached_property
    def tar(self) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            entry = tarfile.TarInfo("hello.txt")
            entry.size = len(self.text.encode())
            tar.addfile(entry, io.BytesIO(self.text.encode()))
        return stream.getvalue()

    @cached_property
    def layer(self) -> bytes:
        return gzip.compress(self.tar, mtime=0)

    @cached_property
    def config(self) -> bytes:
        variant = {"variant": self.variant} if self.variant else {}
        return json.dumps(
            {
                "architecture": self.architecture,
                "os": "linux",
                **variant,
                "config": {
                    "User": "1000:1000",
                    "Env": ["PATH=/usr/bin", "EQUATION=a=b"],
                    "Entrypoint": ["/bin/hello"],
                    "Cmd": ["--loud", "$HOME"],
                    "WorkingDir": "/srv",
                    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
                    "Labels": dict(self.labels),
                },
                "rootfs": {"type": "layers", "diff_ids": [digest_of(self.tar)]},
            }
        ).encode()

    @cached_property
    def manifest(self) -> bytes:
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": _entry(self.config, CONFIG),
                "layers": [_entry(self.layer, LAYER)],
            },
            indent=3,
        ).encode()

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def index_of(*images: SmallImage) -> bytes:
    """The bytes of an index over ``images``, behind an attestation as BuildKit adds it."""
    entries = [
        {
            "mediaType": MANIFEST,
            "digest": image.digest,
            "size": len(image.manifest),
            "platform": {
                "os": "linux",
                "architecture": image.architecture,
                **({"variant": image.variant} if image.variant else {}),
            },
        }
        for image in images
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


def _entry(content: bytes, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
