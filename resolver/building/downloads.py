"""Where the downloads of a thin build lie: the index and the mirrors of the session, as arguments of the Dockerfile.

They end with the stage that installs: the image does not have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resolver.errors import SettingsError
from resolver.session import Session
from resolver.transport import without_credentials
from resolver.values import dataclass

__all__ = ["Downloads", "downloads_of"]

_UNSEEN = "which a build does not see; see --strategy vendored"
_UNTOLD = "which a build is not told; see --lend-netrc, or --strategy vendored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """``arguments`` are for the Dockerfile; ``notes`` say what a step of a build cannot reach, or may not be told;
    ``netrc`` is the file that its downloads may read (``lend_netrc``)."""

    arguments: tuple[tuple[str, str], ...] = ()
    netrc: Path | None = None
    notes: tuple[str, ...] = ()


def downloads_of(session: Session, index_urls: Sequence[str], *, lend_netrc: bool = False) -> Downloads:
    """``PIP_INDEX_URL`` is the last of ``index_urls``, else the session's default index; ``SAMEBOX_MIRRORS`` are its
    mirrors. A folder of this machine is not there in a build, and no credentials are in what is passed on.

    Raises ``SettingsError`` where a netrc file shall be lent and there is none.
    """
    notes: list[str] = []
    netrc = _netrc(session) if lend_netrc else None
    mirrors = []
    for prefix, place in session.mirrors.rules:
        if "://" not in place or place.startswith("file:"):
            notes.append(f"the mirror {place} is a folder, {_UNSEEN}")
        elif public := _public(place, notes, netrc):
            mirrors.append(f"{prefix}={public}")
    index = session.mirrors.locate(index_urls[-1] if index_urls else session.default_index_url())
    public = _public(index, notes, netrc) if isinstance(index, str) else ""
    arguments = [("PIP_INDEX_URL", public)] if public else []
    if not (isinstance(index, str) or notes):
        notes.append(f"the index {index} is a folder, {_UNSEEN}")
    if mirrors:
        arguments.append(("SAMEBOX_MIRRORS", " ".join(mirrors)))
    return Downloads(arguments=tuple(arguments), netrc=netrc, notes=tuple(dict.fromkeys(notes)))


def _public(url: str, notes: list[str], netrc: Path | None) -> str:
    """What a build is told: the URL without credentials, ``""`` where it would have none in their place."""
    public = without_credentials(url)
    if public == url or netrc is not None:
        return public
    notes.append(f"{public} is asked with credentials, {_UNTOLD}")
    return ""


def _netrc(session: Session) -> Path:
    home = session.environ.get("HOME")
    name = session.environ.get("NETRC") or (f"{home}/.netrc" if home else "")
    if not name or not Path(name).is_file():
        raise SettingsError(
            f"docker.lend-netrc: there is no netrc file{f' at {name}' if name else ''}", hint="NETRC names the file"
        )
    return Path(name).absolute()
