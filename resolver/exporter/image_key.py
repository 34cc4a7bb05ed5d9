"""The key of an image of a lock: what is locked and asked for, never the tools that make it (``samebox/image/1``)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from resolver import canonicalizer
from resolver.build_context import ApplicationFiles
from resolver.exporter.application import image_groups, image_variables, launch_of
from resolver.exporter.base_choice import BaseChoice, choose_base
from resolver.exporter.docker.apt import unpinned_apt
from resolver.exporter.docker.user_managed import installed_lock, required_packages
from resolver.model import Digest, DockerSection, Lock
from resolver.values import dataclass

__all__ = ["INSTALLER", "KEY_LABEL", "ImageKey", "image_key"]

INSTALLER = 1
"""``installer`` of the key: raised when the bytes that an install leaves would change."""

KEY_LABEL = "io.samebox.image.key"

_AS_THEY_ARE = ("user", "prefix", "workdir", "command")
"""Fields of the section that count as they are. What came later is left out where it is not used, so that an image that
does without has the key that it always had. The base counts by its digest, the application by its files and how it is
started; what says only where something is found does not count."""

_PINNED = re.compile(r"[^@]+@(?P<digest>sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKey:
    """``digest`` is ``None`` where the image can have no key; ``reason`` then says why, and ``hint`` what mends it."""

    digest: Digest | None
    reason: str = ""
    hint: str = ""


def image_key(
    lock: Lock,
    *,
    docker: DockerSection,
    groups: Iterable[str],
    platforms: Iterable[str],
    variables: Iterable[tuple[str, str]],
    application: ApplicationFiles | None = None,
) -> ImageKey:
    """The key of the image that ``docker_context`` makes of the same arguments, with Samebox's installer.

    The base counts by its digest, whatever it is called. The build image does not count: nothing of it is shipped, and
    what the installer leaves does not depend on it. Raises ``IntegrityError`` for packages without sha256.
    """
    chosen, wanted = tuple(platforms), image_groups(docker, groups)
    lock = installed_lock(lock, docker)
    base = choose_base(lock, docker, groups=wanted, platforms=chosen)
    pinned = _PINNED.fullmatch(base.image)
    if pinned is None or unpinned_apt(docker):
        return _no_key(base, pinned=pinned is not None)
    launch = launch_of(docker, application)
    section = _normalised(docker, image_variables(docker, variables), gpu=base.gpu)
    if launch is not None:
        section["application"] = launch.normalised()
    digest = canonicalizer.image_key(
        environments={p: canonicalizer.digest(lock, platform=p, groups=wanted) for p in chosen},
        docker=section,
        base=pinned["digest"],
        application=launch.source if launch is not None else "",
        installer=INSTALLER,
    )
    return ImageKey(digest=digest)


def _no_key(base: BaseChoice, *, pinned: bool) -> ImageKey:
    if base.field == "base_dockerfile":
        reason = f"what the steps of {base.setting} do cannot be known from their text"
        return ImageKey(
            digest=None, reason=reason, hint="make the base an image of its own, and name that by its digest"
        )
    if not pinned:
        reason = f"the base image {base.image} has no digest, and may be another one tomorrow"
        return ImageKey(digest=None, reason=reason, hint=f"{base.setting} = NAME@sha256:… says which base it is")
    reason = "system packages are not pinned, and may be others tomorrow"
    return ImageKey(digest=None, reason=reason, hint="docker.apt-snapshot and docker.apt-mirror say which they are")


def _normalised(docker: DockerSection, variables: Iterable[tuple[str, str]], *, gpu: bool) -> dict[str, object]:
    """The section as strings, lists and what is true, in one order."""
    section: dict[str, object] = {name: _plain(getattr(docker, name)) for name in _AS_THEY_ARE}
    section["labels"] = [list(pair) for pair in sorted(docker.labels)]
    section["variables"] = [list(pair) for pair in sorted(variables)]
    if gpu:
        section["gpu"] = True
    if docker.user_managed:
        section["user_managed"] = [docker.interpreter_path, *required_packages(docker)]
    if docker.apt:
        # nothing but its signature says what an archive holds, so the archive counts too
        section["apt"] = [docker.apt_snapshot, list(docker.apt_mirror), sorted(docker.apt)]
    return section


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
