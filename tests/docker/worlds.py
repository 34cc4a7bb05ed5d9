"""What the images are made of: locks written by hand from the fixtures, and files for a vendored context."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from fixtures.make_channel import CHANNEL
from resolver.exporter import InstallerWheel
from resolver.model import Artifact, Evidence, Lock, LockedPackage, PlatformLock, VirtualPackage

__all__ = ["PYPI", "artifact_path", "conda_lock", "download_wheel", "locked_conda", "locked_wheel", "wheels_lock"]

PYPI = "https://pypi.example.org"
CONDA = CHANNEL.rsplit("/", 1)[0]

_CONDA_FILES = (
    ("linux-64", "hello-tool-"),
    ("linux-64", "libhello-1.1-"),
    ("linux-64", "python-3"),
    ("noarch", "greeter-1.2.0-"),
    ("noarch", "greetings-data-2.0-"),
)
_WHEELS = ("cowtalk-1.0-", "moo_words-1.0-", "platform_bits-3.1-py3-none-manylinux_2_17_x86_64", "polite_cow-1.0-")


def conda_lock(channel: Path, index: Path, *, glibc: str = "2.28") -> Lock:
    """conda packages, one of them Python, and wheels beside them, on linux-64."""
    packages = [
        *(locked_conda(channel / subdir, start) for subdir, start in _CONDA_FILES),
        *(locked_wheel(index / "files", start) for start in _WHEELS),
    ]
    return _lock("quickstart", packages, glibc)


def wheels_lock(index: Path, *, python: str) -> Lock:
    """Wheels alone, for the base image's Python of that version."""
    return _lock("wheels", [locked_wheel(index / "files", start) for start in _WHEELS], "2.28", python=python)


def _lock(name: str, packages: Sequence[LockedPackage], glibc: str, *, python: str | None = None) -> Lock:
    evidence = Evidence(
        virtual_packages=(("linux-64", (VirtualPackage(name="__glibc", version=glibc),)),),
        pythons=() if python is None else (("linux-64", python),),
    )
    return Lock(
        name=name,
        platforms=(PlatformLock(platform="linux-64", packages=tuple(packages)),),
        evidence=evidence,
    )


def locked_conda(folder: Path, start: str) -> LockedPackage:
    """The one package of a subdir of the fixture channel whose file name starts so, as its record says."""
    records = json.loads((folder / "repodata.json").read_text())["packages.conda"]
    (file_name,) = (name for name in records if name.startswith(start))
    record = records[file_name]
    return LockedPackage(
        kind="conda",
        name=record["name"],
        version=record["version"],
        build=record["build"],
        subdir=record["subdir"],
        file_name=file_name,
        url=f"{CHANNEL}/{folder.name}/{file_name}",
        sha256=record["sha256"],
        md5=record["md5"],
        size=record["size"],
        dependencies=tuple((name, constraint) for name, _, constraint in (d.partition(" ") for d in record["depends"])),
    )


def locked_wheel(folder: Path, start: str) -> LockedPackage:
    """The one wheel of the fixture index whose file name starts so."""
    (path,) = folder.glob(f"{start}*.whl")
    content = path.read_bytes()
    name, version = path.name.split("-")[:2]
    return LockedPackage(
        kind="pypi",
        name=name.replace("_", "-"),
        version=version,
        file_name=path.name,
        url=f"{PYPI}/files/{path.name}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def artifact_path(artifact: Artifact, channels: Path, index: Path) -> Path:
    """Where the fixtures have what a lock names by its canonical URL."""
    for canonical, folder in ((CONDA, channels), (PYPI, index)):
        if artifact.url.startswith(f"{canonical}/"):
            return folder / artifact.url.removeprefix(f"{canonical}/")
    raise ValueError(f"not an artifact of the fixtures: {artifact.url}")


def download_wheel(wheel: InstallerWheel, folder: Path) -> Path:
    """The installer's wheel from the public index, kept in ``folder`` by its sha256."""
    place = folder / wheel.sha256 / wheel.file_name
    if not place.exists():
        content = _download(wheel)
        assert hashlib.sha256(content).hexdigest() == wheel.sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        part.write_bytes(content)
        part.replace(place)
    return place


def _download(wheel: InstallerWheel) -> bytes:
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    page = urllib.request.Request(f"{PYPI_SIMPLE_ENDPOINT}{wheel.name}/", headers=accept)
    with urllib.request.urlopen(page, timeout=120) as answer:
        (url,) = (f["url"] for f in json.load(answer)["files"] if f["hashes"]["sha256"] == wheel.sha256)
    with urllib.request.urlopen(url, timeout=600) as answer:
        content: bytes = answer.read()
    return content
