"""What is asked of a builder of images, whichever it is."""

from __future__ import annotations

from pathlib import Path

from resolver.values import dataclass, replace

__all__ = ["BuildRequest", "Command", "Found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """One build.

    ``context`` is a folder with a Dockerfile; ``platforms`` are ``os/architecture`` as builders spell it
    (``linux/arm64``), at least one, and of several an image index is made. ``image_id_file`` is where the image's id is
    written, ``archive`` where the image may lie on its way into the engine. ``reproducible`` says whether each build
    has to give the same bytes (of an engine that can), ``epoch`` is then the time of all, in seconds since 1970.
    ``network`` is that of the steps (``none``, ``host``; ``""`` leaves it to the engine), ``arguments`` are the
    Dockerfile's, ``netrc`` is a file that steps may read as the secret of that name, and ``health_check`` says
    whether the image has one.
    """

    context: Path
    platforms: tuple[str, ...]
    tags: tuple[str, ...]
    image_id_file: Path
    archive: Path
    epoch: int
    reproducible: bool
    network: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    netrc: Path | None = None
    health_check: bool = False

    def part(self, platform: str) -> BuildRequest:
        """The build for one of the platforms alone, with a name and with files of its own."""
        architecture = platform.partition("/")[2].replace("/", "-")
        return replace(
            self,
            platforms=(platform,),
            tags=(f"{self.tags[-1]}-{architecture}",),
            image_id_file=self.image_id_file.with_name(f"{self.image_id_file.name}-{architecture}"),
            archive=self.archive.with_name(f"{architecture}-{self.archive.name}"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line, and what it does in words that follow a program's name (``build``, ``push NAME``)."""

    what: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An image that is there: ``name`` is what to call it in commands."""

    name: str
    image_id: str
