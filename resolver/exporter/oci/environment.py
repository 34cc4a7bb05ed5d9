"""The layers of an environment: those that were made before are taken, and only the packages of the others installed.

A layer is a function of its own packages (and, for noarch ones and wheels, of the Python), so it can be made from an
install of these alone. Where such layers do not fit together (two packages bring one path, and not the same),
everything is installed at once: that says who is at fault, or gives layers that are good for this environment alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from resolver.canonicalizer import canonical_json
from resolver.errors import NotRepresentable
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.contents import InstalledFiles, Item, archive_entries, installed_files, items_of
from resolver.exporter.oci.layer_cache import CachedLayer, LayerCache
from resolver.exporter.oci.layer_files import write_layer
from resolver.exporter.oci.layers import PackageKey, SizedPackage, group_packages
from resolver.exporter.oci.values import Layer

__all__ = ["EnvironmentLayers", "InstallSlice", "environment_layers"]

LAYER_FORMAT = 1
"""Part of every key of the cache: raised when the bytes of a layer would change."""

InstallSlice = Callable[[bytes, Path], object]
"""Installs a slice into a new folder, for use at the image's prefix (``prefix.install``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLayers:
    """The layers in the image's order, how many of them were made now, and what was not run."""

    layers: tuple[Layer, ...]
    made: int
    warnings: tuple[str, ...]


