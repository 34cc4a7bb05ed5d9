"""The same lock for micromamba and pip: an ``@EXPLICIT`` file and hash-locked requirements for each platform.

The explicit format is conda's (``conda list --explicit --sha256``): one URL a line, ``#sha256:<hex>`` behind it.
"""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import parse_wheel_filename

from resolver.exporter.docker.wheelhouse import hashed_requirements
from resolver.locks.slices import file_name_of
from resolver.model import LockedPackage

__all__ = ["checksum_file", "explicit_file", "requirements_file"]

_ARTIFACTS = "/tmp/samebox/artifacts"


def explicit_file(platform: str, packages: Iterable[LockedPackage], *, vendored: bool) -> bytes:
    """The conda packages, sorted by name; a vendored one is a ``file://`` URL of the build stage."""
    lines = []
    for package in sorted((p for p in packages if p.kind == "conda"), key=lambda p: (p.name, p.url)):
        url = f"file://{_ARTIFACTS}/{package.sha256}/{file_name_of(package)}" if vendored else package.url
        lines.append(f"{url}#sha256:{package.sha256}\n")
    return "".join((f"# platform: {platform}\n", "@EXPLICIT\n", *lines)).encode()


def requirements_file(packages: Iterable[LockedPackage], *, vendored: bool) -> bytes:
    """The wheels, for ``pip install --require-hashes --no-deps``; empty where there are none.

    A wheel that the lock has by its URL alone stays a direct reference, but where it lies in the context.
    """
    wheels = [p for p in packages if p.kind != "conda"]
    direct = [p for p in wheels if p.kind == "archive" and not vendored]
    pinned = [(p.name, _version(p), p.sha256 or "") for p in wheels if p not in direct]
    references = sorted(f"{p.name} @ {p.url} --hash=sha256:{p.sha256}\n" for p in direct)
    places = sorted(f"--find-links {_ARTIFACTS}/{p.sha256}\n" for p in wheels)
    options = ["--no-index\n", *places] if vendored and wheels else []
    return "".join((*options, hashed_requirements(pinned), *references)).encode()


def checksum_file(packages: Iterable[LockedPackage]) -> bytes:
    """For ``sha256sum -c``, since installers do not check what they take from a folder."""
    return "".join(sorted(f"{p.sha256}  {_ARTIFACTS}/{p.sha256}/{file_name_of(p)}\n" for p in packages)).encode()


def _version(package: LockedPackage) -> str:
    return str(parse_wheel_filename(file_name_of(package))[1])
