"""Options about base images that ``export`` and ``build`` share, and the ``[docker]`` section with digests."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolver.errors import SettingsError
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.model import DockerSection, Lock
    from resolver.session import Session

__all__ = ["add_base_arguments", "docker_asked", "pinned_docker"]


def add_base_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--refresh-base",
        action="store_true",
        default=None,
        help="ask the registries again what the base images are now, and record that beside the lock",
    )
    add(
        "--floating-base",
        action="store_true",
        default=None,
        help="leave base images without a digest as they are, as docker.resolve-base = false does",
    )


def docker_asked(docker: DockerSection, options: argparse.Namespace) -> DockerSection:
    """The settings' section with the options over it. Raises ``SettingsError`` where they contradict each other."""
    if options.floating_base and options.refresh_base:
        raise SettingsError("--floating-base and --refresh-base contradict each other", hint="leave one of them out")
    if options.refresh_base and not docker.resolve_base:
        raise SettingsError("docker.resolve-base is false, so there is nothing to refresh", hint="take it out first")
    return replace(docker, resolve_base=False) if options.floating_base else docker


def pinned_docker(
    docker: DockerSection,
    options: argparse.Namespace,
    *,
    lock: Lock,
    groups: Iterable[str],
    platforms: Iterable[str] | None,
    session: Session,
) -> DockerSection:
    """The section with the images that a build context of these arguments begins with by their digests."""
    docker = docker_asked(docker, options)
    if not docker.resolve_base:
        return docker
    from resolver.building import pin_bases
    from resolver.exporter import context_needs

    chosen, images = context_needs(
        lock, docker=docker, groups=groups, platforms=platforms, strategy=options.strategy or "thin"
    )
    pins: dict[str, Any] = {}
    for image in images:
        # on which machine a context for several is installed is known to its builder alone
        machines = () if image == "build_image" and len(chosen) > 1 else chosen
        pinned = pin_bases(
            docker,
            platforms=machines,
            lock=Path(options.lock),
            images=(image,),
            refresh=bool(options.refresh_base),
            session=session,
        )
        pins[image] = getattr(pinned, image)
    return replace(docker, **pins)
