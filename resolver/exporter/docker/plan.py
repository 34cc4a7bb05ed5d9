"""All that a Dockerfile's text depends on."""

from __future__ import annotations

from typing import Literal

from resolver.exporter.application import Launch
from resolver.model import DockerSection
from resolver.values import dataclass

__all__ = ["Installer", "Plan", "Strategy"]

Strategy = Literal["thin", "vendored"]
Installer = Literal["samebox", "micromamba"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the Dockerfile's text depends on.

    ``glibc`` pairs each platform with the version that the lock needs there (``""``: none). ``base_python`` says that
    the lock brings wheels but no Python of its own, so that the base image's is used. ``conda`` says that the prefix
    is a conda environment. ``variables`` and ``labels`` are sorted.
    ``build_platforms`` are conda subdirs with an installer in the context, where the build stage is for the builder's
    machine and not for the image's (``cross``); ``cache_mounts`` keep downloads from one build to the next,
    and with ``lend_netrc`` steps that download see a netrc file, if the builder is given one as the secret ``netrc``.
    ``carried`` says that a thin context has the artifacts that its build could not download.
    ``launch`` is how the application is started, if there is one. ``gpu`` says that the base is the one for GPUs.
    """

    docker: DockerSection
    glibc: tuple[tuple[str, str], ...]
    strategy: Strategy
    installer: Installer
    conda: bool
    base_python: bool
    variables: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    launch: Launch | None = None
    build_platforms: tuple[str, ...] = ()
    cache_mounts: bool = False
    lend_netrc: bool = False
    gpu: bool = False
    carried: bool = False

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(platform for platform, _ in self.glibc)

    @property
    def cross(self) -> bool:
        return bool(self.build_platforms)
