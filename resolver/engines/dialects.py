"""How docker, podman and buildah say the same things.

They agree in nearly all: ``build``'s options, filters of images, ``tag`` and ``push``. What differs stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """``version`` prints the version, and fails where no image could be built; ``build`` and ``images`` are the words
    of these commands; ``start`` is what to do where ``version`` fails."""

    name: str
    version: tuple[str, ...]
    build: tuple[str, ...]
    images: tuple[str, ...]
    start: str


DIALECTS = (
    Dialect(
        name="docker",
        version=("version", "--format", "{{.Server.Version}}"),  # the daemon's: the client alone builds nothing
        build=("build",),
        images=("image", "ls"),
        start="start the docker daemon, or name another by DOCKER_HOST",
    ),
    Dialect(
        name="podman",
        version=("info", "--format", "{{.Version.Version}}"),  # asks the virtual machine where there is one
        build=("build",),
        images=("image", "ls"),
        start="`podman info` says what is missing; on macOS `podman machine start`",
    ),
    Dialect(
        name="buildah",
        version=("--version",),
        build=("bud", "--layers"),  # unlike the others it keeps no steps unless it is told to
        images=("images",),
        start="`buildah info` says what is missing",
    ),
)
"""In the order in which they are looked for."""
