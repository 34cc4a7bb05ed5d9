"""Channels: canonical URLs, and where their records really come from.

A record always carries its channel's canonical URL. Behind it may stand the channel itself, a mirror on another
server (py-rattler's mirror middleware), or a folder, whose repodata may be compressed (``repodata.json.zst``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import zstandard
from rattler import Channel, Gateway, SourceConfig, SparseRepoData
from rattler.exceptions import GatewayError
from rattler.networking import Client, MirrorMiddleware, RetryMiddleware
from rattler.networking.middleware import AuthenticationMiddleware

from resolver.errors import IndexUnavailable
from resolver.files import write_atomic
from resolver.mirrors import Mirrors

__all__ = ["Channels", "Source", "canonical_channel_url"]

Source = Channel | SparseRepoData

_ALIAS = "https://conda.anaconda.org"
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_MAX_REPODATA = 4 << 30
"""Bytes that a folder's repodata may have when decompressed; conda-forge's largest is below 1 GiB."""


def canonical_channel_url(channel: str) -> str:
    """``conda-forge``, ``conda-forge/label/x`` or a URL as the one URL that a lock holds, without a trailing slash."""
    if "://" in channel:
        return re.sub(r"(?<=.)/+\Z", "", channel)
    return f"{_ALIAS}/{channel.strip('/')}"


def expand_defaults(channels: Iterable[str]) -> tuple[str, ...]:
    """Canonical URLs in order, ``defaults`` replaced by the channels that it stands for, ``nodefaults`` dropped."""
    urls: list[str] = []
    for channel in channels:
        if channel == "nodefaults":
            continue
        urls.extend(_DEFAULTS if channel == "defaults" else (canonical_channel_url(channel),))
    return tuple(dict.fromkeys(urls))


class Channels:
    """The channels of one run: one gateway for all solves, so that nothing is fetched or parsed twice.

    ``offline`` takes what the cache has, however old, and ``refresh`` takes nothing from it.
    """

    def __init__(
        self,
        *,
        cache: Path,
        mirrors: Mirrors | None = None,
        offline: bool = False,
        refresh: bool = False,
    ) -> None:
        self._cache = cache
        self._mirrors = mirrors or Mirrors(())
        self._offline = offline
        action = "force-cache-only" if offline else "no-cache" if refresh else "cache-or-fetch"
        self._config = SourceConfig(cache_action=action)  # type: ignore[arg-type]
        self._gateway: Gateway | None = None
        self._folders: dict[tuple[str, str], SparseRepoData | None] = {}

    def gateway(self, channels: Sequence[str]) -> Gateway:
        """The shared gateway; ``channels`` are all that it will ever be asked for."""
        if self._gateway is None:
            self._gateway = Gateway(
                cache_dir=self._cache / "repodata", default_config=self._config, client=self._client(channels)
            )
        return self._gateway

    def sources(self, channels: Sequence[str], subdirs: Sequence[str]) -> list[Source]:
        """What the solver reads, in order of priority. Raises ``IndexUnavailable`` for a folder without repodata."""
        found: list[Source] = []
        for channel in channels:
            place = self._mirrors.locate(channel + "/")
            if isinstance(place, str):
                found.append(Channel(channel))
                continue
            sparse = [s for s in (self._folder(channel, place, subdir) for subdir in subdirs) if s is not None]
            if not sparse:
                raise IndexUnavailable(
                    f"{channel}: no repodata for {' or '.join(subdirs)} in {place}",
                    hint="a channel folder holds SUBDIR/repodata.json or SUBDIR/repodata.json.zst",
                )
            found.extend(sparse)
        return found

    async def names(self, channels: Sequence[str], subdirs: Sequence[str]) -> set[str]:
        """All package names that the channels have on these subdirs."""
        names: set[str] = set()
        remote: list[Source] = []
        for source in self.sources(channels, subdirs):
            if isinstance(source, SparseRepoData):
                names.update(source.package_names())
            else:
                remote.append(source)
        if remote:
            try:
                found = await self.gateway(channels).names(remote, list(subdirs))  # type: ignore[arg-type]
            except GatewayError as error:
                raise unavailable(channels, error) from error
            names.update(name.normalized for name in found)
        return names

    def _folder(self, channel: str, folder: Path, subdir: str) -> SparseRepoData | None:
        key = (channel, subdir)
        if key not in self._folders:
            self._folders[key] = self._read(channel, folder / subdir, subdir)
        return self._folders[key]

    def _read(self, channel: str, folder: Path, subdir: str) -> SparseRepoData | None:
        for name in ("repodata.json", "repodata.json.zst"):
            path = folder / name
            if path.exists():
                return self._sparse(channel, path, subdir)
        return None

    def _sparse(self, channel: str, path: Path, subdir: str) -> SparseRepoData:
        try:
            plain = self._decompressed(path) if path.suffix == ".zst" else path
            return SparseRepoData(Channel(channel), subdir, plain)
        except OSError as error:
            raise IndexUnavailable(
                f"{path}: cannot be read as repodata: {error}", hint="the file is damaged: copy it again"
            ) from error

    def _decompressed(self, packed: Path) -> Path:
        """The plain repodata.json, decompressed once into the cache, by content."""
        data = packed.read_bytes()
        target = self._cache / "repodata-folders" / f"{hashlib.sha256(data).hexdigest()}.json"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, _decompress(packed, data))
        return target

    def _client(self, channels: Sequence[str]) -> Client:
        """A client that retries (the default one does not) and that knows the mirrors on other servers."""
        rules: dict[str, list[str]] = {}
        for channel in channels:
            place = self._mirrors.locate(channel + "/")
            if isinstance(place, str) and place != channel + "/":
                rules[channel + "/"] = [place]
        mirrors = [MirrorMiddleware(rules)] if rules else []
        return Client([*mirrors, RetryMiddleware(3), AuthenticationMiddleware()])


def unavailable(channels: Sequence[str], error: Exception) -> IndexUnavailable:
    """py-rattler's error about a channel as ours, with credentials cut out of any URL in it."""
    text = re.sub(r"(?<=://)[^/\s'\"]*@", "", str(error)).strip()
    return IndexUnavailable(
        f"cannot read the channels {', '.join(channels)}: {text}",
        hint="check the channel's name and the network, or name a mirror under [mirrors]",
    )


def _decompress(path: Path, data: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            content: bytes = reader.read(_MAX_REPODATA)
    except zstandard.ZstdError as error:
        raise IndexUnavailable(f"{path}: not zstandard: {error}") from error
    return content
