"""Which file of an installed prefix belongs to which package, as entries of a layer.

conda's records (``conda-meta/NAME-VERSION-BUILD.json``) and the wheels' ``RECORD`` say it. A file that two packages
bring, the same in both, lies in the layers of both: then a layer is a function of its own packages.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resolver.errors import BuildError
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.layers import PackageKey

__all__ = ["InstalledFiles", "Item", "archive_entries", "installed_files", "items_of"]

_WHITEOUT = ".wh."

Item = tuple[str, str, int, str]
"""Path below the prefix, kind, mode, and the sha256 of a file or the target of a link."""


@dataclass(frozen=True, kw_only=True)
class InstalledFiles:
    """The paths of each package below ``root``."""

    root: Path
    by_package: Mapping[PackageKey, frozenset[str]]

    def of(self, packages: Iterable[PackageKey]) -> tuple[str, ...]:
        """All paths of these packages, sorted."""
        return tuple(sorted({path for key in packages for path in self.by_package[key]}))

    def beside(self, packages: Sequence[PackageKey]) -> tuple[PackageKey, ...]:
        """The other packages that bring one of these paths too."""
        others = {owner for path in self.of(packages) for owner in self._shared.get(path, ())}
        return tuple(sorted(others.difference(packages)))

    @cached_property
    def _shared(self) -> dict[str, list[PackageKey]]:
        """Path → its packages, where there are several."""
        owners: dict[str, list[PackageKey]] = {}
        for key, paths in self.by_package.items():
            for path in paths:
                owners.setdefault(path, []).append(key)
        return {path: keys for path, keys in owners.items() if len(keys) > 1}


def installed_files(
    root: Path, slice_packages: Sequence[Mapping[str, object]], *, of_nobody: frozenset[str]
) -> InstalledFiles:
    """Read the records below ``root``, into which the packages of this slice were installed; ``of_nobody`` are the
    files that an install writes and that are no package's.

    Raises ``BuildError`` for records that name what is not there, files that no record names, and names that mean
    something else in a layer.
    """
    present = frozenset(_walk(root))
    lists = {("conda", str(p["name"])): _conda_paths(root, p) for p in slice_packages if p["kind"] == "conda"}
    taken = frozenset(path for paths in lists.values() for path in paths)
    wheels = {str(p["name"]) for p in slice_packages if p["kind"] != "conda"}
    lists |= {("wheel", name): paths for name, paths in _wheel_paths(root, present, taken, wheels)}
    lost = sorted(wheels - {name for kind, name in lists if kind == "wheel"})
    if lost:
        raise BuildError(f"no RECORD was installed for {', '.join(lost)}")
    by_package = {key: frozenset(paths) for key, paths in lists.items()}
    _refuse_what_does_not_fit(present, by_package, of_nobody)
    return InstalledFiles(root=root, by_package=by_package)


def _walk(root: Path) -> Iterator[str]:
    """Every path below ``root``; links are not followed."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                yield folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{folder}{entry.name}/")


def _conda_paths(root: Path, package: Mapping[str, object]) -> tuple[str, ...]:
    stem = str(package["file_name"]).removesuffix(".conda").removesuffix(".tar.bz2")
    record = f"conda-meta/{stem}.json"
    try:
        entries = json.loads((root / record).read_bytes())["paths_data"]["paths"]
        return (record, *(str(entry["_path"]) for entry in entries))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{package['name']}: the record {record} cannot be read") from error


def _wheel_paths(
    root: Path, present: Iterable[str], taken: frozenset[str], wheels: set[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(normalised name, paths) of each RECORD that no conda package brought."""
    for record in sorted(path for path in present if path.endswith(".dist-info/RECORD") and path not in taken):
        site_packages, _, folder = posixpath.dirname(record).rpartition("/")
        name = re.sub(r"[-_.]+", "-", folder.removesuffix(".dist-info").rpartition("-")[0]).lower()
        if name not in wheels:
            raise BuildError(f"{record}: it belongs to no package of the lock")
        with (root / record).open(encoding="utf-8", newline="") as stream:
            listed = [row[0] for row in csv.reader(stream) if row]
        yield name, tuple(posixpath.normpath(f"{site_packages}/{path}") for path in listed)


def _refuse_what_does_not_fit(
    present: frozenset[str], by_package: Mapping[PackageKey, frozenset[str]], of_nobody: frozenset[str]
) -> None:
    owned: set[str] = set()
    for (_, name), paths in by_package.items():
        absent = sorted(paths - present)
        if absent:
            raise BuildError(
                f"{name}: its record names {absent[0]}, which is not there after the install",
                hint="does it lie behind a link that another package brings? lock a version without one of the two",
            )
        hidden = sorted(path for path in paths if any(part.startswith(_WHITEOUT) for part in path.split("/")))
        if hidden:
            raise BuildError(
                f"{name}: {hidden[0]} cannot be in a layer: names that begin with {_WHITEOUT} delete other files there",
                hint="lock a version without that file",
            )
        owned |= paths
    folders = {folder for path in (*owned, *of_nobody) for folder in _parents(path)}
    strays = sorted(present - owned - folders - of_nobody)
    if strays:
        raise BuildError(f"{len(strays)} files belong to no package, the first is {strays[0]}")


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def items_of(root: Path, paths: Iterable[str]) -> tuple[Item, ...]:
    """What lies at each path. Raises ``BuildError`` for anything but files, folders and links."""
    return tuple(_item(root, path) for path in paths)


def _item(root: Path, path: str) -> Item:
    place = root / path
    status = place.lstat()
    if stat.S_ISLNK(status.st_mode):
        return path, "symlink", 0o777, os.fspath(place.readlink())
    if stat.S_ISDIR(status.st_mode):
        return path, "directory", 0o755, ""
    if not stat.S_ISREG(status.st_mode):
        raise BuildError(f"{path}: neither a file nor a folder nor a link")
    with place.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return path, "file", 0o755 if status.st_mode & 0o100 else 0o644, digest


def archive_entries(root: Path, items: Iterable[Item], prefix: str) -> Iterator[ArchiveEntry]:
    """The entries of a layer that puts the items of ``root`` below ``prefix`` (absolute)."""
    above = prefix.strip("/")
    for path, kind, mode, detail in items:
        place = f"{above}/{path}"
        if kind == "file":
            yield ArchiveEntry(path=place, mode=mode, source=root / path)
        elif kind == "symlink":
            yield ArchiveEntry(path=place, kind="symlink", mode=mode, target=detail)
        else:
            yield ArchiveEntry(path=place, kind="directory", mode=mode)
