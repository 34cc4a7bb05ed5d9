"""The document of a ``conda-lock.yml``, version 1: the fields that conda-lock's own models have, and no others.

Older releases left out some of those that conda-lock wants today; these have defaults here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from resolver.locks.formats.conda_lock.keys import VERSION
from resolver.model import MAIN

__all__ = [
    "Channel",
    "Document",
    "GitMetadata",
    "InputMetadata",
    "Metadata",
    "Row",
    "TimeMetadata",
]


class Channel(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    used_env_vars: list[str] = []


class TimeMetadata(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """``created_at`` is in RFC 3339, UTC."""

    created_at: str


class GitMetadata(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    git_user_name: str | None = None
    git_user_email: str | None = None
    git_sha: str | None = None


class InputMetadata(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The hashes of a manifest's text (with line ends as ``\\n``)."""

    md5: str | None = None
    sha256: str | None = None


class Metadata(msgspec.Struct, forbid_unknown_fields=True):
    content_hash: dict[str, str]
    channels: list[Channel | str]
    platforms: list[str]
    sources: list[str] = []
    time_metadata: TimeMetadata | None = None
    git_metadata: GitMetadata | None = None
    inputs_metadata: dict[str, InputMetadata] | None = None
    custom_metadata: dict[str, str] | None = None


class Hash(msgspec.Struct, forbid_unknown_fields=True):
    md5: str | None = None
    sha256: str | None = None


class Source(msgspec.Struct, forbid_unknown_fields=True):
    """Where pip installs from, instead of an index."""

    url: str
    type: Literal["url"] = "url"


class Row(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    version: str
    manager: Literal["conda", "pip"]
    platform: str
    url: str
    hash: Hash
    dependencies: dict[str, str | None] = {}
    category: str = MAIN
    optional: bool = False
    source: Source | None = None
    build: str | None = None


class Document(msgspec.Struct, forbid_unknown_fields=True):
    metadata: Metadata
    package: list[Row]
    version: int = VERSION
