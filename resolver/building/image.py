"""From a lock to an image in an engine: what it is to be, from the lock, the settings and the engine that is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.building.attaching import Attachment
from resolver.building.bases import open_registry
from resolver.building.order import Order
from resolver.building.registry_images import ImageRegistry, RegistryImages
from resolver.building.running import start
from resolver.building.target import Target, default_tag, image_platforms, names_of
from resolver.engines import BuildLog, Engine, ImageBuild, find_engine, log_folder
from resolver.errors import BuildError, SettingsError
from resolver.exporter import source_date_epoch
from resolver.exporter.application import image_groups, require_server
from resolver.exporter.architectures import image_platform
from resolver.model import MAIN, DockerSection, Lock
from resolver.outputs import application_files
from resolver.session import Session

if TYPE_CHECKING:
    from resolver.exporter.docker.dockerfile import Strategy

__all__ = ["build"]


def build(
    lock: Lock,
    *,
    tag: str | None = None,
    docker: DockerSection | None = None,
    groups: Iterable[str] = (MAIN,),
    platforms: Iterable[str] | None = None,
    engine: str | None = None,
    strategy: Strategy = "thin",
    network: str | None = None,
    push: bool = False,
    reuse: bool = True,
    registry: ImageRegistry | None = None,
    lock_path: Path | str | None = None,
    refresh_base: bool = False,
    session: Session | None = None,
    index_urls: Sequence[str] = (),
    on_line: Callable[[str], None] | None = None,
) -> ImageBuild:
    """The image of a lock for ``platforms`` (default: this machine's architecture), called ``tag``.

    Platforms are conda subdirs, or in docker's words (``linux/arm64``); for several of them it is an image index.

    The engine (``docker``, ``podman`` or ``buildah``; default: the first that answers) is asked for an image with the
    same key, and, with ``push``, so is the registry that ``tag`` names (``registry`` stands in for it). Only where
    there is none the build begins; it runs while the caller goes on: ``wait`` on what is returned. ``on_line`` is
    called with each line of its log, mostly from another thread. An image that has a key is also tagged
    ``REPOSITORY:key-…``.

    What is for another machine is installed on this one nevertheless; only a few steps of the last stage need an
    emulator. ``network`` is that of a thin build's steps (``host``, ``none``, or a network of the engine's); the last
    of ``index_urls`` is where they find the installer.

    Base images are taken by digest (see ``pin_bases``): ``lock_path`` is the lock's file, beside which the digests are
    recorded, and ``refresh_base`` asks for them again. With ``push`` that file (default: the lock as a conda-lock.yml)
    is attached to the image in the registry, see ``lock_of_image``.

    Raises ``BuildError`` where there is no engine, ``SettingsError`` for a wrong name, ``RegistryUnavailable`` where a
    registry cannot be asked, and what ``docker_context`` raises.
    """
    docker = docker or DockerSection()
    groups = image_groups(docker, groups)
    if tag is None and push:
        raise SettingsError("an image is pushed by its name", hint="give REGISTRY/REPOSITORY:TAG with --tag")
    names = names_of(tag if tag is not None else default_tag(lock))
    chosen = image_platforms(lock, platforms)
    require_server(lock, docker, chosen)
    with contextlib.ExitStack() as stack:
        opened = session or stack.enter_context(Session())
        application = application_files(docker, opened)
        order = Order(
            lock=lock,
            docker=docker,
            groups=groups,
            platforms=chosen,
            strategy=strategy,
            application=application,
            engine=find_engine(opened.environ, engine),
            session=opened,
            index_urls=index_urls,
        ).pinned(lock_path, refresh=refresh_base)
        images = (registry or RegistryImages(partial(open_registry, opened, order.docker))) if push else None
        path = Path(lock_path) if lock_path is not None else None
        target = Target(
            engine=order.engine,
            names=names,
            platforms=tuple(image_platform(platform) for platform in chosen),
            health_check=order.has_health_check(),
            apart=_builds_apart(order.engine, chosen, push=push),
            key=order.key(),
            registry=images,
            insecure=names.image.partition("/")[0] in docker.insecure_registries,
            attachment=Attachment.of(lock, path, image=names.image, images=images)
            if images is not None and not docker.user_managed
            else None,
            base=order.base(),
            network=order.network(network),
            downloads=order.downloads(),
            epoch=source_date_epoch(opened.environ),
        )
        log = BuildLog(log_folder(opened.cache), names.image, on_line)
        try:
            return start(target, order.context, log, reuse=reuse)
        except BaseException:
            log.close()
            raise


def _builds_apart(engine: Engine, platforms: Sequence[str], *, push: bool) -> bool:
    """Whether the engine has to build each platform by itself. Raises ``BuildError`` where that would not do."""
    obstacle = engine.no_index() if len(platforms) > 1 else ""
    if obstacle and not push:
        raise BuildError(
            f"{engine.name} cannot keep one image for {', '.join(platforms)}, since {obstacle}",
            hint="with --push the registry keeps it; or choose another --engine, or build for one --platform at a time",
        )
    return bool(obstacle)
