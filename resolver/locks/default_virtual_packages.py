"""The virtual packages that conda-lock (releases 2 to 4) assumes, as the repodata that it makes of them and hashes.

They are no part of a solve here; those are in ``platforms``.
"""

from __future__ import annotations

from resolver.light_typing import Any

__all__ = ["fake_repodata"]

_CREATED = 1577854800000
"""2020-01-01 in milliseconds, where conda-lock was written."""

_CUDA = ("__cuda", "11.4", "")
_LINUX = (("__unix", "0", ""), ("__linux", "5.10", ""), ("__glibc", "2.28", ""), _CUDA)
_OSX = (("__unix", "0", ""), ("__osx", "11.0", ""))

_PACKAGES = {
    "linux-64": (*_LINUX, ("__archspec", "1", "x86_64")),
    "linux-aarch64": (*_LINUX, ("__archspec", "1", "aarch64")),
    "linux-ppc64le": (*_LINUX, ("__archspec", "1", "ppc64le")),
    # the older version stands beside the one that counts, as it did in release 1
    "osx-64": (*_OSX, ("__osx", "10.15", ""), ("__archspec", "1", "x86_64")),
    "osx-arm64": (*_OSX, ("__archspec", "1", "arm64")),
    "win-64": (("__win", "0", ""), _CUDA, ("__archspec", "1", "x86_64")),
}
"""Name, version and build string by subdir. Other subdirs are not known to conda-lock."""


def fake_repodata(platform: str) -> dict[str, Any]:
    """The repodata of ``noarch`` and of the platform."""
    packages = _PACKAGES.get(platform)
    return {
        "noarch": {"info": {"subdir": "noarch"}, "packages": {}},
        platform: {}
        if packages is None
        else {
            "info": {"subdir": platform},
            "packages": dict(_record(name, version, build, platform) for name, version, build in packages),
        },
    }


def _record(name: str, version: str, build: str, platform: str) -> tuple[str, dict[str, Any]]:
    full_build = f"{build}_0" if build else "0"
    return f"{name}-{version}-{full_build}.tar.bz2", {
        "name": name,
        "version": version,
        "build": full_build,
        "build_string": build,
        "build_number": 0,
        "depends": [],
        "noarch": "",
        "package_type": "virtual_system",
        "subdir": platform,
        "timestamp": _CREATED,
    }
