"""From a lock to an image in an engine: its key, whether there is one already, and the build where there is none."""

from __future__ import annotations

import contextlib
import platform as host
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.building.registry_images import ImageRegistry, RegistryImages
from resolver.engines import BuildLog, BuildRequest, Command, Engine, ImageBuild, find_engine
from resolver.errors import NotRepresentable, SettingsError
from resolver.exporter import write_directory
from resolver.exporter.image_key import KEY_LABEL, ImageKey, image_key
from resolver.exporter.quoting import image_reference
from resolver.exporter.shell import ARCHITECTURES
from resolver.model import MAIN, BuildContext, DockerSection, Lock
from resolver.outputs import docker_context
from resolver.registry import Registry
from resolver.session import Session

if TYPE_CHECKING:
    from resolver.exporter.dockerfile import Strategy

__all__ = ["build"]


def build(
    lock: Lock,
    *,
    tag: str | None = None,
    docker: DockerSection | None = None,
    groups: Iterable[str] = (MAIN,),
    platform: str | None = None,
    engine: str | None = None,
    strategy: Strategy = "thin",
    push: bool = False,
    reuse: bool = True,
    registry: ImageRegistry | None = None,
    session: Session | None = None,
    index_urls: Sequence[str] = (),
    on_line: Callable[[str], None] | None = None,
) -> ImageBuild:
    """The image of a lock for ``platform`` (default: this machine's architecture), called ``tag``.

    The engine (``docker``, ``podman`` or ``buildah``; default: the first that answers) is asked for an image with the
    same key, and, with ``push``, so is the registry that ``tag`` names (``registry`` stands in for it). Only where
    there is none the build begins; it runs while the caller goes on: ``wait`` on what is returned. ``on_line`` is
    called with each line of its log, mostly from another thread. An image that has a key is also tagged
    ``REPOSITORY:key-…``.

    Raises ``BuildError`` where there is no engine, ``SettingsError`` for a wrong name, ``RegistryUnavailable`` where a
    registry cannot be asked, and what ``docker_context`` raises.
    """
    docker = docker or DockerSection()
    groups = tuple(groups)
    names = _names(lock, tag, push=push)
    chosen = _platform(lock, platform)
    variables = lock.evidence.variables if lock.evidence else ()
    with contextlib.ExitStack() as stack:
        opened = session or stack.enter_context(Session())
        asked = stack.enter_context(Registry(environ=opened.environ, offline=opened.offline))
        target = _Target(
            engine=find_engine(opened.environ, engine),
            names=names,
            platform=f"linux/{ARCHITECTURES[chosen][0]}",
            key=image_key(lock, docker=docker, groups=groups, platforms=(chosen,), variables=variables),
            registry=(registry or RegistryImages(asked)) if push else None,
            network=strategy == "thin",
        )
        context = partial(
            docker_context,
            lock,
            docker=docker,
            groups=groups,
            platforms=(chosen,),
            strategy=strategy,
            session=opened,
            index_urls=index_urls,
        )
        log = BuildLog(opened.cache / "logs", names.word, on_line)
        try:
            return _start(target, context, log, reuse=reuse)
        except BaseException:
            log.close()
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """``image`` is ``[REGISTRY/]NAME:TAG``, ``repository`` the same without tag."""

    image: str
    repository: str

    def of_key(self, key: ImageKey) -> tuple[str, ...]:
        """The name by which the image is found again, here and in a registry, whatever it is called besides."""
        return (f"{self.repository}:key-{key.digest.hex}",) if key.digest is not None else ()

    @property
    def word(self) -> str:
        return re.sub(r"[^a-z0-9.]+", "-", self.image.lower())[-60:].strip("-.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What is to be there in the end, and where: also in ``registry``, if there is one."""

    engine: Engine
    names: _Names
    platform: str
    key: ImageKey
    registry: ImageRegistry | None
    network: bool

    def pushes(self) -> tuple[Command, ...]:
        names = (self.names.image, *self.names.of_key(self.key)) if self.registry is not None else ()
        return tuple(self.engine.push(name) for name in names)


def _names(lock: Lock, tag: str | None, *, push: bool) -> _Names:
    if tag is None:
        if push:
            raise SettingsError("an image is pushed by its name", hint="give REGISTRY/REPOSITORY:TAG with --tag")
        tag = "-".join(re.findall(r"[a-z0-9]+", (lock.name or "").lower())) or "samebox"
    image_reference(tag, field="--tag")
    if "@" in tag:
        raise SettingsError(f"--tag {tag}: the digest of an image is not chosen", hint="write NAME:TAG")
    folder, slash, last = tag.rpartition("/")
    name, _, version = last.partition(":")
    repository = f"{folder}{slash}{name}"
    return _Names(image=f"{repository}:{version or 'latest'}", repository=repository)


def _platform(lock: Lock, asked: str | None) -> str:
    """The one that was asked for, else this machine's architecture, else the only one that the lock has."""
    have = tuple(p.platform for p in lock.platforms if p.platform in ARCHITECTURES)
    if asked is not None:
        if asked in have:
            return asked
        raise NotRepresentable(
            f"the lock has no packages for an image for {asked}",
            hint=f"it has: {', '.join(have) or 'no linux platform'}; lock for others with -p",
        )
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(host.machine(), host.machine())
    own = [platform for platform in have if ARCHITECTURES[platform][1] == machine]
    if own or len(have) == 1:
        return (*own, *have)[0]
    raise NotRepresentable(
        f"the lock has no packages for {machine}, and not one linux platform to take instead",
        hint=f"choose with --platform; it has: {', '.join(have) or 'no linux platform'}",
    )


def _start(target: _Target, context: Callable[[], BuildContext], log: BuildLog, *, reuse: bool) -> ImageBuild:
    engine, key = target.engine, target.key
    for reason in engine.passed_over:
        log.write(f"samebox: {reason}")
    log.write(f"samebox: {engine.name} {engine.version} builds for {target.platform}")
    if key.digest is None:
        log.write(f"samebox: no key, so the image is built: {key.reason}")
        return _build(target, context, log)
    log.write(f"samebox: key {key.digest}")
    if not reuse:
        log.write("samebox: no image with that key is looked for")
        return _build(target, context, log)
    return _reused(target, log) or _build(target, context, log)


def _reused(target: _Target, log: BuildLog) -> ImageBuild | None:
    """The image where there is one with the key: called by the name that was asked for, and not built."""
    engine, key, image = target.engine, str(target.key.digest), target.names.image
    found = engine.find_image(KEY_LABEL, key)
    if found is not None:
        log.write(f"samebox: {engine.name} has an image with that key: {found}; nothing is built")
        names = (image, *target.names.of_key(target.key))
        tags = tuple(engine.tag(found, name) for name in names)
        return _run(target, (*tags, *target.pushes()), log, reused=engine.name, image_id=found)
    if target.registry is None:
        return None
    (keyed,) = target.names.of_key(target.key)
    digest = target.registry.find(keyed, platform=target.platform, label=KEY_LABEL, value=key)
    if digest is None:
        return None
    log.write(f"samebox: the registry has an image with that key: {keyed}@{digest}; nothing is built or pushed")
    target.registry.tag(image, digest)
    return _run(target, (), log, reused="registry", image_id="")


def _build(target: _Target, context: Callable[[], BuildContext], log: BuildLog) -> ImageBuild:
    scratch = Path(tempfile.mkdtemp(prefix="samebox-build-"))
    try:
        write_directory(context(), scratch / "context")
    except BaseException:
        shutil.rmtree(scratch)
        raise
    request = BuildRequest(
        context=scratch / "context",
        platform=target.platform,
        tags=(target.names.image, *target.names.of_key(target.key)),
        image_id_file=scratch / "image-id",
        network=target.network,
    )
    commands = (target.engine.build(request), *target.pushes())
    return _run(target, commands, log, reused="", image_id=request.image_id_file, scratch=scratch)


def _run(
    target: _Target,
    commands: tuple[Command, ...],
    log: BuildLog,
    *,
    reused: str,
    image_id: str | Path,
    scratch: Path | None = None,
) -> ImageBuild:
    return ImageBuild(
        engine=target.engine,
        commands=commands,
        log=log,
        image=target.names.image,
        key=target.key.digest,
        reason=target.key.reason,
        reused=reused,
        image_id=image_id,
        scratch=scratch,
    )
