"""Where the downloads of a thin build lie: the index and the mirrors of the session, as arguments of the Dockerfile.

They end with the stage that installs: the image does not have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolver.session import Session
from resolver.transport import without_credentials

__all__ = ["Downloads", "downloads_of"]

_UNSEEN = "which a build does not see; see --strategy vendored"
_UNTOLD = "which a build is not told; see --strategy vendored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """``arguments`` are for the Dockerfile; ``notes`` say what a step of a build cannot reach, or may not be told."""

    arguments: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def downloads_of(session: Session, index_urls: Sequence[str]) -> Downloads:
    """``PIP_INDEX_URL`` is the last of ``index_urls``, else the session's default index; ``SAMEBOX_MIRRORS`` are its
    mirrors. A folder of this machine is not there in a build, and credentials do not leave this process."""
    notes: list[str] = []
    mirrors = []
    for prefix, place in session.mirrors.rules:
        if "://" not in place or place.startswith("file:"):
            notes.append(f"the mirror {place} is a folder, {_UNSEEN}")
        elif _passes(place, notes):
            mirrors.append(f"{prefix}={place}")
    index = session.mirrors.locate(index_urls[-1] if index_urls else session.default_index_url())
    arguments = [("PIP_INDEX_URL", index)] if isinstance(index, str) and _passes(index, notes) else []
    if not (isinstance(index, str) or notes):
        notes.append(f"the index {index} is a folder, {_UNSEEN}")
    if mirrors:
        arguments.append(("SAMEBOX_MIRRORS", " ".join(mirrors)))
    return Downloads(arguments=tuple(arguments), notes=tuple(dict.fromkeys(notes)))


def _passes(url: str, notes: list[str]) -> bool:
    public = without_credentials(url)
    if public != url:
        notes.append(f"{public} is asked with credentials, {_UNTOLD}")
    return public == url
