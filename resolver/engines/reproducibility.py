"""Whether an engine can write the same image again bit for bit, and what to say to it for that.

Each step's files have the time at which it ran, and the image's configuration that of its build, unless the engine is
told otherwise (SOURCE_DATE_EPOCH, the convention of reproducible-builds.org).

- docker: BuildKit 0.13 and later can rewrite the layers (``rewrite-timestamp``), but not while it unpacks them into the
  engine's image store, and docker asks it to unpack whatever it builds: so the image goes to an archive, and from there
  into the store. Only with containerd's image store can docker write archives.
- podman and buildah have an option of their own. buildah 1.16 did not use it for an image's history, nor podman 3.0 at
  all. They take a step from their cache also if it was built without the option, with the times of then: so the cache
  is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from resolver.engines.values import BuildRequest
from resolver.errors import BuildError

__all__ = ["Ask", "archive_options", "docker_obstacle", "docker_store_obstacle", "since", "timestamp_options"]

Ask = Callable[[tuple[str, ...]], str]
"""Put a question to the engine's program; gives what it prints, raises ``BuildError``."""

_DOCKER = (26, 0)  # the first with BuildKit 0.13


def archive_options(request: BuildRequest) -> tuple[str, ...]:
    """For BuildKit. Attestations (``--provenance``) would hold the time of the build."""
    destination = f"dest={request.archive}"
    if any(character in destination for character in ',"'):  # the value is a line of CSV
        destination = '"' + destination.replace('"', '""') + '"'
    return (
        "--provenance=false",
        f"--build-arg=SOURCE_DATE_EPOCH={request.epoch}",
        f"--output=type=oci,{destination},rewrite-timestamp=true",
    )


def timestamp_options(request: BuildRequest) -> tuple[str, ...]:
    """For podman and buildah."""
    return (f"--timestamp={request.epoch}", "--no-cache")


def docker_obstacle(version: str, environ: Mapping[str, str], ask: Ask) -> str:
    """Why docker cannot, or ``""``."""
    return since(_DOCKER)(version, environ, ask) or docker_store_obstacle(version, environ, ask)


def docker_store_obstacle(version: str, environ: Mapping[str, str], ask: Ask) -> str:
    """Why docker cannot write archives, nor keep an image index: it needs BuildKit, and containerd's store for that."""
    asked = environ.get("DOCKER_BUILDKIT", "")
    if asked.lower() in ("0", "f", "false"):  # as Go reads truth values
        return f"DOCKER_BUILDKIT={asked} asks for the old builder"
    try:
        ask(("buildx", "version"))
    except BuildError as error:
        return f"it has no BuildKit: {error.message}"
    if "io.containerd.snapshotter." not in ask(("info", "--format", "{{json .DriverStatus}}")):
        return 'its images are not in containerd\'s store ("features": {"containerd-snapshotter": true} in daemon.json)'
    return ""


def since(first: tuple[int, int]) -> Callable[[str, Mapping[str, str], Ask], str]:
    """The question whether an engine's version is ``first`` or later; it answers like ``docker_obstacle``."""

    def obstacle(version: str, environ: Mapping[str, str], ask: Ask) -> str:
        numbers = re.match(r"v?(\d+)\.(\d+)", version)
        if numbers is None or (int(numbers[1]), int(numbers[2])) < first:
            return f"that needs {first[0]}.{first[1]} or later"
        return ""

    return obstacle
