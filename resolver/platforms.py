"""Platforms: what a conda subdir means for both worlds, without a machine of that kind at hand.

A ``Platform`` is a subdir with its virtual packages. From these, and from the Python that is locked, follow the
PEP 508 marker environment and the wheel tags (PEP 425, PEP 600), so that no interpreter of the target is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from resolver.errors import ResolverError, SettingsError
from resolver.model import VirtualPackage
from resolver.values import dataclass

__all__ = [
    "DEFAULT_PLATFORMS",
    "KNOWN_PYTHONS",
    "SUBDIRS",
    "Platform",
    "PythonTarget",
    "newest_python",
    "overrides_from_environment",
    "virtual_version_problem",
]

DEFAULT_PLATFORMS = ("linux-64", "osx-arm64")

KNOWN_PYTHONS = ("3.10.20", "3.11.15", "3.12.14", "3.13.15", "3.14.7")
"""CPython releases to choose from where no conda python is locked: the newest patch of each minor version that
conda-forge had when this release was made. It is a table, and not the host's Python, so that a lock does not
depend on the machine that makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What is fixed for a subdir. ``machine`` is ``platform.machine()`` there, ``wheel`` the tag's architecture."""

    system: str
    machine: str
    wheel: str
    archspec: str


_FACTS = {
    "linux-64": _Facts(system="linux", machine="x86_64", wheel="x86_64", archspec="x86_64"),
    "linux-aarch64": _Facts(system="linux", machine="aarch64", wheel="aarch64", archspec="aarch64"),
    "linux-ppc64le": _Facts(system="linux", machine="ppc64le", wheel="ppc64le", archspec="ppc64le"),
    "osx-64": _Facts(system="osx", machine="x86_64", wheel="x86_64", archspec="x86_64"),
    "osx-arm64": _Facts(system="osx", machine="arm64", wheel="arm64", archspec="arm64"),
    "win-64": _Facts(system="win", machine="AMD64", wheel="amd64", archspec="x86_64"),
    "win-arm64": _Facts(system="win", machine="ARM64", wheel="arm64", archspec="aarch64"),
}

SUBDIRS = tuple(_FACTS)

_SYSTEM_DEFAULTS: dict[str, tuple[tuple[str, str], ...]] = {
    "linux": (("__unix", "0"), ("__linux", "5.10"), ("__glibc", "2.28")),
    "osx": (("__unix", "0"), ("__osx", "11.0")),
    "win": (("__win", "10"),),
}

_MARKERS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "osx": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "win": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}


_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
"""Names that PEP 600 keeps as aliases of the glibc version they were built for."""

_OVERRIDES = {
    "CONDA_OVERRIDE_CUDA": ("__cuda", ("linux", "win")),
    "CONDA_OVERRIDE_GLIBC": ("__glibc", ("linux",)),
    "CONDA_OVERRIDE_LINUX": ("__linux", ("linux",)),
    "CONDA_OVERRIDE_OSX": ("__osx", ("osx",)),
    "CONDA_OVERRIDE_ARCHSPEC": ("__archspec", ("linux", "osx", "win")),
}


