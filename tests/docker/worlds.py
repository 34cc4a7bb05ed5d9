"""What the images are made of: a project that the command locks, and files for the installer."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from fixtures.make_channel import CHANNEL
from resolver.exporter import InstallerWheel
from resolver.model import Artifact, Evidence, Lock, LockedPackage, PlatformLock, VirtualPackage

__all__ = [
    "CONDA",
    "PYPI",
    "VARIABLES",
    "artifact_path",
    "download_wheel",
    "samebox",
    "wheels_lock",
    "with_glibc",
    "write_project",
]

CONDA = CHANNEL.rsplit("/", 1)[0]
PYPI = "https://pypi.example.org"

VARIABLES = {
    "GREETING_STYLE": "plain",
    "QUOTES": "'single' \"double\" `tick`",
    "DOLLARS": "$HOME ${PATH} \\$x $$",
    "SLASHES": "C:\\new\\table\\",
    "SPACES": "  two  and = more # not a comment",
    "EMPTY": "",
    "UNICODE": "größer ✓",
}
"""Values that a careless exporter would change, or let a shell read."""

_WHEELS = ("cowtalk-1.0-", "moo_words-1.0-", "platform_bits-3.1-py3-none-manylinux_2_17_x86_64", "polite_cow-1.0-")


def write_project(folder: Path, channels: Path, index: Path, docker: Mapping[str, object]) -> None:
    """The quickstart's specs for linux-64, with ``VARIABLES`` and these settings of ``[docker]``."""
    environment = {
        "name": "quickstart",
        "channels": [CHANNEL],
        "dependencies": [
            "python >=3.11",
            "greeter",
            "hello-tool",
            "libhello",
            {"pip": ["cowtalk[loud]", "polite-cow", "platform-bits"]},
        ],
        "variables": VARIABLES,
    }
    settings = [
        'platforms = ["linux-64"]',
        f'index-url = "{PYPI}/simple/"',
        "[mirrors]",
        f'"{CONDA}" = "{channels}"',
        f'"{PYPI}" = "{index}"',
        "[docker]",
        # what JSON makes of strings, numbers and lists of them, TOML reads alike
        *(f"{key} = {_toml(value)}" for key, value in docker.items()),
    ]
    folder.mkdir()
    (folder / "environment.yml").write_text(json.dumps(environment), encoding="utf-8")  # YAML holds JSON
    (folder / "samebox.toml").write_text("\n".join(settings) + "\n", encoding="utf-8")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def samebox(
    *arguments: str | Path,
    folder: Path,
    cache: Path,
    environ: Mapping[str, str] | None = None,
    umask: int = 0o022,
) -> str:
    """What the command prints, run in ``folder``; what it tells is shown where it fails."""
    command = [sys.executable, "-m", "resolver", *map(str, arguments)]
    root = str(Path(__file__).resolve().parents[2])
    environ = {**(os.environ if environ is None else environ), "PYTHONPATH": root, "SAMEBOX_CACHE_DIR": str(cache)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, umask=umask)
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_glibc(lock: Lock, version: str) -> Lock:
    """The same lock, made for machines with that glibc."""
    assert lock.evidence is not None
    virtual = (("linux-64", (VirtualPackage(name="__glibc", version=version),)),)
    return dataclasses.replace(lock, evidence=dataclasses.replace(lock.evidence, virtual_packages=virtual))


def wheels_lock(index: Path, *, python: str) -> Lock:
    """Wheels alone, for the base image's Python of that version."""
    packages = tuple(_locked_wheel(index / "files", start) for start in _WHEELS)
    evidence = Evidence(
        virtual_packages=(("linux-64", (VirtualPackage(name="__glibc", version="2.28"),)),),
        pythons=(("linux-64", python),),
    )
    return Lock(platforms=(PlatformLock(platform="linux-64", packages=packages),), evidence=evidence)


def _locked_wheel(folder: Path, start: str) -> LockedPackage:
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
        part = place.with_name(f".{place.name}.{os.getpid()}")  # other workers fetch it too
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
