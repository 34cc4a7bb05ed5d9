"""Which step of a build failed, and what it said last: from the lines of BuildKit, Docker's old builder, podman and
buildah."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["failed_step", "remedy"]

_LAST = 20
_BUILDKIT = re.compile(r"#(?P<step>\d+) (?P<said>.*)")
_BUILDKIT_TIME = re.compile(r"\d+\.\d+ ")
_REMEDIES = (
    (
        "exec format error",
        "programs of another machine need an emulator here (Debian: qemu-user-static); `samebox export oci` needs none",
    ),
    (
        "does not match the specified platform",
        "Docker's old builder installs for no other machine: install docker-buildx, and leave out DOCKER_BUILDKIT=0",
    ),
)
_NAMED = re.compile(r"(?:\[\d+/\d+\] )?STEP \d+(?:/\d+)?: .*|Step \d+/\d+ : .*")


def failed_step(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The step (as the builder calls it; ``""`` where none had begun) and the last lines of what it said."""
    step, said = _buildkit(lines) or _in_order(lines)
    return step, tuple(line for line in said if line.strip())[-_LAST:]


def remedy(lines: Sequence[str]) -> str:
    """What would help, where that is known; else ``""``."""
    said = "\n".join(lines).lower()
    return next((help_ for sign, help_ in _REMEDIES if sign in said), "")


def _buildkit(lines: Sequence[str]) -> tuple[str, list[str]] | None:
    """Steps run beside each other, and each line begins with the step's number."""
    matches = [match for line in lines if (match := _BUILDKIT.fullmatch(line))]
    failed = [match["step"] for match in matches if match["said"].startswith("ERROR: ")]
    if matches and not failed:  # what went wrong is no step
        return "", [line for line in lines if not _BUILDKIT.fullmatch(line)]
    if not failed:
        return None
    name, *said = [match["said"] for match in matches if match["step"] == failed[-1]]
    own = [line for line in said if not line.startswith("sha256:")]  # the step's digest
    return name, [_BUILDKIT_TIME.sub("", line, count=1) for line in own]


def _in_order(lines: Sequence[str]) -> tuple[str, list[str]]:
    """Steps run one after the other: what failed is the last."""
    begun = [place for place, line in enumerate(lines) if _NAMED.fullmatch(line)]
    if not begun:
        return "", list(lines)
    return lines[begun[-1]], list(lines[begun[-1] + 1 :])
