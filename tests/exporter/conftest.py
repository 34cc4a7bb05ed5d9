"""A small lock that nothing outside the tests knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.model import Evidence, Lock, LockedPackage, PlatformLock, VirtualPackage

CHANNEL = "https://conda.example.org/demo"
INDEX = "https://pypi.example.org/files"


def conda(name: str, version: str, subdir: str, digit: str) -> LockedPackage:
    file_name = f"{name}-{version}-0.conda"
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        build="0",
        subdir=subdir,
        file_name=file_name,
        url=f"{CHANNEL}/{subdir}/{file_name}",
        sha256=digit * 64,
        md5=digit * 32,
    )


def wheel(name: str, version: str, digit: str) -> LockedPackage:
    file_name = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return LockedPackage(
        kind="pypi",
        name=name,
        version=version,
        file_name=file_name,
        url=f"{INDEX}/{file_name}",
        sha256=digit * 64,
    )


def lock_of(*platforms: PlatformLock, glibc: dict[str, str] | None = None) -> Lock:
    virtual = tuple(
        (platform, (VirtualPackage(name="__glibc", version=version), VirtualPackage(name="__linux", version="5.10")))
        for platform, version in sorted((glibc or {}).items())
    )
    return Lock(name="demo", platforms=platforms, evidence=Evidence(virtual_packages=virtual))


@pytest.fixture
def lock() -> Lock:
    """Two linux platforms and another one, that need different versions of glibc."""
    cow = wheel("polite-cow", "1.0", "e")
    noarch = conda("greeter", "1.2.0", "noarch", "d")
    return lock_of(
        PlatformLock(platform="linux-64", packages=(conda("python", "3.12.4", "linux-64", "a"), noarch, cow)),
        PlatformLock(platform="linux-aarch64", packages=(conda("python", "3.12.4", "linux-aarch64", "b"), noarch, cow)),
        PlatformLock(platform="osx-arm64", packages=(conda("python", "3.12.4", "osx-arm64", "c"), noarch, cow)),
        glibc={"linux-64": "2.28", "linux-aarch64": "2.34"},
    )


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parent / "golden"
