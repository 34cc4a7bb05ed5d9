"""The universe of a scenario, put where the solver can read it: in memory and in folders, or on a loopback server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from fixtures.archives import Member, stored_gzip, ustar
from fixtures.distributions import Distribution, write_distribution
from resolver.indexes import Index, MemoryIndex
from resolver.session import Session
from tests.loopback import JSON, Loopback, Reply
from tests.scenarios.scenario import Record, Release, Scenario, parse_record, parse_release

__all__ = ["CHANNELS", "INDEX", "PRIVATE", "Served", "World", "default_file"]

_CONDA = "https://conda.example.org"
_PYPI = "https://pypi.example.org"
_PRIVATE = "https://private.example.org"
_FILES = "https://files.example.org"

CHANNELS = {"main": f"{_CONDA}/main", "other": f"{_CONDA}/other"}
INDEX = f"{_PYPI}/simple/"
PRIVATE = f"{_PRIVATE}/simple/"

_NONSENSE = "not a requirement =="


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A wheel (or sdist) of an index, with its bytes and what the page says of it."""

    name: str
    filename: str
    content: bytes
    release: Release

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def upload_time(self) -> str | None:
        return f"{self.release.uploaded}T00:00:00Z" if self.release.uploaded else None


class World:
    """What a scenario's universe consists of, as documents and files by their paths below each host."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    @cached_property
    def channels(self) -> dict[str, bytes]:
        """repodata by ``CHANNEL/SUBDIR/repodata.json``."""
        found: dict[str, bytes] = {}
        for channel, records in (("main", self._scenario.conda), ("other", self._scenario.other)):
            for subdir, rows in _by_subdir(records or ()).items() if records is not None else ():
                document = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": rows, "repodata_version": 1}
                found[f"{channel}/{subdir}/repodata.json"] = json.dumps(document).encode()
        return found

    @cached_property
    def files(self) -> dict[str, list[_File]]:
        """The files of each index, and of ``wheels``, by the name of their list."""
        s = self._scenario
        lists = {"pypi": s.pypi, "private": s.private or (), "wheels": s.wheels}
        return {name: [file for release in releases for file in _files(release)] for name, releases in lists.items()}

    @property
    def indexes(self) -> tuple[str, ...]:
        return ("pypi",) if self._scenario.private is None else ("private", "pypi")

    def with_hashes(self, line: str) -> str:
        """The line with ``{sha256:FILE}`` filled in."""
        for files in self.files.values():
            for file in files:
                line = line.replace(f"{{sha256:{file.filename}}}", f"sha256:{file.sha256}")
        return line

    def in_memory(self, folder: Path) -> Served:
        """Indexes in memory; channels and single wheels in a folder."""
        for path, content in self.channels.items():
            _write(folder / "conda" / path, content)
        for file in self.files["wheels"]:
            _write(folder / "files" / file.filename, file.content)
        mirrors = ((_CONDA, f"{folder}/conda"), (_FILES, f"{folder}/files"))
        indexes = {
            _url(which): MemoryIndex(_plain(self.files[which]), url=_url(which)) for which in ("pypi", "private")
        }
        return Served(mirrors=mirrors, indexes=indexes, cache=folder / "cache")

    def on_loopback(self, server: Loopback, root: str, folder: Path) -> Served:
        """All of it below the path ``root`` of a server; each answer is of the kind that real ones give."""
        for path, content in self.channels.items():
            server.answer(f"{root}/conda/{path}", Reply(body=content, content_type="application/json"))
        for which, files in self.files.items():
            for file in files:
                server.answer(f"{root}/{which}/files/{file.filename}", Reply(body=file.content, ranges=True))
            for name in {file.name for file in files} if which != "wheels" else ():
                server.answer(f"{root}/{which}/simple/{name}/", _page(name, [f for f in files if f.name == name]))
        hosts = ((_CONDA, "conda"), (_PYPI, "pypi"), (_PRIVATE, "private"), (_FILES, "wheels/files"))
        mirrors = tuple((url, f"{server.url}{root}/{place}") for url, place in hosts)
        return Served(mirrors=mirrors, indexes={}, cache=folder / "cache")


class Served(Session):
    """A session over the mirrors; ``indexes`` stand in for those at their URLs."""

    def __init__(self, *, mirrors: tuple[tuple[str, str], ...], indexes: Mapping[str, Index], cache: Path) -> None:
        super().__init__(mirrors=mirrors, cache=cache, environ={})
        self._given = indexes

    def index(self, url: str) -> Index:
        return self._given[url] if url in self._given else super().index(url)


def default_file(name: str, version: str) -> str:
    """The wheel that a release has if it names no files."""
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def _by_subdir(records: tuple[str | Record, ...]) -> dict[str, dict[str, Any]]:
    subdirs: dict[str, dict[str, Any]] = {"noarch": {}, "linux-64": {}}
    for given in records:
        subdir, row = parse_record(given)
        file_name = f"{row['name']}-{row['version']}-{row['build']}.conda"
        uploaded = given.uploaded if isinstance(given, Record) else Record(record="").uploaded
        row["timestamp"] = int(datetime.fromisoformat(uploaded).replace(tzinfo=UTC).timestamp() * 1000)
        row["md5"] = hashlib.md5(file_name.encode()).hexdigest()
        row["size"] = 100
        if not isinstance(given, Record) or given.hashed:
            row["sha256"] = hashlib.sha256(f"{subdir}/{file_name}".encode()).hexdigest()
        if file_name in subdirs.setdefault(subdir, {}):
            raise ValueError(f"{subdir}/{file_name} is there twice")
        subdirs[subdir][file_name] = row
    return subdirs


def _files(given: str | Release) -> list[_File]:
    name, version, requires, release = parse_release(given)
    filenames = release.files if release.files is not None else (default_file(name, version),)
    content_of = {f: _content(name, version, requires, release, f) for f in filenames}
    return [_File(name=name, filename=f, content=c, release=release) for f, c in content_of.items()]


def _content(name: str, version: str, requires: list[str], release: Release, filename: str) -> bytes:
    if not filename.endswith(".whl"):
        return _sdist(name, version, requires, release)
    distribution = Distribution(
        project=name,
        version=version,
        tag="-".join(filename.removesuffix(".whl").split("-")[-3:]),
        requires=(_NONSENSE,) if release.invalid else tuple(requires),
        requires_python=release.requires_python,
        files=(("which.txt", filename),),
    )
    return write_distribution(distribution)


def _sdist(name: str, version: str, requires: list[str], release: Release) -> bytes:
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    lines += [f"Requires-Python: {release.requires_python}"] if release.requires_python else []
    lines += [] if release.static else ["Dynamic: Requires-Dist"]
    member = Member(path=f"{name}-{version}/PKG-INFO", content=("\n".join(lines) + "\n").encode())
    return stored_gzip(ustar([member]))


def _plain(files: list[_File]) -> dict[str, dict[str, dict[str, object]]]:
    """As ``MemoryIndex`` takes it."""
    projects: dict[str, dict[str, dict[str, object]]] = {}
    for file in files:
        _, version, requires, release = parse_release(file.release)
        plain = projects.setdefault(file.name, {}).setdefault(
            version,
            {
                "requires_dist": requires,
                "requires_python": release.requires_python,
                "yanked": release.yanked if release.yanked is not None else False,
                "upload_time": file.upload_time,
                "invalid": "not metadata" if release.invalid else None,
                "static": release.static,
                "files": [],
            },
        )
        listed = plain["files"]
        assert isinstance(listed, list)
        told = release.requires_python if release.page_tells_python else None
        listed.append(
            {"filename": file.filename, "sha256": file.sha256, "size": len(file.content), "requires_python": told}
        )
    return projects


def _page(name: str, files: list[_File]) -> Reply:
    entries = []
    for file in files:
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": f"../../files/{file.filename}",
            "hashes": {"sha256": file.sha256},
            "size": len(file.content),
            "yanked": file.release.yanked if file.release.yanked is not None else False,
        }
        if file.release.requires_python is not None and file.release.page_tells_python:
            entry["requires-python"] = file.release.requires_python
        if file.upload_time is not None:
            entry["upload-time"] = file.upload_time
        entries.append(entry)
    document = {"meta": {"api-version": "1.1"}, "name": name, "files": entries}
    return Reply(body=json.dumps(document).encode(), content_type=JSON)


def _url(which: str) -> str:
    return {"pypi": INDEX, "private": PRIVATE}[which]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
