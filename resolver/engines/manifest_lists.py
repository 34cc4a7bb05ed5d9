"""An image index as podman and buildah have it: a manifest list, which names images that lie beside it.

Each of them is built by itself and has a name (``TAG-ARCHITECTURE``), so that nobody who clears away images without one
breaks the list. The list is made under a name that no one knows, and takes those it is for when it is complete.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from resolver.engines.values import BuildRequest, Command, Found
from resolver.errors import BuildError

if TYPE_CHECKING:
    from resolver.engines.engine import Engine

__all__ = ["build_list", "find_list", "list_id"]

_LOCAL = "localhost/"
"""What both put before a name that says no registry."""


def build_list(engine: Engine, request: BuildRequest) -> Iterator[Command]:
    """What leads to a list with these tags. Asked for one after the other: later ones name what earlier ones made."""
    images = []
    for platform in request.platforms:
        part = request.part(platform)
        yield from engine.build(part)
        images.append(engine.built_image(part))
    name = f"{_LOCAL}samebox-index-{uuid.uuid4().hex}"
    yield _manifest(engine, "create", name)
    for image in images:
        yield _manifest(engine, "add", name, f"containers-storage:{image.removeprefix('sha256:')}")
    for tag in request.tags:
        yield engine.tag(name, tag)
    yield _manifest(engine, "rm", name)  # the name alone, since the list has others


def find_list(engine: Engine, name: str, *, platforms: Iterable[str], label: str, value: str) -> Found | None:
    """The list of that name, if its images are for exactly these platforms and all have this label."""
    image_id = list_id(engine, name)
    if image_id is None:
        return None
    try:
        said = engine.ask(("manifest", "inspect", name))
    except BuildError:  # an image that is no list
        return None
    entries = json.loads(said)["manifests"] or []
    offered = {f"{entry['platform']['os']}/{entry['platform']['architecture']}" for entry in entries}
    named = ("--filter", f"label={label}={value}", "--filter", "dangling=false")
    labelled = engine.ask((*engine.dialect.images, "--digests", *named, "--format", "{{.Digest}}")).split()
    same = offered == set(platforms) and {entry["digest"] for entry in entries} <= set(labelled)
    return Found(name=name, image_id=image_id) if same else None


def list_id(engine: Engine, name: str) -> str | None:
    """The id of what has this name here. (By its name, ``inspect`` gives the list's image for this machine.)"""
    for row in json.loads(engine.ask(engine.dialect.lists)) or []:
        told = {key.lower(): value for key, value in row.items()}  # podman writes Id and leaves out what is empty
        if {name, f"{_LOCAL}{name}"} & set(told.get("names") or []):
            return f"sha256:{str(told['id']).removeprefix('sha256:')}"
    return None


def _manifest(engine: Engine, verb: str, *arguments: str) -> Command:
    return Command(what=f"manifest {verb}", words=(engine.program, "manifest", verb, *arguments))
