"""Lock → build context → folder or tar: the same lock always gives the same bytes."""

from __future__ import annotations

from resolver.exporter.archive import (
    DEFAULT_EPOCH,
    ArchiveEntry,
    context_entries,
    tar_bytes,
    tar_digest,
    write_tar,
)
from resolver.exporter.context import docker_context
from resolver.exporter.directory import write_directory
from resolver.exporter.dockerfile import Installer, Strategy
from resolver.exporter.wheelhouse import InstallerWheel, installer_wheels

__all__ = [
    "DEFAULT_EPOCH",
    "ArchiveEntry",
    "Installer",
    "InstallerWheel",
    "Strategy",
    "context_entries",
    "docker_context",
    "installer_wheels",
    "tar_bytes",
    "tar_digest",
    "write_directory",
    "write_tar",
]
