"""What a ``conda-lock.yml`` says about itself where that is asked for: when it was made, by whom, and from what.

None of it is there by default. A time makes each run another file, a name and a mail address are nobody else's
business, and a commit changes with each commit. The choices are called as conda-lock's ``--metadata`` has them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.errors import SettingsError
from resolver.files import read_text
from resolver.locks.evidence import PREFIX
from resolver.model import Lock
from resolver.settings.values import METADATA_CHOICES

if TYPE_CHECKING:
    from resolver.source_trees.provenance import Provenance

__all__ = ["METADATA_CHOICES", "file_metadata", "notes_of", "read_file_metadata"]

_OF_GIT = {"git_sha": "sha", "git_user_name": "user_name", "git_user_email": "user_email"}
_OF_INPUTS = {"input_md5": "md5", "input_sha": "sha256"}


def read_file_metadata(
    choices: Collection[str], *, sources: Sequence[str], directory: Path, now: datetime, environ: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The chosen metadata (a value for ``Lock.metadata``) of a lock of ``sources``, whose paths are relative to
    ``directory``. Raises ``SettingsError`` for a choice that there is none of, ``ResolverError`` where a file or git
    cannot be read."""
    unknown = sorted(set(choices) - set(METADATA_CHOICES))
    if unknown:
        raise SettingsError(f"no such metadata: {unknown[0]!r}", hint=f"known are: {', '.join(METADATA_CHOICES)}")
    files = {source: directory / source for source in sources}
    provenance = None
    if set(choices) & set(_OF_GIT):
        from resolver.source_trees.provenance import provenance_of

        provenance = provenance_of(tuple(files.values()), directory, environ)
    texts = {name: read_text(file) for name, file in files.items()} if set(choices) & set(_OF_INPUTS) else {}
    return file_metadata(choices, now=now, provenance=provenance, texts=texts)


def file_metadata(
    choices: Collection[str], *, now: datetime, provenance: Provenance | None, texts: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The chosen metadata; ``texts`` are those of the sources by name. Hashes are of a text with line ends as ``\\n``,
    as conda-lock takes them."""
    found: dict[str, object] = {}
    if "timestamp" in choices:
        found["time_metadata"] = {"created_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    said = {choice: getattr(provenance, field) for choice, field in _OF_GIT.items() if choice in choices and provenance}
    if any(said.values()):
        found["git_metadata"] = {choice: text for choice, text in said.items() if text}
    hashes = {name: field for name, field in _OF_INPUTS.items() if name in choices}
    if hashes:
        found["inputs_metadata"] = {
            name: {field: _hash(field, text) for field in hashes.values()} for name, text in texts.items()
        }
    return tuple((name, json.dumps(value, sort_keys=True, separators=(",", ":"))) for name, value in found.items())


def _hash(algorithm: str, text: str) -> str:
    """An md5 identifies a file here, and protects nothing."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    return hashlib.new(algorithm, plain, usedforsecurity=False).hexdigest()


def notes_of(previous: Lock | None) -> tuple[tuple[str, str], ...]:
    """What other tools have noted in a lock, for the one that takes its place. When and from what the old one was made
    does not hold for the new one."""
    noted: dict[str, str] = json.loads(dict(previous.metadata).get("custom_metadata", "{}")) if previous else {}
    notes = {name: text for name, text in noted.items() if not name.startswith(PREFIX)}
    return (("custom_metadata", json.dumps(notes, sort_keys=True, separators=(",", ":"))),) if notes else ()
