"""Which image, by which setting, an image is built on: a function of what is locked and of ``[docker]``."""

from __future__ import annotations

from collections.abc import Iterable

from resolver.errors import NotRepresentable
from resolver.exporter.gpu import gpu_package
from resolver.model import DockerSection, Lock
from resolver.values import dataclass

__all__ = ["BaseChoice", "choose_base", "needs_network", "refuse_what_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseChoice:
    """``field`` is the field of ``DockerSection`` that names the base: ``base_image``, ``gpu_base_image`` or
    ``base_dockerfile``. ``image`` is its reference, ``""`` for a Dockerfile. ``gpu`` says that the image is for a GPU;
    ``reason`` says why, in words."""

    field: str
    image: str
    gpu: bool
    reason: str

    @property
    def setting(self) -> str:
        return f"docker.{self.field.replace('_', '-')}"

    def __str__(self) -> str:
        """``gpu-base-image, since cuda-cudart 12.6 is locked on linux-64``."""
        told = ", for a GPU" if self.gpu and self.field != "gpu_base_image" else ","
        return f"{self.setting.removeprefix('docker.')}{told} since {self.reason}"


def choose_base(lock: Lock, docker: DockerSection, *, groups: Iterable[str], platforms: Iterable[str]) -> BaseChoice:
    """The base of the image of these groups and platforms. One Dockerfile has one base: what one platform needs is the
    base of all. With ``user_managed`` nothing of the lock is installed, so only ``gpu = true`` is for a GPU."""
    gpu, reason = _gpu(lock, docker, groups=groups, platforms=platforms)
    if docker.base_dockerfile:
        return BaseChoice(field="base_dockerfile", image="", gpu=gpu, reason=reason if gpu else "it is set")
    if gpu and docker.gpu_base_image:
        return BaseChoice(field="gpu_base_image", image=docker.gpu_base_image, gpu=True, reason=reason)
    return BaseChoice(field="base_image", image=docker.base_image, gpu=gpu, reason=reason)


def needs_network(docker: DockerSection) -> bool:
    """Whether steps of a build need one whatever the context holds: those of a base that the user writes may, and
    packages of Debian come from an archive."""
    return bool(docker.apt or docker.base_dockerfile)


def refuse_what_runs(docker: DockerSection) -> None:
    """Raises ``NotRepresentable`` for what only a builder can do, since it runs programs of the base."""
    asked = {
        "base-dockerfile": bool(docker.base_dockerfile),
        "user-managed": docker.user_managed,
        "apt": bool(docker.apt),
    }
    for name, is_set in asked.items():
        if is_set:
            raise NotRepresentable(
                f"docker.{name} runs programs of the base image, and without a builder nothing is run",
                hint="use `samebox build`, or `samebox export docker`",
            )


def _gpu(lock: Lock, docker: DockerSection, *, groups: Iterable[str], platforms: Iterable[str]) -> tuple[bool, str]:
    if docker.gpu is not None:
        return docker.gpu, f"docker.gpu is {str(docker.gpu).lower()}"
    if docker.user_managed:
        return False, "docker.user-managed installs nothing that needs a GPU"
    locked = gpu_package(lock, groups=groups, platforms=platforms)
    return locked is not None, locked or "nothing that needs a GPU is locked"
