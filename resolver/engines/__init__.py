"""Builders of images, by their command lines: docker, podman and buildah.

``engine`` finds one and knows what to say to it (``dialects`` is where they differ, ``manifest_lists`` how podman and
buildah keep an image for several platforms, ``reproducibility`` what makes it the same each time). ``image_build`` runs
it in a folder of its own (``scratch``) and after others of the same image (``turn``), ``process_group`` ends it,
``build_log`` keeps what it says without secrets (``redaction``), and ``failures`` finds in that the step that failed.
"""

from __future__ import annotations

from resolver.engines.build_log import BuildLog, last_log, log_folder
from resolver.engines.engine import ENGINES, Engine, find_engine
from resolver.engines.image_build import ImageBuild
from resolver.engines.scratch import Scratch
from resolver.engines.values import BuildRequest, Command

__all__ = [
    "ENGINES",
    "BuildLog",
    "BuildRequest",
    "Command",
    "Engine",
    "ImageBuild",
    "Scratch",
    "find_engine",
    "last_log",
    "log_folder",
]
