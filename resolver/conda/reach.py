"""What is within reach of some names in channels that are folders, kept as repodata of its own.

A channel's mirror has tens of thousands of records, and a solve is about some hundred names of them. To find those,
py-rattler reads the files from end to end. What it found is written out once more, so that the next solve that asks
for the same names of the same files reads only that.

To the solver it is the same: of a name that is within reach all records are there, each as it was and in the same
order. What is asked for besides is read from the channels themselves. Where some channel is no folder, nothing is kept:
who depends on whom crosses channels.

An entry is a folder: an index, and ``NUMBER/SUBDIR/repodata.json`` with the channels numbered by their priority. Its
name is a digest of all that it follows from, where a file is told by its path, size, times and inode. An entry whose
bytes are not those that were written is removed, and made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from rattler import RepoDataRecord

from resolver.conda.problems import CondaProblem
from resolver.installed import installed_version
from resolver.values import dataclass, field

__all__ = ["KeptReach", "ReachCache", "repodata_file"]

_FORM = 1
"""Part of an entry's name: raise it when its form changes, or what counts as within reach."""

_INDEX = "index"
_MOST_ENTRIES = 16
_IN_USE = 3600
"""Seconds for which an entry that was read is not removed: its reader may not have opened all of its files."""

_SETTLED = 2
"""Seconds that a file must have been as it is: one that is written to now might change once more at the same time."""

_LEAST_BYTES = 1_000_000
"""Less than this is read as fast from the channels themselves."""

_TABLES = {".tar.bz2": "packages", ".conda": "packages.conda"}
"""Where repodata has the files of a kind."""


