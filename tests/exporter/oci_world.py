"""Base images of a few files, and environments of made-up packages, as images and as installs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from fixtures.conda_packages import CondaFile, CondaPackage
from resolver.exporter.oci import BaseImage, BaseSource, Image, LayerCache, OciOptions, SlicePart, oci_image
from resolver.exporter.oci.base import SCRATCH
from resolver.exporter.oci.values import LAYER
from resolver.model import DockerSection, Evidence, Lock, LockedPackage, PlatformLock
from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import KnownPython
from tests.prefix.world import PLATFORM, Item, artifacts, make_slice

GLIBC = b"\x7fELF...GNU C Library (Debian GLIBC 2.36-9+deb12u8) stable release version 2.36.\n..."

Tree = Mapping[str, bytes | str | None]
"""Path to the content of a file, the target of a link (text), or ``None`` for a folder."""


def tar(tree: Tree) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in tree.items():
            member = tarfile.TarInfo(path)
            if content is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


DEBIAN: Tree = {
    "etc": None,
    "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": b"root:x:0:\n",
    "home": None,
    "lib64": "usr/lib64",
    "usr": None,
    "usr/lib": None,
    "usr/lib/x86_64-linux-gnu": None,
    "usr/lib/x86_64-linux-gnu/libc.so.6": GLIBC,
}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    "+gzip": lambda content: gzip.compress(content, mtime=0),
    "+zstd": lambda content: zstandard.compress(content),
}


DECOMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    "+gzip": gzip.decompress,
    "+zstd": lambda content: zstandard.ZstdDecompressor().decompressobj().decompress(content),
}


def config(layers: Sequence[bytes], *, architecture: str = "amd64", **settings: object) -> bytes:
    rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
    document = {"architecture": architecture, "os": "linux", "config": settings, "rootfs": rootfs}
    return json.dumps(document).encode()


def oci_layout(layers: Sequence[bytes], *, compression: str = "", document: bytes | None = None) -> dict[str, bytes]:
    """The files of an OCI layout with one image."""
    blobs = [COMPRESS[compression](layer) for layer in layers]
    settings = config(layers, Env=["PATH=/usr/bin", "LANG=C"]) if document is None else document
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", settings),
            "layers": [_descriptor(f"application/vnd.oci.image.layer.v1.tar{compression}", blob) for blob in blobs],
        }
    ).encode()
    top = {"schemaVersion": 2, "manifests": [_descriptor("application/vnd.oci.image.manifest.v1+json", manifest)]}
    files = {f"blobs/{digest(blob).replace(':', '/')}": blob for blob in (settings, manifest, *blobs)}
    return {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(top).encode(), **files}


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def docker_archive(layers: Sequence[bytes]) -> dict[str, bytes]:
    """The files of what ``docker save`` wrote before Docker 25."""
    names = [f"{hashlib.sha256(layer).hexdigest()}/layer.tar" for layer in layers]
    manifest = [{"Config": "image.json", "RepoTags": ["base:1"], "Layers": names}]
    return {
        "image.json": config(layers, Env=["PATH=/usr/bin", "LANG=C"]),
        "manifest.json": json.dumps(manifest).encode(),
        **dict(zip(names, layers, strict=True)),
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


# ----------------------------------------------------------------------------------------- environments


def small(name: str, version: str = "1.0", *, extra: Sequence[CondaFile] = ()) -> CondaPackage:
    """A package with one file of its own."""
    text = f"{name} {version}\n".encode()
    return CondaPackage(
        name=name, version=version, subdir=PLATFORM, files=(CondaFile(path=f"share/{name}.txt", content=text), *extra)
    )


def lock_of(items: Sequence[Item], name: str | None = "world", *, python: str = "") -> Lock:
    """``python`` is the version for which the wheels were locked, where the lock says it."""
    packages = tuple(
        LockedPackage(
            kind="conda" if item.kind == "conda" else "archive" if item.kind == "archive" else "pypi",
            name=item.name,
            version=item.version,
            build=item.build or None,
            subdir=item.subdir or None,
            file_name=item.file_name,
            url=item.url,
            sha256=item.sha256,
            size=len(item.content),
        )
        for item in items
    )
    evidence = Evidence(pythons=((PLATFORM, python),)) if python else None
    return Lock(name=name, platforms=(PlatformLock(platform=PLATFORM, packages=packages),), evidence=evidence)


def no_base(name: str, *, architecture: str, folder: Path) -> BaseImage:
    raise AssertionError(f"{name} for {architecture} was asked for, into {folder}")


@dataclass(slots=True)
class Maker:
    """Makes images of items, and notes which packages were installed for each."""

    folder: Path
    compression: str = "gzip"
    python: str = ""
    installed: list[list[str]] = field(default_factory=list)
    runs: int = 0

    def image(
        self,
        items: Sequence[Item],
        *,
        base: BaseSource | None = None,
        sizes: Mapping[str, int] | None = None,
        **options: object,
    ) -> Image:
        """The image, without a base unless one is given; ``sizes`` says that package files are of other sizes."""
        self.runs += 1
        work = self.folder / f"work-{self.runs}"
        work.mkdir(parents=True)
        folder = artifacts(self.folder / "artifacts", items)

        def install(part: SlicePart, root: Path) -> object:
            self.installed.append([str(p["name"]) for p in part.packages])
            python = part.interpreter
            return slice_installer.install_slice(
                part.content,
                root,
                fetch=slice_installer.from_folder(folder),
                target_prefix=Path("/opt/env"),
                python=None if python is None else KnownPython(version=python.version, executable=python.executable),
                apart=part.apart,
                check_glibc=False,
            )

        return oci_image(
            lock_of(items, python=self.python),
            PLATFORM,
            options=OciOptions(
                docker=DockerSection(user="1234:1234"),
                base=SCRATCH if base is None else "the base",
                **options,  # type: ignore[arg-type]
            ),
            base_source=base or no_base,
            install=install,
            sizes={item.sha256: (sizes or {}).get(item.name, len(item.content)) for item in items},
            cache=LayerCache(self.folder / "cache", compression=self.compression),  # type: ignore[arg-type]
            work=work,
        )


def layer_bytes(image: Image) -> list[bytes]:
    """The uncompressed tars of the layers."""
    found = []
    for layer in image.layers:
        assert layer.blob.source is not None
        content = layer.blob.source.read_bytes()
        assert digest(content) == layer.blob.digest
        plain = DECOMPRESS[layer.blob.media_type.removeprefix(LAYER)](content)
        assert digest(plain) == layer.diff_id
        found.append(plain)
    return found


Entry = tuple[str, int, int, int, bytes]


def unpacked(image: Image) -> dict[str, Entry]:
    """Every path of the image: type, mode, mtime, uid, content or target."""
    found: dict[str, Entry] = {}
    for content in layer_bytes(image):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                found[member.name] = _entry(member, archive)
    return found


def _entry(member: tarfile.TarInfo, archive: tarfile.TarFile) -> Entry:
    stream = archive.extractfile(member) if member.isreg() else None
    content = stream.read() if stream is not None else member.linkname.encode()
    kind = "link" if member.issym() else "folder" if member.isdir() else "file"
    return kind, member.mode, int(member.mtime), member.uid, content


def slice_bytes(items: Sequence[Item]) -> bytes:
    return make_slice(items)
