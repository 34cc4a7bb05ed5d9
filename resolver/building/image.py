"""From a lock to an image in an engine: what it is to be, from the lock, the settings and the engine that is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolver.building.attaching import Attachment
from resolver.building.bases import open_registry, pin_bases
from resolver.building.downloads import Downloads, downloads_of
from resolver.building.registry_images import ImageRegistry, RegistryImages
from resolver.building.running import start
from resolver.building.target import Target, default_tag, image_platforms, names_of, subdir_of
from resolver.engines import BuildLog, Engine, ImageBuild, find_engine, log_folder
from resolver.errors import BuildError, SettingsError
from resolver.exporter import choose_base, context_needs, source_date_epoch
from resolver.exporter.application import image_groups, launch_of, require_server
from resolver.exporter.architectures import image_platform
from resolver.exporter.base_choice import needs_network
from resolver.exporter.docker.wheelhouse import installer_platforms
from resolver.exporter.image_key import image_key
from resolver.model import MAIN, DockerSection, Lock
from resolver.outputs import application_files, docker_context
from resolver.session import Session
from resolver.values import replace

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
    variables = lock.evidence.variables if lock.evidence else ()
    with contextlib.ExitStack() as stack:
        opened = session or stack.enter_context(Session())
        files = application_files(docker, opened)
        builder = find_engine(opened.environ, engine)
        own = subdir_of(builder.architecture)
        docker = _pinned(
            docker,
            context_needs(lock, docker=docker, groups=groups, platforms=chosen, strategy=strategy)[1],
            platforms=chosen,
            own=own,
            pin=partial(pin_bases, lock=lock_path, refresh=refresh_base, session=opened),
        )
        launch = launch_of(docker, files)
        images = (registry or RegistryImages(partial(open_registry, opened, docker))) if push else None
        target = Target(
            engine=builder,
            names=names,
            platforms=tuple(image_platform(platform) for platform in chosen),
            apart=_builds_apart(builder, chosen, push=push),
            key=image_key(lock, docker=docker, groups=groups, platforms=chosen, variables=variables, application=files),
            registry=images,
            insecure=names.image.partition("/")[0] in docker.insecure_registries,
            attachment=Attachment(
                image=names.image,
                file=Attachment.file_of(lock, Path(lock_path) if lock_path is not None else None),
                images=images,
            )
            if images is not None and not docker.user_managed
            else None,
            base=str(choose_base(lock, docker, groups=groups, platforms=chosen)),
            network=(network or "") if strategy == "thin" or needs_network(docker) else "none",
            downloads=downloads_of(opened, index_urls, lend_netrc=docker.lend_netrc)
            if strategy == "thin"
            else Downloads(),
            health_check=launch is not None and launch.health_check is not None,
            epoch=source_date_epoch(opened.environ),
        )
        context = partial(
            docker_context,
            lock,
            docker=docker,
            groups=groups,
            platforms=chosen,
            strategy=strategy,
            application=files,
            build_platforms=(own,) if own in installer_platforms() else None,
            session=opened,
            index_urls=index_urls,
        )
        log = BuildLog(log_folder(opened.cache), names.image, on_line)
        try:
            return start(target, context, log, reuse=reuse)
        except BaseException:
            log.close()
            raise


def _pinned(
    docker: DockerSection,
    images: Iterable[str],
    *,
    platforms: tuple[str, ...],
    own: str | None,
    pin: Callable[..., DockerSection],
) -> DockerSection:
    """The section with these images by digest. The build image is for the machine that installs."""
    installing = (own,) if own is not None and own in installer_platforms() else platforms
    pins: dict[str, Any] = {}
    for image in images:
        machines = installing if image == "build_image" else platforms
        pins[image] = getattr(pin(docker, platforms=machines, images=(image,)), image)
    return replace(docker, **pins)


def _builds_apart(engine: Engine, platforms: Sequence[str], *, push: bool) -> bool:
    """Whether the engine has to build each platform by itself. Raises ``BuildError`` where that would not do."""
    obstacle = engine.no_index() if len(platforms) > 1 else ""
    if obstacle and not push:
        raise BuildError(
            f"{engine.name} cannot keep one image for {', '.join(platforms)}, since {obstacle}",
            hint="with --push the registry keeps it; or choose another --engine, or build for one --platform at a time",
        )
    return bool(obstacle)