def environment_layers(
    content: bytes,
    sizes: Mapping[str, int],
    *,
    prefix: str,
    install: InstallSlice,
    cache: LayerCache,
    work: Path,
    room: int,
    epoch: int,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> EnvironmentLayers:
    """The layers of the slice ``content`` at ``prefix``, the last of which holds what belongs to no package.

    ``sizes`` gives the bytes of each package file by sha256, ``room`` the most layers there may be, ``work`` an empty
    folder, ``epoch`` every file's time in seconds. ``progress`` counts layers (``layers``). Raises ``BuildError``,
    ``NotRepresentable``, and whatever ``install`` raises.
    """
    slice_ = _Slice(content)
    _refuse_without_python(slice_)
    sized = [SizedPackage(key=key, size=sizes[str(p["sha256"])]) for key, p in slice_.packages.items()]
    groups = group_packages(sized, room=room - 1)
    maker = _Maker(slice_=slice_, prefix=prefix, install=install, cache=cache, work=work, epoch=epoch)
    found = {group: maker.find(group) for group in groups}
    missing = [group for group in groups if found[group] is None]
    progress("layers", len(groups) - len(missing), len(groups))
    found |= maker.make(missing, lambda done: progress("layers", len(groups) - len(missing) + done, len(groups)))
    layers = [layer for group in groups if (layer := found[group]) is not None]
    if not _fit_together(layers):
        layers, missing = maker.make_together(groups), list(groups)
    return EnvironmentLayers(
        layers=(*(made.layer for made in layers), maker.make_environment()),
        made=len(missing),
        warnings=_scripts_not_run(slice_, layers),
    )


class _Slice:
    """A slice (``locks.slices``) and its packages by key."""

    def __init__(self, content: bytes) -> None:
        self.document: dict[str, object] = json.loads(content)
        packages = self.document["packages"]
        assert isinstance(packages, list)  # locks.slices made it
        self.packages: dict[PackageKey, dict[str, object]] = {
            ("conda" if p["kind"] == "conda" else "wheel", str(p["name"])): p for p in packages
        }
        self.sha256 = hashlib.sha256(content).hexdigest()

    @property
    def python(self) -> dict[str, object] | None:
        return self.packages.get(("conda", "python"))

    def part(self, keys: Iterable[PackageKey]) -> tuple[bytes, list[dict[str, object]]]:
        """The slice of these packages and of Python, which says where noarch packages and wheels go."""
        wanted = {*keys, ("conda", "python")}
        packages = [package for key, package in self.packages.items() if key in wanted]
        return canonical_json({**self.document, "packages": packages}) + b"\n", packages


def _refuse_without_python(slice_: _Slice) -> None:
    wheels = [name for kind, name in slice_.packages if kind == "wheel"]
    if wheels and slice_.python is None:
        raise NotRepresentable(
            f"{len(wheels)} wheels are locked and no conda python, so they would need one of the base image, and "
            "nothing is run in it to ask which it is",
            hint="add python to the conda dependencies, or use `samebox export docker`",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Finds and makes the layers of groups of packages."""

    slice_: _Slice
    prefix: str
    install: InstallSlice
    cache: LayerCache
    work: Path
    epoch: int

    def find(self, group: Sequence[PackageKey]) -> CachedLayer | None:
        present = frozenset(str(package["sha256"]) for package in self.slice_.packages.values())
        return self.cache.find(self._key(group), created_by=self._created_by(group), present=present)

    def make(
        self, groups: Sequence[tuple[PackageKey, ...]], progress: Callable[[int], None]
    ) -> dict[tuple[PackageKey, ...], CachedLayer | None]:
        """Install the packages of these groups, and make their layers."""
        if not groups:
            return {}
        content, packages = self.slice_.part(key for group in groups for key in group)
        root = self.work / "part"
        self.install(content, root)
        files = installed_files(root, packages)
        return dict(zip(groups, self._write_all(files, groups, progress), strict=True))

    def make_together(self, groups: Sequence[tuple[PackageKey, ...]]) -> list[CachedLayer]:
        """Install everything, and make layers that are good for this environment alone."""
        content, packages = self.slice_.part(self.slice_.packages)
        root = self.work / "whole"
        self.install(content, root)
        files = installed_files(root, packages)
        return [self._write_alone(files, group) for group in groups]

    def make_environment(self) -> Layer:
        """The layer of what belongs to no package."""
        return write_layer(
            _environment_entries(self.slice_, self.prefix),
            self.work / "environment",
            created_by=f"samebox: the environment sha256:{self.slice_.sha256[:12]}",
            compression=self.cache.compression,
            epoch=self.epoch,
        )

    def _write_all(
        self, files: InstalledFiles, groups: Sequence[tuple[PackageKey, ...]], progress: Callable[[int], None]
    ) -> list[CachedLayer]:
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="samebox-layer") as pool:
            begun = [pool.submit(self._write, files, group) for group in groups]
            made = []
            try:
                for done, future in enumerate(begun, 1):
                    made.append(future.result())
                    progress(done)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return made

    def _write(self, files: InstalledFiles, group: tuple[PackageKey, ...]) -> CachedLayer:
        return self.cache.add(
            self._key(group),
            files.root,
            items_of(files.root, files.of(group)),
            beside=tuple(sorted(str(self.slice_.packages[key]["sha256"]) for key in files.beside(group))),
            prefix=self.prefix,
            created_by=self._created_by(group),
            epoch=self.epoch,
        )

    def _write_alone(self, files: InstalledFiles, group: tuple[PackageKey, ...]) -> CachedLayer:
        items = items_of(files.root, files.of(group))
        layer = write_layer(
            archive_entries(files.root, items, self.prefix),
            self.work / f"{files.root.name}-{self._key(group)}",
            created_by=self._created_by(group),
            compression=self.cache.compression,
            epoch=self.epoch,
        )
        return CachedLayer(layer=layer, items=items)

    def _key(self, group: Sequence[PackageKey]) -> str:
        """sha256 over all that the bytes of the layer depend on."""
        packages = [self.slice_.packages[key] for key in group]
        asks_python = any(p["kind"] != "conda" or p["subdir"] == "noarch" for p in packages)
        body = {
            "domain": f"samebox/layer/{LAYER_FORMAT}",
            "platform": self.slice_.document["platform"],
            "prefix": self.prefix,
            "epoch": str(self.epoch),
            "packages": packages,
            "python": [self.slice_.python] if asks_python and self.slice_.python is not None else [],
        }
        return hashlib.sha256(canonical_json(body)).hexdigest()

    def _created_by(self, group: Sequence[PackageKey]) -> str:
        packages = [self.slice_.packages[key] for key in group]
        return "samebox: " + ", ".join(f"{p['name']} {p['version']}" for p in packages)


def _fit_together(layers: Iterable[CachedLayer]) -> bool:
    """Whether the layers, one over the other, are what an install of all packages would be."""
    seen: dict[str, Item] = {}
    for layer in layers:
        for item in layer.items:
            if seen.setdefault(item[0], item) != item:
                return False
    folders = {path.rpartition("/")[0] for path in seen}
    folders |= {folder[:at] for folder in folders for at, letter in enumerate(folder) if letter == "/"}
    return all(seen[folder][1] == "directory" for folder in folders if folder in seen)


def _environment_entries(slice_: _Slice, prefix: str) -> tuple[ArchiveEntry, ...]:
    """What ``prefix.slice_installer`` writes for the environment as a whole."""
    marker = json.dumps({"samebox": 1, "slice": f"sha256:{slice_.sha256}"}, indent=2, sort_keys=True) + "\n"
    folder = f"{prefix.strip('/')}/conda-meta"
    entries = [ArchiveEntry(path=f"{folder}/samebox", content=marker.encode())]
    if any(kind == "conda" for kind, _ in slice_.packages):
        entries.append(ArchiveEntry(path=f"{folder}/history", content=b""))
    return tuple(entries)


def _scripts_not_run(slice_: _Slice, layers: Iterable[CachedLayer]) -> tuple[str, ...]:
    paths = {item[0] for layer in layers for item in layer.items}
    return tuple(
        f"{p['name']} {p['version']} ({p['file_name']}): its {when} script was not run: {path}"
        for (kind, name), p in sorted(slice_.packages.items())
        for when in ("pre-link", "post-link")
        if kind == "conda" and (path := f"bin/.{name}-{when}.sh") in paths
    )