_NUMBERS = r"[0-9]+(?:\.[0-9]+)*(?:=[A-Za-z0-9_.]+)?"
_VERSION = r"[0-9][A-Za-z0-9_.!+-]*(?:=[A-Za-z0-9_.]+)?"
_MICROARCHITECTURE = r"[A-Za-z0-9][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonTarget:
    """The CPython that wheels are chosen for: its full version, and whether it has no GIL (PEP 703)."""

    version: str
    free_threaded: bool = False

    def __post_init__(self) -> None:
        if len(self.release) < 2:
            raise ResolverError(f"not a Python version: {self.version!r}", hint="write it as 3.12 or 3.12.7")

    @classmethod
    def from_conda(cls, version: str, build: str) -> PythonTarget:
        """The target that a conda ``python`` record gives. PyPy builds are refused: their wheels have other tags."""
        if "pypy" in build:
            raise ResolverError(
                f"conda's python {version} ({build}) is PyPy", hint="ask for 'python=*=*_cpython' in the manifest"
            )
        return cls(version=version, free_threaded=build.endswith("t") and "_cp" in build)

    @property
    def release(self) -> tuple[int, ...]:
        digits = self.version.split("a")[0].split("b")[0].split("rc")[0].split(".")
        return tuple(int(part) for part in digits if part.isdigit())

    @property
    def minor(self) -> str:
        return ".".join(map(str, self.release[:2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A conda subdir and the virtual packages of the machines that are meant, sorted by name."""

    subdir: str
    virtual_packages: tuple[VirtualPackage, ...]

    @classmethod
    def of(cls, subdir: str, overrides: Mapping[str, str | None] | None = None) -> Platform:
        """The platform with its default virtual packages, each replaced, added or (``None``) removed by ``overrides``.

        Raises ``ResolverError`` for a subdir that is not known, naming the nearest.
        """
        facts = _facts(subdir)
        packages = {name: VirtualPackage(name=name, version=v) for name, v in _SYSTEM_DEFAULTS[facts.system]}
        packages["__archspec"] = VirtualPackage(name="__archspec", version="1", build=facts.archspec)
        for name, value in (overrides or {}).items():
            packages.pop(name, None)
            if value is not None:
                packages[name] = _overridden(name, value)
        return cls(subdir=subdir, virtual_packages=tuple(sorted(packages.values())))

    @property
    def system(self) -> str:
        """``linux``, ``osx`` or ``win``."""
        return _facts(self.subdir).system

    def virtual_version(self, name: str) -> str | None:
        return next((p.version for p in self.virtual_packages if p.name == name), None)

    def markers(self, python: PythonTarget) -> dict[str, str]:
        """The environment for PEP 508 markers, all eleven variables but ``extra``."""
        return {
            **_MARKERS[self.system],
            "platform_machine": _facts(self.subdir).machine,
            "platform_release": self.virtual_version("__linux") or self.virtual_version("__osx") or "",
            "platform_version": "",
            "python_version": python.minor,
            "python_full_version": python.version,
            "implementation_name": "cpython",
            "implementation_version": python.version,
            "platform_python_implementation": "CPython",
        }

    def wheel_tags(self, python: PythonTarget) -> tuple[str, ...]:
        """The tags that a wheel may have here, the best first, as ``cp312-cp312-manylinux_2_28_x86_64``."""
        from packaging import tags

        version = python.release[:2]
        suffix = "t" if python.free_threaded else ""
        abi = f"cp{version[0]}{version[1]}{suffix}"
        platforms = tuple(self._wheel_platforms())
        own = tags.cpython_tags(python_version=version, abis=[abi], platforms=platforms)
        common = tags.compatible_tags(
            python_version=version, interpreter=f"cp{version[0]}{version[1]}", platforms=platforms
        )
        return tuple(dict.fromkeys(str(tag) for tag in (*own, *common)))

    def _wheel_platforms(self) -> Iterator[str]:
        arch = _facts(self.subdir).wheel
        if self.system == "linux":
            yield f"linux_{arch}"
            yield from _manylinux(self.virtual_version("__glibc"), arch)
        elif self.system == "osx":
            from packaging import tags

            major, minor = _two_numbers(self.virtual_version("__osx") or "11.0")
            yield from tags.mac_platforms(version=(major, minor), arch=arch)
        else:
            yield f"win_{arch}"


def _facts(subdir: str) -> _Facts:
    try:
        return _FACTS[subdir]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(subdir, SUBDIRS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(SUBDIRS)}"
        raise ResolverError(f"unknown platform {subdir!r}", hint=hint) from None


def _overridden(name: str, value: str) -> VirtualPackage:
    """``2.31``, ``2.31=0`` or, for ``__archspec``, the bare microarchitecture, which is its build string."""
    version, _, build = value.partition("=")
    if name == "__archspec" and not build:
        return VirtualPackage(name=name, version="1", build=version)
    return VirtualPackage(name=name, version=version, build=build or "0")


def virtual_version_problem(name: str, value: str) -> str | None:
    """What keeps ``value`` from being the version of that virtual package, in words, or ``None``. ``=BUILD`` may follow
    a version; ``__archspec`` is a microarchitecture, or a version with one behind ``=``."""
    if name == "__archspec":
        fits = re.fullmatch(_MICROARCHITECTURE, value) or re.fullmatch(_VERSION, value)
        return None if fits else f"{value!r} is no microarchitecture, as x86_64_v3 or zen4"
    if name in ("__glibc", "__osx", "__cuda"):
        example = {"__glibc": "2.28", "__osx": "11.0", "__cuda": "12.4"}[name]
        return None if re.fullmatch(_NUMBERS, value) else f"{value!r} is no version in numbers, as {example}"
    return None if re.fullmatch(_VERSION, value) else f"{value!r} is no version, as 5.10"


def _manylinux(glibc: str | None, arch: str) -> Iterator[str]:
    """PEP 600 tags from the platform's glibc down to the oldest that the architecture ever had."""
    if glibc is None:
        return
    major, minor = _two_numbers(glibc)
    oldest = 5 if arch == "x86_64" else 17
    for number in range(minor, oldest - 1, -1):
        yield f"manylinux_{major}_{number}_{arch}"
        if (major, number) in _LEGACY_MANYLINUX:
            yield f"{_LEGACY_MANYLINUX[major, number]}_{arch}"


def _two_numbers(version: str) -> tuple[int, int]:
    parts = version.split(".")
    if not all(part.isdigit() for part in parts[:2]):
        raise ResolverError(f"not a version of two numbers: {version!r}", hint="write it like 2.28 or 11.0")
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0


def newest_python(requires_python: str | None) -> PythonTarget:
    """The newest of ``KNOWN_PYTHONS`` that ``requires_python`` (a PEP 440 set) allows."""
    if not requires_python:
        return PythonTarget(version=KNOWN_PYTHONS[-1])
    from packaging.specifiers import SpecifierSet

    allowed = SpecifierSet(requires_python)
    for version in reversed(KNOWN_PYTHONS):
        if version in allowed:
            return PythonTarget(version=version)
    raise ResolverError(
        f"no Python that this release of Samebox knows satisfies {requires_python!r}",
        hint=f"known are {', '.join(KNOWN_PYTHONS)}; the setting 'python' names another",
    )


def overrides_from_environment(environ: Mapping[str, str], subdir: str) -> dict[str, str | None]:
    """conda's ``CONDA_OVERRIDE_*`` variables as overrides for ``subdir``; an empty value removes the package.

    Raises ``SettingsError`` for a value that is none, whatever the subdir. A variable that conda does not know is left
    alone: a plugin may."""
    system = _facts(subdir).system
    for variable, (package, _) in _OVERRIDES.items():
        value = environ.get(variable)
        problem = virtual_version_problem(package, value) if value else None
        if problem is not None:
            raise SettingsError(
                f"{variable}: {problem}", hint=f"an empty value takes {package} away; unset it for the default"
            )
    return {
        package: environ[variable] or None
        for variable, (package, systems) in _OVERRIDES.items()
        if variable in environ and system in systems
    }
