"""Channels: canonical URLs, and where their records really come from.

A record of ours always carries its channel's canonical URL. Behind it may stand the channel itself, a mirror on
another server (py-rattler's mirror middleware), or a folder, whose repodata may be compressed (``repodata.json.zst``).
Those that want credentials are read by ``private``.

A folder of plain repodata is given to the gateway as a channel of its own: the gateway keeps the records of channels
for all solves of a run, and those of ``SparseRepoData`` for none. Its records then have the folder's URL, which
``canonical_record`` and ``canonical_channel`` turn back. Where a spec or a filter may name a channel, rattler itself
compares channels, so that there the folder is read under its canonical URL.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rattler import Channel, Gateway, RepoDataRecord, SourceConfig, SparseRepoData
from rattler.exceptions import GatewayError
from rattler.networking import Client, MirrorMiddleware, RetryMiddleware
from rattler.networking.middleware import AuthenticationMiddleware

from resolver.conda.private import PrivateRepodata
from resolver.conda.problems import CondaProblem
from resolver.conda.reach import KeptReach, ReachCache, repodata_file
from resolver.conda.records import CondaRecord, from_rattler
from resolver.errors import IndexUnavailable
from resolver.files import write_atomic
from resolver.mirrors import Mirrors

__all__ = ["Channels", "Source"]

Source = Channel | SparseRepoData

_MAX_REPODATA = 4 << 30
"""Bytes that a folder's repodata may have when decompressed; conda-forge's largest is below 1 GiB."""


class Channels:
    """The channels of one run: one gateway for all solves, so that nothing is fetched or parsed twice.

    ``offline`` takes what the cache has, however old, and ``refresh`` takes nothing from it. ``pinned`` are the records
    of pins that were looked up (see ``pins``), ``looked_up`` those of names (see ``lookup``), ``filtered`` what filters
    left of the channels, with the names that this was made for (see ``filters``), ``kept`` what an earlier run kept of
    folders (see ``reach``).
    """

    def __init__(
        self,
        *,
        cache: Path,
        mirrors: Mirrors | None = None,
        offline: bool = False,
        refresh: bool = False,
        private: PrivateRepodata | None = None,
    ) -> None:
        self._cache = cache
        self._mirrors = mirrors or Mirrors(())
        self._offline = offline
        self._refresh = refresh
        self._private = private
        action = "force-cache-only" if offline else "no-cache" if refresh else "cache-or-fetch"
        self._config = SourceConfig(cache_action=action)  # type: ignore[arg-type]
        self._gateway: Gateway | None = None
        self._folders: dict[tuple[str, str], SparseRepoData | None] = {}
        self._canonical: dict[str, str] = {}
        self.pinned: dict[CondaProblem, list[RepoDataRecord]] = {}
        self.chosen: dict[str, RepoDataRecord] = {}
        self.filtered: dict[tuple[tuple[str, ...], ...], tuple[frozenset[str], list[Source]]] = {}
        self.looked_up: dict[tuple[tuple[str, ...], ...], dict[str, list[RepoDataRecord]]] = {}
        self.kept: KeptReach | None = None

    def gateway(self, channels: Sequence[str]) -> Gateway:
        """The shared gateway; ``channels`` are all that it will ever be asked for."""
        if self._gateway is None:
            self._gateway = Gateway(
                cache_dir=self._cache / "repodata", default_config=self._config, client=self._client(channels)
            )
        return self._gateway

    def reach(self, problems: Sequence[CondaProblem]) -> ReachCache:
        """What may be kept of folders for these problems."""
        of_all = {problem.channels for problem in problems}
        channels = problems[0].channels if len(of_all) == 1 else ()
        folders = tuple(p for p in (self._mirrors.locate(channel + "/") for channel in channels) if isinstance(p, Path))
        may_be_kept = (
            0 < len(folders) == len(channels)
            and not any(map(_compares_channels, problems))
            and len({problem.platform.subdir for problem in problems}) == len(problems)
        )
        return ReachCache(
            folder=self._cache / "within-reach",
            problems=problems,
            places=folders if may_be_kept else None,
            refresh=self._refresh,
        )

    def sources(self, problem: CondaProblem, names: Iterable[str] | None = None) -> list[Source]:
        """What the solver reads, in order of priority; where only ``names`` and what they need are asked for, that may
        be what was kept of it. Raises ``IndexUnavailable`` for a folder without repodata."""
        channels_are_compared = _compares_channels(problem)
        if self.kept and names is not None and not channels_are_compared and self.kept.holds(problem, names):
            return [self._as_channel(*pair) for pair in zip(problem.channels, self.kept.folders, strict=True)]
        found: list[Source] = []
        subdirs = problem.subdirs
        for channel in problem.channels:
            place = self._mirrors.locate(channel + "/")
            if isinstance(place, str) and not self._is_private(channel):
                found.append(Channel(channel))
                continue
            if isinstance(place, Path) and not channels_are_compared and _is_plain(place, subdirs):
                found.append(self._as_channel(channel, place))
                continue
            sparse = [s for s in (self._folder(channel, place, subdir) for subdir in subdirs) if s is not None]
            if not sparse:
                where, what = (f" in {place}", "channel folder") if isinstance(place, Path) else ("", "channel")
                raise IndexUnavailable(
                    f"{channel}: no repodata for {' or '.join(subdirs)}{where}",
                    hint=f"a {what} holds SUBDIR/repodata.json or SUBDIR/repodata.json.zst",
                )
            found.extend(sparse)
        return found

    def canonical_record(self, record: RepoDataRecord) -> CondaRecord:
        """The record as ours, with its channel's canonical URL."""
        return from_rattler(record, url=self.canonical_text(record.url))

    def choose(self, records: Iterable[RepoDataRecord]) -> tuple[CondaRecord, ...]:
        """An answer of the solver as records of ours, by name; ``chosen`` keeps py-rattler's by canonical URL."""
        ours = []
        for record in records:
            ours.append(self.canonical_record(record))
            self.chosen[ours[-1].url] = record
        return tuple(sorted(ours, key=lambda record: record.name))

    def canonical_channel(self, record: RepoDataRecord) -> str:
        """The canonical URL of the record's channel, as the problem has it."""
        return self.canonical_text(f"{(record.channel or '').rstrip('/')}/").rstrip("/")

    def canonical_text(self, text: str) -> str:
        """A URL, or the solver's words, without the folders that stand for channels."""
        for place, channel in sorted(self._canonical.items(), reverse=True):
            text = text.replace(place, channel)
        return text

    def unavailable(self, problem: CondaProblem, error: Exception) -> IndexUnavailable:
        """The gateway's error as ours. It does not name a file of a folder: that one is looked for."""
        for channel in problem.channels:
            place = self._mirrors.locate(channel + "/")
            if isinstance(place, Path):
                for subdir in problem.subdirs:
                    self._folder(channel, place, subdir)
        return _unavailable(problem.channels, error)

    async def names(self, problem: CondaProblem) -> set[str]:
        """All package names that the problem's channels have on its subdirs."""
        names: set[str] = set()
        remote: list[Source] = []
        channels = problem.channels
        for source in self.sources(problem):
            if isinstance(source, SparseRepoData):
                names.update(source.package_names())
            else:
                remote.append(source)
        if remote:
            try:
                found = await self.gateway(channels).names(remote, list(problem.subdirs))  # type: ignore[arg-type]
            except GatewayError as error:
                raise self.unavailable(problem, error) from error
            names.update(name.normalized for name in found)
        return names

    def _as_channel(self, channel: str, place: Path) -> Channel:
        local = Channel(place.absolute().as_uri())
        self._canonical[local.base_url] = Channel(channel).base_url
        return local

    def _folder(self, channel: str, place: Path | str, subdir: str) -> SparseRepoData | None:
        key = (channel, subdir)
        if key not in self._folders:
            path = repodata_file(place / subdir) if isinstance(place, Path) else self._fetched(channel, subdir)
            self._folders[key] = self._sparse(channel, path, subdir) if path is not None else None
        return self._folders[key]

    def _fetched(self, channel: str, subdir: str) -> Path | None:
        return self._private.fetch(channel, subdir) if self._private is not None else None

    def _is_private(self, channel: str) -> bool:
        return self._private is not None and self._private.serves(channel)

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
            if isinstance(place, str) and place != channel + "/" and not self._is_private(channel):
                rules[channel + "/"] = [place]
        mirrors = [MirrorMiddleware(rules)] if rules else []
        return Client([*mirrors, RetryMiddleware(3), AuthenticationMiddleware()])


def _unavailable(channels: Sequence[str], error: Exception) -> IndexUnavailable:
    """py-rattler's error about a channel as ours, with credentials cut out of any URL in it."""
    text = re.sub(r"(?<=://)[^/\s'\"]*@", "", str(error)).strip()
    hint = "check the channel's name and the network, or name a mirror under [mirrors]"
    if "401" in text or "403" in text:
        hint = (
            'if the channel is private, give its credentials under [auth] ("https://HOST" = { token = "${TOKEN}" }), '
            "in a netrc file, or as https://${USER}:${TOKEN}@… or https://HOST/t/${TOKEN}/… in its URL"
        )
    return IndexUnavailable(f"cannot read the channels {', '.join(channels)}: {text}", hint=hint)


def _compares_channels(problem: CondaProblem) -> bool:
    return bool(problem.filters) or any(spec.channel is not None for spec in problem.specs)


def _is_plain(place: Path, subdirs: Sequence[str]) -> bool:
    return all((place / subdir / "repodata.json").is_file() for subdir in subdirs)


def _decompress(path: Path, data: bytes) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            content: bytes = reader.read(_MAX_REPODATA)
    except zstandard.ZstdError as error:
        raise IndexUnavailable(f"{path}: not zstandard: {error}") from error
    return content
