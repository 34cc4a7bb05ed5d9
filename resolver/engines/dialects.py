"""How docker, podman and buildah say the same things.

They agree in nearly all: ``build``'s options, filters of images, ``tag`` and ``push``. What differs stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolver.engines.reproducibility import (
    Ask,
    archive_options,
    docker_obstacle,
    docker_store_obstacle,
    since,
    timestamp_options,
)
from resolver.engines.values import BuildRequest
from resolver.values import dataclass

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """``version`` prints the version, and the architecture where it may be another than here; it fails where no image
    could be built. ``build`` and ``images`` are the words of these commands; ``start`` is what to do where ``version``
    fails.

    ``obstacle`` says why the engine (by its version and environment) cannot write the same image bit for bit each time,
    or ``""``; then ``reproducible`` are the options of ``build`` for it, and ``archived`` says whether the image is
    then in an archive that the engine has to load.

    ``no_index`` says, like ``obstacle``, why the engine cannot keep an image index; ``lists`` is there for
    one that makes it of images for one platform each (``manifest_lists``): what prints all images as JSON.
    ``daemonless`` says that each build is a process that writes to the common store by itself.
    """

    name: str
    version: tuple[str, ...]
    build: tuple[str, ...]
    images: tuple[str, ...]
    start: str
    with_health_check: tuple[str, ...] = ()
    obstacle: Callable[[str, Mapping[str, str], Ask], str]
    reproducible: Callable[[BuildRequest], tuple[str, ...]]
    archived: bool = False
    no_index: Callable[[str, Mapping[str, str], Ask], str]
    lists: tuple[str, ...] = ()
    daemonless: bool = False


DIALECTS = (
    Dialect(
        name="docker",
        version=(
            "version",
            "--format",
            "{{.Server.Version}} {{.Server.Arch}}",
        ),  # the daemon's: the client alone builds nothing
        build=("build",),
        images=("image", "ls"),
        start="start the docker daemon, or name another by DOCKER_HOST",
        obstacle=docker_obstacle,
        reproducible=archive_options,
        archived=True,
        no_index=docker_store_obstacle,
    ),
    Dialect(
        name="podman",
        version=(
            "info",
            "--format",
            "{{.Version.Version}} {{.Host.Arch}}",
        ),  # asks the virtual machine where there is one
        build=("build",),
        images=("image", "ls"),
        start="`podman info` says what is missing; on macOS `podman machine start`",
        with_health_check=("--format=docker",),  # an OCI image has no place for one
        obstacle=since((3, 1)),
        reproducible=timestamp_options,
        no_index=since((4, 0)),
        lists=("image", "ls", "--no-trunc", "--format=json"),
        daemonless=True,
    ),
    Dialect(
        name="buildah",
        version=("--version",),
        build=("bud", "--layers"),  # unlike the others it keeps no steps unless it is told to
        images=("images",),
        start="`buildah info` says what is missing",
        with_health_check=("--format=docker",),
        obstacle=since((1, 17)),
        reproducible=timestamp_options,
        no_index=since((1, 23)),
        lists=("images", "--no-trunc", "--json"),
        daemonless=True,
    ),
)
"""In the order in which they are looked for."""
