"""A target is met: by an image that has the key already, or by a build of what then is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from resolver.build_context import BuildContext
from resolver.building.target import Target
from resolver.engines import BuildLog, BuildRequest, Command, Engine, ImageBuild, Scratch
from resolver.exporter import write_directory
from resolver.exporter.image_key import KEY_LABEL

__all__ = ["start"]


def start(target: Target, context: Callable[[], BuildContext], log: BuildLog, *, reuse: bool) -> ImageBuild:
    """The image where there is one with the key, or else its build, which has begun: from what ``context`` gives, which
    is asked only then. Raises what ``context`` raises, ``BuildError`` and ``RegistryUnavailable``."""
    engine, key = target.engine, target.key
    for reason in engine.passed_over:
        log.write(f"samebox: {reason}")
    log.write(f"samebox: {engine.name} {engine.version} builds for {', '.join(target.platforms)}")
    log.write(f"samebox: base: {target.base}")
    if key.digest is None:
        log.write(f"samebox: no key, so the image is built: {key.reason}")
        return _build(target, context, log)
    log.write(f"samebox: key {key.digest}")
    if not reuse:
        log.write("samebox: no image with that key is looked for")
        return _build(target, context, log)
    return _reused(target, log) or _build(target, context, log)


def _reused(target: Target, log: BuildLog) -> ImageBuild | None:
    """The image where there is one with the key: called by the name that was asked for, and not built."""
    engine, key, image = target.engine, str(target.key.digest), target.names.image
    (keyed,) = target.names.of_key(target.key)
    found = None if target.apart else engine.find(keyed, platforms=target.platforms, label=KEY_LABEL, value=key)
    if found is not None:
        image_id = found.image_id
        log.write(f"samebox: {engine.name} has an image with that key: {image_id}; nothing is built")
        tags = tuple(engine.tag(found.name, name) for name in target.tags if name != found.name)
        return _run(target, (*tags, *target.pushes()), log, reused=engine.name, image_id=lambda: image_id)
    if target.registry is None:
        return None
    digest = target.registry.find(keyed, platforms=target.platforms, label=KEY_LABEL, value=key)
    if digest is None:
        return None
    log.write(f"samebox: the registry has an image with that key: {keyed}@{digest}; nothing is built or pushed")
    target.registry.tag(image, digest)
    return _run(target, (), log, reused="registry", image_id=lambda: "")


def _build(target: Target, context: Callable[[], BuildContext], log: BuildLog) -> ImageBuild:
    for note in target.downloads.notes:
        log.write(f"samebox: {note}")
    scratch = Scratch.make()
    try:
        obstacle = target.engine.obstacle()
        if obstacle:
            name = target.engine.name
            log.write(f"samebox: another build of it will not be the same bit for bit: {name} cannot, since {obstacle}")
        write_directory(context(), scratch.path / "context", epoch=target.epoch)
    except BaseException:
        scratch.remove()
        raise
    request = BuildRequest(
        context=scratch.path / "context",
        platforms=target.platforms,
        tags=target.tags,
        image_id_file=scratch.path / "image-id",
        archive=scratch.path / "image.tar",
        epoch=target.epoch,
        reproducible=not obstacle,
        network=target.network,
        arguments=target.downloads.arguments,
        netrc=target.downloads.netrc,
        health_check=target.health_check,
    )
    commands, image_id = _work(target, request)
    return _run(target, commands, log, reused="", image_id=image_id, obstacle=obstacle, scratch=scratch)


def _work(target: Target, request: BuildRequest) -> tuple[Iterable[Command], Callable[[], str]]:
    """What is to be run, and what then gives the id of the image."""
    engine, registry = target.engine, target.registry
    if target.apart and registry is not None:
        parts = [request.part(platform) for platform in request.platforms]
        images = tuple((part.platforms[0], part.tags[0]) for part in parts)
        return _apart(engine, parts), lambda: registry.combine(images, names=target.tags)
    commands = itertools.chain(engine.build(request), target.pushes())
    return commands, partial(engine.built_image, request)


def _apart(engine: Engine, parts: Iterable[BuildRequest]) -> Iterator[Command]:
    for part in parts:
        yield from engine.build(part)
        yield engine.push(part.tags[0])


def _finished(target: Target, log: BuildLog, image_id: Callable[[], str], *, reused: bool) -> str:
    """The image's id, after all that is to be done when it is where it shall be."""
    found = image_id()
    if target.attachment is not None:
        target.attachment.attach(log, reused=reused)
    return found


def _run(
    target: Target,
    commands: Iterable[Command],
    log: BuildLog,
    *,
    reused: str,
    image_id: Callable[[], str],
    obstacle: str = "",
    scratch: Scratch | None = None,
) -> ImageBuild:
    return ImageBuild(
        engine=target.engine,
        commands=commands,
        log=log,
        image=target.names.image,
        key=target.key.digest,
        base=target.base,
        reason=target.key.reason,
        hint=target.key.hint,
        reused=reused,
        image_id=partial(_finished, target, log, image_id, reused=bool(reused)),
        obstacle=obstacle,
        scratch=scratch,
    )
