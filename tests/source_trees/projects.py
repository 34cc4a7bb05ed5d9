"""Real repositories, folders and sdists, made on the spot; their build backend is in the tree, so that no build needs
the network."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "commit_all",
    "dynamic_files",
    "git",
    "make_repository",
    "pkg_info",
    "sdist_bytes",
    "static",
    "write_tree",
]

_WHEN = "2024-01-15T12:00:00Z"

_BACKEND = """
import pathlib


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / "made-7.0.dist-info"
    folder.mkdir()
    needs = pathlib.Path("needs.txt").read_text().strip()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\\nName: Made\\nVersion: 7.0\\nRequires-Dist: {needs}\\n"
    )
    calls = pathlib.Path(__file__).resolve().parent / "calls.txt"
    marker = pathlib.Path(CALLS) if CALLS else calls
    with marker.open("a") as stream:
        stream.write("built\\n")
    return folder.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError("metadata are enough")
"""

_DYNAMIC = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "made"
dynamic = ["version", "dependencies"]
"""


def static(name: str = "tool", version: str = "0.3", *dependencies: str, more: str = "") -> str:
    """A pyproject.toml that says everything itself."""
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = [{listed}]\n{more}'


def dynamic_files(needs: str, calls: Path | None = None) -> dict[str, str]:
    """A project that only a build can tell about; ``calls`` gets a line at each build."""
    backend = f"CALLS = {str(calls) if calls else ''!r}\n" + _BACKEND
    return {"pyproject.toml": _DYNAMIC, "backend.py": backend, "needs.txt": needs}


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular, without the settings of whoever runs the tests."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_AUTHOR_DATE": _WHEN,
        "GIT_COMMITTER_DATE": _WHEN,
    }
    ended = subprocess.run(["git", *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return ended.stdout.strip()


def commit_all(folder: Path, message: str = "a change") -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def make_repository(folder: Path, files: Mapping[str, str]) -> str:
    """A repository with one commit on ``main``; gives the commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    write_tree(folder, files)
    return commit_all(folder)


def pkg_info(name: str, version: str, *lines: str, metadata_version: str = "2.2") -> str:
    return "\n".join((f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}", *lines)) + "\n"


def sdist_bytes(folder: str, files: Mapping[str, str | bytes]) -> bytes:
    """A tar.gz in the order given, the same bytes each time."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
