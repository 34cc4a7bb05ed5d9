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
from pathlib import Path

from resolver.canonicalizer import canonical_json
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.bytecode import Compiler
from resolver.exporter.oci.contents import InstalledFiles, Item, archive_entries, installed_files, items_of
from resolver.exporter.oci.interpreter import virtual_environment
from resolver.exporter.oci.layer_cache import CachedLayer, LayerCache
from resolver.exporter.oci.layer_files import write_layer
from resolver.exporter.oci.layers import PackageKey, SizedPackage, group_packages
from resolver.exporter.oci.parts import SlicePackages, SlicePart
from resolver.exporter.oci.values import Layer
from resolver.values import dataclass

__all__ = ["EnvironmentLayers", "InstallSlice", "environment_layers"]

LAYER_FORMAT = 1
"""Part of every key of the cache: raised when the bytes of a layer would change."""

InstallSlice = Callable[[SlicePart, Path], object]
"""Installs a part of a slice into a new folder, for use at the image's prefix (``prefix.install``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLayers:
    """The layers in the image's order, how many of them were made now, and what was not run."""

    layers: tuple[Layer, ...]
    made: int
    warnings: tuple[str, ...]


def environment_layers(
    slice_: SlicePackages,
    sizes: Mapping[str, int],
    *,
    prefix: str,
    install: InstallSlice,
    cache: LayerCache,
    work: Path,
    room: int,
    epoch: int,
    compiler: Compiler | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> EnvironmentLayers:
    """The layers of the slice at ``prefix``, the last of which holds what belongs to no package.

    ``sizes`` gives the bytes of each package file by sha256, ``room`` the most layers there may be, ``work`` an empty
    folder, ``epoch`` every file's time in seconds; ``compiler`` adds bytecode. ``progress`` counts layers
    (``layers``). Raises ``BuildError``, ``NotRepresentable``, and whatever ``install`` raises.
    """
    sized = [SizedPackage(key=key, size=sizes[str(p["sha256"])]) for key, p in slice_.packages.items()]
    groups = group_packages(sized, room=room - 1)
    maker = _Maker(
        slice_=slice_, prefix=prefix, install=install, cache=cache, work=work, epoch=epoch, compiler=compiler
    )
    found = maker.find_all(groups)
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


Group = tuple[PackageKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Finds and makes the layers of groups of packages."""

    slice_: SlicePackages
    prefix: str
    install: InstallSlice
    cache: LayerCache
    work: Path
    epoch: int
    compiler: Compiler | None

    def find_all(self, groups: Sequence[Group]) -> dict[Group, CachedLayer | None]:
        """The layers that the cache has; each is checked, which is what takes time here."""
        present = frozenset(str(package["sha256"]) for package in self.slice_.packages.values())

        def find(group: Group) -> CachedLayer | None:
            return self.cache.find(self._key(group), created_by=self._created_by(group), present=present)

        with _pool() as pool:
            return dict(zip(groups, pool.map(find, groups), strict=True))

    def make(self, groups: Sequence[Group], progress: Callable[[int], None]) -> dict[Group, CachedLayer | None]:
        """Install the packages of these groups, and make their layers."""
        if not groups:
            return {}
        files = self._installed([key for group in groups for key in group], self.work / "part")
        return dict(zip(groups, self._write_all(files, groups, progress), strict=True))

    def make_together(self, groups: Sequence[Group]) -> list[CachedLayer]:
        """Install everything, and make layers that are good for this environment alone."""
        files = self._installed(list(self.slice_.packages), self.work / "whole")
        return [self._write_alone(files, group) for group in groups]

    def make_environment(self) -> Layer:
        """The layer of what belongs to no package."""
        return write_layer(
            _environment_entries(self.slice_, self.prefix.strip("/")),
            self.work / "environment",
            created_by=f"samebox: the environment sha256:{self.slice_.sha256[:12]}",
            compression=self.cache.compression,
            epoch=self.epoch,
        )

    def _installed(self, keys: Sequence[PackageKey], root: Path) -> InstalledFiles:
        part = self.slice_.part(keys)
        self.install(part, root)
        ours = frozenset(entry.path.removeprefix("prefix/") for entry in _environment_entries(self.slice_, "prefix"))
        files = installed_files(root, part.packages, of_nobody=ours)
        return files if self.compiler is None else self.compiler.compile(files, prefix=self.prefix)

    def _write_all(
        self, files: InstalledFiles, groups: Sequence[Group], progress: Callable[[int], None]
    ) -> list[CachedLayer]:
        with _pool() as pool:
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

    def _write(self, files: InstalledFiles, group: Group) -> CachedLayer:
        return self.cache.add(
            self._key(group),
            files.root,
            items_of(files.root, files.of(group)),
            beside=tuple(sorted(str(self.slice_.packages[key]["sha256"]) for key in files.beside(group))),
            prefix=self.prefix,
            created_by=self._created_by(group),
            epoch=self.epoch,
        )

    def _write_alone(self, files: InstalledFiles, group: Group) -> CachedLayer:
        items = items_of(files.root, files.of(group))
        layer = write_layer(
            archive_entries(files.root, items, self.prefix),
            self.work / f"{files.root.name}-{self._key(group)}",
            created_by=self._created_by(group),
            compression=self.cache.compression,
            epoch=self.epoch,
        )
        return CachedLayer(layer=layer, items=items)

    def _key(self, group: Group) -> str:
        """sha256 over all that the bytes of the layer depend on."""
        body = {
            "domain": f"samebox/layer/{LAYER_FORMAT}",
            "platform": self.slice_.platform,
            "prefix": self.prefix,
            "epoch": str(self.epoch),
            "packages": [self.slice_.packages[key] for key in group],
            "python": self.slice_.python_of(group),
            **({"compiler": self.compiler.version} if self.compiler is not None else {}),
        }
        return hashlib.sha256(canonical_json(body)).hexdigest()

    def _created_by(self, group: Group) -> str:
        packages = [self.slice_.packages[key] for key in group]
        return "samebox: " + ", ".join(f"{p['name']} {p['version']}" for p in packages)


def _pool() -> ThreadPoolExecutor:
    """Hashing and compressing release the GIL."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="samebox-layer")


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


def _environment_entries(slice_: SlicePackages, prefix: str) -> tuple[ArchiveEntry, ...]:
    """What ``prefix.slice_installer`` writes for the environment as a whole; ``prefix`` has no leading slash."""
    marker = json.dumps({"samebox": 1, "slice": f"sha256:{slice_.sha256}"}, indent=2, sort_keys=True) + "\n"
    entries = [ArchiveEntry(path=f"{prefix}/conda-meta/samebox", content=marker.encode())]
    if slice_.has_conda:
        entries.append(ArchiveEntry(path=f"{prefix}/conda-meta/history", content=b""))
    if slice_.interpreter is not None:
        entries.extend(virtual_environment(slice_.interpreter, prefix))
    return tuple(entries)


def _scripts_not_run(slice_: SlicePackages, layers: Iterable[CachedLayer]) -> tuple[str, ...]:
    paths = {item[0] for layer in layers for item in layer.items}
    return tuple(
        f"{p['name']} {p['version']} ({p['file_name']}): its {when} script was not run: {path}"
        for (kind, name), p in sorted(slice_.packages.items())
        for when in ("pre-link", "post-link")
        if kind == "conda" and (path := f"bin/.{name}-{when}.sh") in paths
    )
