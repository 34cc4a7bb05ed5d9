"""Which locked packages need a GPU: names, builds and versions as data.

Only what every lock format carries is looked at (name, version, file name), so that the answer is a function of what is
locked. ``__cuda`` among the virtual packages is none of that: it says what a solve might take, not what it took.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from resolver.locks.slices import file_name_of
from resolver.model import Lock, LockedPackage
from resolver.values import dataclass

__all__ = ["gpu_package", "with_gpu_variables"]

_VARIABLES = (("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"), ("NVIDIA_VISIBLE_DEVICES", "all"))
"""What NVIDIA's container toolkit asks of an image before it lends the devices and the driver; the CUDA runtime itself
is among the locked packages."""


def with_gpu_variables(variables: Iterable[tuple[str, str]], *, gpu: bool) -> tuple[tuple[str, str], ...]:
    """The variables of an image, sorted; those that are asked for win."""
    return tuple(sorted({**dict(_VARIABLES if gpu else ()), **dict(variables)}.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """``part`` of a package of that ``world`` matches ``pattern`` from its beginning to its end."""

    world: Literal["conda", "pypi"]
    part: Literal["name", "build", "version"]
    pattern: re.Pattern[str]


def _rule(world: Literal["conda", "pypi"], part: Literal["name", "build", "version"], pattern: str) -> _Rule:
    return _Rule(world=world, part=part, pattern=re.compile(pattern))


_RULES = (
    _rule("conda", "name", r"cuda-cudart"),  # the runtime: it tells most, so it is told first
    _rule("conda", "name", r"cudatoolkit"),
    _rule("conda", "name", r"cuda-.*|cudnn|libcudnn.*|nccl|cutensor|libcublas|pytorch-cuda"),
    _rule(
        "conda", "build", r".*cuda[_-]?[0-9].*"
    ),  # cuda126_mkl_py312_…, py3.12_cuda12.4_cudnn9.1.0_0; not cuda_None_…
    _rule("pypi", "name", r"nvidia-cuda-runtime(-cu[0-9]+)?"),
    _rule("pypi", "name", r"nvidia-.*-cu[0-9]+"),
    _rule("pypi", "name", r"nvidia-(cublas|cuda-.*|cudnn|cufft|cusolver|cusparse|nccl|nvjitlink)"),  # CUDA 13 on
    _rule("pypi", "name", r".*-cu(da)?1[1-9]x?(-.*)?"),  # cupy-cuda12x, jax-cuda12-plugin, cudf-cu12
    _rule("pypi", "version", r".*\+(.*\.)?cu(da)?[0-9]+(\..*)?"),  # torch 2.7.0+cu126
)
"""In the order in which they are told. A package that only knows how to use a GPU, should there be one, needs none."""


def gpu_package(lock: Lock, *, groups: Iterable[str], platforms: Iterable[str]) -> str | None:
    """What is locked and needs a GPU, as it is told (``cuda-cudart 12.6 is locked on linux-64``), or ``None``."""
    wanted = tuple(groups)
    locked = {platform: lock.on(platform).in_groups(wanted) for platform in sorted(platforms)}
    for rule in _RULES:
        for platform, packages in locked.items():
            for package in packages:
                if _matches(rule, package):
                    return f"{_named(package, rule)} is locked on {platform}"
    return None


def _matches(rule: _Rule, package: LockedPackage) -> bool:
    if (package.kind == "conda") != (rule.world == "conda"):
        return False
    value = {"name": package.name, "version": package.version, "build": ""}[rule.part]
    return rule.pattern.fullmatch(_build(package) if rule.part == "build" else value) is not None


def _build(package: LockedPackage) -> str:
    """The build string by the file's name, which every format has: ``name-version-build.conda``."""
    stem = file_name_of(package).removesuffix(".conda").removesuffix(".tar.bz2")
    return stem.rpartition("-")[2]


def _named(package: LockedPackage, rule: _Rule) -> str:
    build = f" ({_build(package)})" if rule.part == "build" else ""
    return f"{package.name} {package.version}{build}"
