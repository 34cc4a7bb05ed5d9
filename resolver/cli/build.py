"""``samebox build``: a lock as an image in docker, podman or buildah; not built again where it is there already."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from resolver.cli.base_images import add_base_arguments, docker_asked
from resolver.cli.image_lock import lock_for_image
from resolver.cli.options import add_json_argument, add_lock_argument, settings_beside
from resolver.cli.progress import Progress
from resolver.errors import BuildError
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.engines import ImageBuild
    from resolver.model import DockerSection

__all__ = ["add_arguments", "run"]

_ENGINES = ("docker", "podman", "buildah")
"""Known without importing the room."""

_STEP = re.compile(
    r"(?:#\d+ )?(?P<step>\[[^\]]+ \d+/\d+\] .*|(?:\[\d+/\d+\] )?(?:STEP \d+(?:/\d+)?:|Step \d+/\d+ :) .*)"
)
"""A line with which BuildKit, buildah and podman, or Docker's old builder begin a step."""
_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add_lock_argument(parser)
    add("-t", "--tag", metavar="NAME:TAG", help="what the image is called (default: the lock's name, and latest)")
    add("--engine", choices=_ENGINES, help="what builds it (default: the first of these that answers)")
    add(
        "-p",
        "--platform",
        action="append",
        metavar="PLATFORM",
        help="a platform of the lock (linux-64 or linux/amd64), or several for one image of all: with commas, or "
        "repeated (default: this machine's architecture)",
    )
    add("-g", "--group", action="append", metavar="GROUP", help="a group besides main; may be repeated")
    add("-e", "--environment", metavar="NAME", help="the [environments.NAME] of the settings")
    add("--push", action="store_true", help="push it to the registry that its name says")
    add(
        "--progress",
        choices=["auto", "plain"],
        default="auto",
        help="plain: every line of the log on stderr; auto (default): the step that runs; the log is kept either way",
    )
    add("-v", "--verbose", dest="progress", action="store_const", const="plain", help="the same as --progress plain")
    add(
        "--replay",
        action="store_true",
        help="build nothing: print the log of the last build (of --tag, if that is given) once more",
    )
    add(
        "--strategy",
        choices=["thin", "vendored"],
        default="thin",
        help="thin (default): the build downloads; vendored: the build needs no network, and has none",
    )
    add("--network", metavar="NETWORK", help="that of the steps of a thin build, for the engine: host, none …")
    add(
        "--cache-mounts",
        action="store_true",
        default=None,
        help="keep downloads from one thin build to the next (RUN --mount; not for Docker's old builder)",
    )
    add(
        "--lend-netrc",
        action="store_true",
        default=None,
        help="let the steps of a thin build that download read your netrc file (RUN --mount; it is in no image)",
    )
    add("--no-reuse", action="store_true", help="build, even if there is an image with the same key")
    add("--offline", action="store_true", help="use the caches only")
    add_base_arguments(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    if options.replay:
        return _replay(options.tag)
    if options.progress == "plain":
        return _build(options, _shown)
    with Progress() as progress:
        progress("preparing the build")
        return _build(options, lambda line: _tell_step(line, progress))


def _build(options: argparse.Namespace, on_line: Callable[[str], None]) -> int:
    from resolver.building import build
    from resolver.session import Session

    path = Path(options.lock)
    settings = settings_beside(path).for_environment(options.environment)
    lock = lock_for_image(path, settings, _platforms(options.platform))
    with _ended_by_sigterm(), Session.for_settings(settings, offline=options.offline) as session:
        image = build(
            lock,
            tag=options.tag,
            docker=_docker(settings.docker, options),
            groups=tuple(dict.fromkeys(("main", *(options.group or ())))),
            platforms=_platforms(options.platform),
            engine=options.engine,
            strategy=options.strategy,
            network=options.network,
            push=options.push,
            reuse=not options.no_reuse,
            lock_path=path,
            refresh_base=bool(options.refresh_base),
            session=session,
            index_urls=(*settings.extra_index_urls, settings.index_url or session.default_index_url()),
            on_line=on_line,
        )
        image_id = image.wait()
    _report(image, image_id, options)
    return 0


def _replay(tag: str | None) -> int:
    from resolver.cache_folder import cache_folder
    from resolver.engines import last_log, log_folder

    folder = log_folder(Path(cache_folder(os.environ)))
    path = last_log(folder, _image(tag) if tag is not None else None)
    if path is None:
        raise BuildError(f"{folder} has no log of {tag or 'any build'}", hint="the last 50 are kept")
    for line in path.read_text(encoding="utf-8").splitlines():
        print(line)
    return 0


def _image(tag: str) -> str:
    from resolver.building.target import names_of

    return names_of(tag).image


def _docker(docker: DockerSection, options: argparse.Namespace) -> DockerSection:
    asked = docker_asked(docker, options)
    return replace(
        asked,
        cache_mounts=asked.cache_mounts or bool(options.cache_mounts),
        lend_netrc=asked.lend_netrc or bool(options.lend_netrc),
    )


def _platforms(asked: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(word.strip() for text in asked for word in text.split(",")) if asked is not None else None


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Whoever ends us ends the builder too: it is in a group of its own, where no signal but ours reaches it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _shown(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tell_step(line: str, progress: Progress) -> None:
    match = _STEP.fullmatch(line)
    if match is not None:
        progress(match["step"][:_WIDTH])


def _report(image: ImageBuild, image_id: str, options: argparse.Namespace) -> None:
    """What happened on stderr, and the image's name on stdout, for `docker run $(samebox build)`."""
    if image.reused:
        told = f"{image.image}: {image.reused} had it already; nothing was built"
    else:
        told = f"{image.image}: built by {image.engine.name}{' and pushed' if options.push else ''}"
    print(f"{told}; the log is {image.log_path}", file=sys.stderr)
    print(f"base: {image.base}", file=sys.stderr)
    if image.reason:
        print(f"note: it is built each time, since {image.reason}", file=sys.stderr)
        print(f"hint: {image.hint}", file=sys.stderr)
    if image.obstacle:
        print(
            f"note: another build of it will not be the same bit for bit: {image.engine.name} cannot, "
            f"since {image.obstacle}",
            file=sys.stderr,
        )
    if options.json:
        print(json.dumps(_body(image, image_id), indent=2, sort_keys=True))
        return
    print(image.image)


def _body(image: ImageBuild, image_id: str) -> dict[str, str | None]:
    return {
        "image": image.image,
        "id": image_id or None,
        "key": str(image.key) if image.key is not None else None,
        "base": image.base,
        "reason": image.reason or None,
        "reused": image.reused or None,
        "engine": image.engine.name,
        "log": str(image.log_path),
        "obstacle": image.obstacle or None,
    }
