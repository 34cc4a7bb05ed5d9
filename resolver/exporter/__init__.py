"""Lock → build context → folder or tar: the same lock always gives the same bytes."""

from __future__ import annotations

from resolver.exporter.archive import (
    DEFAULT_EPOCH,
    ArchiveEntry,
    context_entries,
    source_date_epoch,
    tar_bytes,
    tar_digest,
    write_tar,
)
from resolver.exporter.base_choice import choose_base
from resolver.exporter.directory import write_directory
from resolver.exporter.docker.context import context_needs, docker_context
from resolver.exporter.docker.dockerfile import Installer, Strategy
from resolver.exporter.docker.wheelhouse import InstallerWheel, installer_wheels

__all__ = [
    "DEFAULT_EPOCH",
    "ArchiveEntry",
    "Installer",
    "InstallerWheel",
    "Strategy",
    "choose_base",
    "context_entries",
    "context_needs",
    "docker_context",
    "installer_wheels",
    "source_date_epoch",
    "tar_bytes",
    "tar_digest",
    "write_directory",
    "write_tar",
]
