"""What is asked of a builder of images, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["BuildRequest", "Command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """One build. ``context`` is a folder with a Dockerfile; ``platform`` is ``os/architecture`` as builders spell it
    (``linux/arm64``); ``image_id_file`` is where the image's id is written; ``network`` says whether steps have one."""

    context: Path
    platform: str
    tags: tuple[str, ...]
    image_id_file: Path
    network: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line, and what it does in words that follow a program's name (``build``, ``push NAME``)."""

    what: str
    words: tuple[str, ...]
