"""The repodata of channels that want credentials, a client certificate or a header.

py-rattler would send a header of ours along when it is redirected to another host, knows no client certificates, and
keeps the URLs that it asked in its cache, with the tokens in them. So our own transport, which has the credentials of
the run, fetches such repodata whole, and py-rattler reads it from the file, as it reads a folder's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.errors import IndexUnavailable
from resolver.files import write_atomic
from resolver.transport import without_credentials

if TYPE_CHECKING:
    from resolver.transport import Response, Transport

__all__ = ["PrivateRepodata"]

_FORMS = ("repodata.json.zst", "repodata.json")


class PrivateRepodata:
    """Repodata files below ``cache``, asked again in each run if they have changed, by ETag or date where the server
    gives one. With ``refresh`` they are fetched anew; offline they are taken as they are. ``transport`` is asked for
    when there is a channel that is no folder."""

    def __init__(self, transport: Callable[[], Transport], cache: Path, *, refresh: bool) -> None:
        self._opened = transport
        self._cache = cache
        self._refresh = refresh

    @property
    def _transport(self) -> Transport:
        return self._opened()

    def serves(self, channel: str) -> bool:
        """Whether the channel's server gets credentials; offline, whether it once did."""
        if self._transport.is_private(channel + "/"):
            return True
        return self._transport.offline and self._folder(channel).is_dir()

    def fetch(self, channel: str, subdir: str) -> Path | None:
        """The file with the repodata of a channel's subdir, or ``None``. Raises ``IndexUnavailable``."""
        folder = self._folder(channel) / subdir
        if self._transport.offline:
            return self._kept(folder, channel)
        for form in _FORMS:
            path = folder / form
            response = self._transport.get(f"{channel}/{subdir}/{form}", headers=self._conditions(path))
            if response.status == 304:
                return path
            if response.found:
                _keep(path, response)
                return path
        return None

    def _folder(self, channel: str) -> Path:
        place = without_credentials(str(self._transport.mirrors.locate(channel + "/")))
        return self._cache / hashlib.sha256(f"{channel} {place}".encode()).hexdigest()[:32]

    def _kept(self, folder: Path, channel: str) -> Path | None:
        kept = [folder / form for form in _FORMS if (folder / form).is_file()]
        if not kept and not folder.parent.is_dir():
            raise IndexUnavailable(
                f"{channel}: its repodata was never read before, and --offline is on", hint="run once without --offline"
            )
        return kept[0] if kept else None

    def _conditions(self, path: Path) -> dict[str, str]:
        """The validators of the file, if they are of these bytes: other processes write here too."""
        if self._refresh or not path.is_file() or not _validators(path).is_file():
            return {}
        try:
            kept = json.loads(_validators(path).read_bytes())
        except ValueError:
            return {}
        if not isinstance(kept, dict) or kept.get("sha256") != hashlib.sha256(path.read_bytes()).hexdigest():
            return {}
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        return {name: str(kept[key]) for name, key in pairs if kept.get(key)}


def _keep(path: Path, response: Response) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, response.body)
    kept = {name: response.headers.get(name, "") for name in ("etag", "last-modified")}
    kept["sha256"] = hashlib.sha256(response.body).hexdigest()
    write_atomic(_validators(path), json.dumps(kept, sort_keys=True).encode())
    for form in _FORMS:
        if form != path.name:  # the server has changed its form, and offline the other would be taken
            path.with_name(form).unlink(missing_ok=True)


def _validators(path: Path) -> Path:
    return path.with_name(path.name + ".validators")
