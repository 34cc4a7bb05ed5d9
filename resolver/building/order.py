"""What an image is to be made of, and by whom: all that its key, its base and its build context follow from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolver.building.bases import pin_bases
from resolver.building.downloads import Downloads, downloads_of
from resolver.building.target import subdir_of
from resolver.engines import Engine
from resolver.exporter import choose_base, context_needs
from resolver.exporter.application import launch_of
from resolver.exporter.base_choice import needs_network
from resolver.exporter.docker.wheelhouse import installer_platforms
from resolver.exporter.image_key import ImageKey, image_key
from resolver.outputs import docker_context
from resolver.values import dataclass, replace

if TYPE_CHECKING:
    from resolver.build_context import ApplicationFiles, BuildContext
    from resolver.exporter.docker.dockerfile import Strategy
    from resolver.model import DockerSection, Lock
    from resolver.session import Session

__all__ = ["Order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An image of ``groups`` of the lock for ``platforms`` (conda subdirs), which ``engine`` builds. ``application`` is
    what lies in its folders; the last of ``index_urls`` is where a thin build finds the installer."""

    lock: Lock
    docker: DockerSection
    groups: tuple[str, ...]
    platforms: tuple[str, ...]
    strategy: Strategy
    application: ApplicationFiles | None
    engine: Engine
    session: Session
    index_urls: Sequence[str]

    @property
    def _installs_on(self) -> tuple[str, ...] | None:
        """The engine's own machine, if the installer runs on one of its kind; else it runs on those of the image."""
        own = subdir_of(self.engine.architecture)
        return (own,) if own is not None and own in installer_platforms() else None

    def pinned(self, lock_path: Path | str | None, *, refresh: bool) -> Order:
        """With base images by digest (see ``pin_bases``). The build image is for the machine that installs."""
        _, fields = context_needs(
            self.lock, docker=self.docker, groups=self.groups, platforms=self.platforms, strategy=self.strategy
        )
        pin = partial(pin_bases, self.docker, lock=lock_path, refresh=refresh, session=self.session)
        images: dict[str, Any] = {}
        for field in fields:
            machines = (self._installs_on or self.platforms) if field == "build_image" else self.platforms
            images[field] = getattr(pin(platforms=machines, images=(field,)), field)
        return replace(self, docker=replace(self.docker, **images))

    def key(self) -> ImageKey:
        evidence = self.lock.evidence
        return image_key(
            self.lock,
            docker=self.docker,
            groups=self.groups,
            platforms=self.platforms,
            variables=evidence.variables if evidence else (),
            application=self.application,
        )

    def base(self) -> str:
        return str(choose_base(self.lock, self.docker, groups=self.groups, platforms=self.platforms))

    def has_health_check(self) -> bool:
        launch = launch_of(self.docker, self.application)
        return launch is not None and launch.health_check is not None

    def network(self, asked: str | None) -> str:
        """That of the steps: what was asked for, or none where all is in the context."""
        return (asked or "") if self.strategy == "thin" or needs_network(self.docker) else "none"

    def downloads(self) -> Downloads:
        if self.strategy != "thin":
            return Downloads()
        return downloads_of(self.session, self.index_urls, lend_netrc=self.docker.lend_netrc)

    def context(self) -> BuildContext:
        return docker_context(
            self.lock,
            docker=self.docker,
            groups=self.groups,
            platforms=self.platforms,
            strategy=self.strategy,
            application=self.application,
            build_platforms=self._installs_on,
            session=self.session,
            index_urls=self.index_urls,
        )
