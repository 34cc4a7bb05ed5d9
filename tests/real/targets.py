"""What the two platforms are, written down by hand: virtual packages, markers and wheel tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging import tags

__all__ = ["VIRTUAL", "marker_environment", "platform_tags", "wheel_tags"]

VIRTUAL: Mapping[str, Mapping[str, str]] = {
    "linux-64": {"__unix": "0", "__linux": "5.10", "__glibc": "2.28", "__archspec": "1"},
    "osx-arm64": {"__unix": "0", "__osx": "11.0", "__archspec": "1"},
}

_MARKERS: Mapping[str, Mapping[str, str]] = {
    "linux-64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "osx-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}

_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def marker_environment(platform: str, python: str) -> dict[str, str]:
    return {
        **_MARKERS[platform],
        "os_name": "posix",
        "platform_release": "",
        "platform_version": "",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": python,
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "extra": "",
    }


def platform_tags(platform: str) -> tuple[str, ...]:
    """What pip's ``--platform`` would be given for such a machine, the best first."""
    return tuple(_linux_tags() if platform == "linux-64" else tags.mac_platforms(version=(11, 0), arch="arm64"))


def _linux_tags() -> Iterator[str]:
    for minor in range(28, 4, -1):
        yield f"manylinux_2_{minor}_x86_64"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_x86_64"


def wheel_tags(platform: str, python: str) -> frozenset[tags.Tag]:
    major, minor = (int(part) for part in python.split(".")[:2])
    interpreter, platforms = f"cp{major}{minor}", platform_tags(platform)
    return frozenset(
        [
            *tags.cpython_tags(python_version=(major, minor), abis=[interpreter], platforms=platforms),
            *tags.compatible_tags(python_version=(major, minor), interpreter=interpreter, platforms=platforms),
        ]
    )