class _Index(msgspec.Struct):
    """``digests`` are the sha256s of the repodata by their path in the entry; ``names`` are those within reach on each
    platform, and ``shown`` what ``CondaSolution`` says of it."""

    digests: dict[str, str]
    names: dict[str, list[str]]
    shown: dict[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReach:
    """An entry that may be read. ``folders`` are channels, in the order of ``channels``."""

    channels: tuple[str, ...]
    folders: tuple[Path, ...]
    names: Mapping[str, frozenset[str]]
    shown: Mapping[str, tuple[tuple[str, str], ...]]

    def holds(self, problem: CondaProblem, names: Iterable[str]) -> bool:
        """Whether all that the channels have of these names, and of what those need, is here."""
        known = self.names.get(problem.platform.subdir)
        return known is not None and problem.channels == self.channels and known.issuperset(names)


@dataclass(slots=True, kw_only=True)
class ReachCache:
    """The entries below ``folder`` for some problems: one platform each, and the same channels. ``places`` are the
    folders that these are; ``None`` where one is none, or must be read under its own URL. With ``refresh`` no entry is
    read."""

    folder: Path
    problems: Sequence[CondaProblem]
    places: tuple[Path, ...] | None
    refresh: bool
    _key: str | None = field(init=False)
    _found: dict[str, list[RepoDataRecord]] = field(init=False, default_factory=dict)
    _shown: dict[str, list[tuple[str, str]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._key = self._current_key()

    def kept(self) -> KeptReach | None:
        """The entry for these problems, if there is one."""
        if self._key is None or self.refresh:
            return None
        entry = self.folder / self._key
        index = _read(entry)
        if index is None:
            _remove(entry)
            return None
        return KeptReach(
            channels=self.problems[0].channels,
            folders=tuple(entry / str(number) for number in range(len(self.places or ()))),
            names={platform: frozenset(names) for platform, names in index.names.items()},
            shown={platform: tuple(shown) for platform, shown in index.shown.items()},
        )

    def found(self, problem: CondaProblem, records: Sequence[RepoDataRecord], shown: Sequence[tuple[str, str]]) -> None:
        """Take note of what is within reach of one of the problems."""
        self._found[problem.platform.subdir] = list(records)
        self._shown[problem.platform.subdir] = list(shown)

    def keep(self, canonical: Callable[[str], str]) -> None:
        """Keep what was found for all problems; ``canonical`` gives the URL of a record with its channel's canonical
        one. An entry that cannot be written is no error."""
        if self._key is None or len(self._found) < len(self.problems) or self._key != self._current_key():
            return
        repodata = self._repodata(canonical)
        if repodata is not None:
            with contextlib.suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._write(repodata)
                _forget_the_oldest(self.folder)

    # -------------------------------------------------------------------------------------- what an entry is

    def _current_key(self) -> str | None:
        """The name of the entry; ``None`` where nothing is to be kept."""
        if self.places is None:
            return None
        subdirs = sorted({subdir for problem in self.problems for subdir in problem.subdirs})
        paths = [repodata_file(place / subdir) for place in self.places for subdir in subdirs]
        try:
            states = [path.stat() for path in paths if path is not None]
        except OSError:
            return None  # it has just gone: whoever reads it will say so
        latest = max((max(s.st_mtime_ns, s.st_ctime_ns) for s in states), default=0)
        if sum(s.st_size for s in states) < _LEAST_BYTES or time.time_ns() - latest < _SETTLED * 1_000_000_000:
            return None
        files = [(s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for s in states]
        roots = sorted((p.platform.subdir, sorted({spec.name for spec in p.specs})) for p in self.problems)
        release = installed_version("py-rattler", "rattler")
        parts = (_FORM, release, self.problems[0].channels, [p and str(p.absolute()) for p in paths], files, roots)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    def _repodata(self, canonical: Callable[[str], str]) -> dict[str, bytes] | None:
        """The files of the entry by their path in it; ``None`` where a record does not lie where its channel and its
        own name say, since this is all that would tell."""
        subdirs = {subdir for problem in self.problems for subdir in problem.subdirs}
        places = {
            f"{channel}/{subdir}": f"{number}/{subdir}"
            for number, channel in enumerate(self.problems[0].channels)
            for subdir in subdirs
        }
        rows: dict[str, dict[str, dict[str, bytes]]] = {
            place: {".tar.bz2": {}, ".conda": {}} for place in places.values()
        }
        records = {record.url: record for found in self._found.values() for record in found}
        for url, record in records.items():
            folder, _, file_name = canonical(url).rpartition("/")
            kind = next((kind for kind in _TABLES if file_name.endswith(kind)), None)
            place = places.get(folder)
            if kind is None or place is None or file_name != record.file_name:
                return None
            rows[place][kind][file_name] = _row(record)
        return {f"{place}/repodata.json": _document(place, tables) for place, tables in rows.items()}

    def _write(self, repodata: Mapping[str, bytes]) -> None:
        """Whole or not at all; another process may have been faster."""
        names = {
            problem.platform.subdir: sorted(
                {spec.name for spec in problem.specs}
                | {record.name.normalized for record in self._found[problem.platform.subdir]}
            )
            for problem in self.problems
        }
        import tempfile  # it brings a lot, and an entry is read more often than written

        digests = {path: hashlib.sha256(content).hexdigest() for path, content in repodata.items()}
        index = msgspec.json.encode(_Index(digests=digests, names=names, shown=self._shown), order="sorted")
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as temporary:
            entry = Path(temporary) / "entry"
            for path, content in repodata.items():
                (entry / path).parent.mkdir(parents=True)
                (entry / path).write_bytes(content)
            (entry / _INDEX).write_bytes(hashlib.sha256(index).hexdigest().encode() + index)
            entry.replace(self.folder / str(self._key))


def repodata_file(folder: Path) -> Path | None:
    """The repodata in the folder of a subdir."""
    return next((p for p in (folder / "repodata.json", folder / "repodata.json.zst") if p.exists()), None)


def _row(record: RepoDataRecord) -> bytes:
    """The record as repodata has it: py-rattler adds where it is."""
    fields = msgspec.json.decode(record.to_json())
    for name in ("url", "channel", "fn"):
        fields.pop(name, None)
    return msgspec.json.encode(fields)


def _document(place: str, tables: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """A repodata.json. py-rattler sorts records by the package in their file's name, by a sort that leaves alone what
    is sorted: so the order among those of one package stays as it is."""
    sorted_tables = {
        _TABLES[kind]: {name: msgspec.Raw(rows[name]) for name in sorted(rows, key=lambda name: name.rsplit("-", 2)[0])}
        for kind, rows in tables.items()
    }
    return msgspec.json.encode({"info": {"subdir": place.partition("/")[2]}, **sorted_tables})


def _read(entry: Path) -> _Index | None:
    """The index of an entry, which is marked as used; ``None`` where there is none, or where something in it is not as
    it was written."""
    try:
        content = (entry / _INDEX).read_bytes()
        digest, body = content[:64], content[64:]
        if digest != hashlib.sha256(body).hexdigest().encode():
            return None
        index = msgspec.json.decode(body, type=_Index)
        for path, expected in index.digests.items():
            if hashlib.sha256((entry / path).read_bytes()).hexdigest() != expected:
                return None
        os.utime(entry)
    except OSError:
        return None
    return index


def _forget_the_oldest(folder: Path) -> None:
    """What is left over where a process was ended while it wrote is forgotten in its turn as well."""
    entries = sorted(((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)), reverse=True)
    for used, path in entries[_MOST_ENTRIES:]:
        if used < time.time() - _IN_USE:
            _remove(Path(path))


def _remove(entry: Path) -> None:
    if entry.exists():
        import shutil

        shutil.rmtree(entry, ignore_errors=True)
