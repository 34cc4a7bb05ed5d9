"""Slices and artifacts of a few lines, and an eye on what an install leaves."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixtures.channel_packages import PACKAGES, stand_in_python
from fixtures.conda_packages import CondaPackage, write_package
from fixtures.distributions import Distribution, write_distribution
from resolver.prefix import slice_installer

CHANNEL = "https://conda.example.org/world"
FILES = "https://files.example.org"
PLATFORM = "linux-64"
EPOCH = 315532800

PYTHON = stand_in_python("3.12.4", PLATFORM)
GREETER = next(p for p in PACKAGES if p.name == "greeter" and p.version == "1.2.0")
GREETINGS = next(p for p in PACKAGES if p.name == "greetings-data" and p.version == "2.0")
LIBHELLO = next(p for p in PACKAGES if p.name == "libhello" and p.version == "1.1" and p.subdir == PLATFORM)
HELLO_TOOL = next(p for p in PACKAGES if p.name == "hello-tool" and p.subdir == PLATFORM)
ALMANAC = next(p for p in PACKAGES if p.name == "old-almanac")

BEACON = Distribution(
    project="beacon",
    version="3.0",
    entry_points=("beacon = beacon:main",),
    files=(("beacon/__init__.py", "def main():\n    print('lit')\n"), ("beacon/data.txt", "light\n")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a slice with its bytes."""

    content: bytes
    kind: str
    name: str
    version: str
    file_name: str
    url: str
    build: str = ""
    subdir: str = ""
    claimed_sha256: str = ""

    @property
    def sha256(self) -> str:
        return self.claimed_sha256 or hashlib.sha256(self.content).hexdigest()

    def entry(self) -> dict[str, object]:
        fields = ("kind", "name", "version", "file_name", "url", "build", "subdir", "sha256")
        return {field: getattr(self, field) for field in fields} | {"depends": []}


def conda(package: CondaPackage, content: bytes | None = None) -> Item:
    return Item(
        content=write_package(package) if content is None else content,
        kind="conda",
        name=package.name,
        version=package.version,
        build=package.build,
        subdir=package.subdir,
        file_name=package.file_name,
        url=f"{CHANNEL}/{package.subdir}/{package.file_name}",
    )


def wheel(distribution: Distribution, *, kind: str = "pypi", content: bytes | None = None) -> Item:
    return Item(
        content=write_distribution(distribution) if content is None else content,
        kind=kind,
        name=distribution.project,
        version=distribution.version,
        file_name=distribution.file_name,
        url=f"{FILES}/{distribution.file_name}",
    )


def raw_conda(
    name: str,
    members: Sequence[tuple[str, bytes | str]],
    listed: Iterable[str] | None = None,
    twins: Sequence[tuple[str, str]] = (),
) -> Item:
    """A ``.tar.bz2`` with any member names: bytes are files, text is the target of a symbolic link, and ``twins``
    are hard links to members before them."""
    paths = [path for path, _ in (*members, *twins)] if listed is None else list(listed)
    index = {"name": name, "version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": PLATFORM}
    links = {path for path, content in members if isinstance(content, str)}
    entries = [{"_path": p, "path_type": "softlink" if p in links else "hardlink"} for p in paths]
    info: list[tuple[str, bytes | str]] = [
        ("info/index.json", json.dumps(index).encode()),
        ("info/paths.json", json.dumps({"paths_version": 1, "paths": entries}).encode()),
    ]
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:bz2") as archive:
        for path, content in [*info, *members]:
            member = tarfile.TarInfo(path)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        for path, target in twins:
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.LNKTYPE, target
            archive.addfile(member)
    return conda(CondaPackage(name=name, version="1.0", subdir=PLATFORM, extension=".tar.bz2"), stream.getvalue())


def make_slice(items: Iterable[Item], *, platform: str = PLATFORM, python: str = "", glibc: str = "") -> bytes:
    entries = sorted((i.entry() for i in items), key=lambda e: (e["kind"], e["name"], e["sha256"]))
    body = {"slice": 1, "platform": platform, "python": python, "glibc": glibc, "packages": entries}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def artifacts(folder: Path, items: Iterable[Item]) -> Path:
    for item in items:
        place = folder / item.sha256 / item.file_name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(item.content)
    return folder


def install(tmp_path: Path, items: Sequence[Item], *, prefix: Path | None = None, python: Path | None = None) -> Path:
    """Install into ``tmp_path/env`` from a folder of artifacts."""
    target = prefix or tmp_path / "env"
    slice_installer.install_slice(
        make_slice(items),
        target,
        fetch=slice_installer.from_folder(artifacts(tmp_path / "artifacts", items)),
        python=python,
    )
    return target


Entry = tuple[str, int, int, bytes]


def tree(root: Path) -> dict[str, Entry]:
    """Every path below ``root``, and ``.`` itself: type, mode, mtime in nanoseconds, content or target."""
    found: dict[str, Entry] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            found[path.relative_to(root).as_posix()] = _entry(path)
    return found | {".": _entry(root)}


def _entry(path: Path) -> Entry:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link", 0, status.st_mtime_ns, os.fsencode(path.readlink())
    if stat.S_ISDIR(status.st_mode):
        return "folder", mode, status.st_mtime_ns, b""
    return "file", mode, status.st_mtime_ns, path.read_bytes()


def files(root: Path) -> set[str]:
    return {path for path, entry in tree(root).items() if entry[0] != "folder"}
