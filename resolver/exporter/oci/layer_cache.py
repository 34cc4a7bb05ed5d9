"""Layers that were made before: ``ROOT/COMPRESSION/<first two hex digits>/KEY/`` with ``layer`` and ``layer.json``.

The key is over all that the layer's bytes depend on, but for packages beside it that bring one of its files too: with
these its folder is ``KEY-<hash of them>``. A layer appears whole, by the rename of its folder, and is checked against
its digest each time that it is taken; a sound one is never replaced, since others may be reading it. Who uses the cache
holds a work folder in it; the last one to leave removes what is beyond the bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import filelock
import msgspec

from resolver.errors import BuildError
from resolver.exporter.oci.contents import Item, archive_entries
from resolver.exporter.oci.eviction import CacheBound, evict, files_below
from resolver.exporter.oci.layer_files import write_layer
from resolver.exporter.oci.values import Blob, Compression, Layer, layer_media_type
from resolver.values import dataclass, replace

__all__ = ["CachedLayer", "LayerCache"]


_SIZES = "sizes"
_TREES = "trees"
_MAKING = ".making-"
_MOST_BYTES = 1 << 62  # names of empty files: only their age counts


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """``layer.json``. ``beside`` are the sha256s of other packages that bring one of its files too: whose mode such a
    file has is settled by an install of all of them, so the layer is good where they are there."""

    diff_id: str
    digest: str
    size: int
    items: tuple[Item, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedLayer:
    """A layer and what is in it."""

    layer: Layer
    items: tuple[Item, ...]


class LayerCache:
    """The layers below ``root`` in one compression. Safe with other threads and processes.

    ``bases`` is the folder with the layers of base images, for which ``bound`` counts too.
    """

    def __init__(
        self,
        root: Path,
        *,
        compression: Compression = "gzip",
        bases: Path | None = None,
        bound: CacheBound = CacheBound(),  # noqa: B008 - it is frozen
    ) -> None:
        self._root = root
        self.compression: Compression = compression
        self._bases = bases
        self._bound = bound

    @property
    def trees(self) -> Path:
        """Where ``base_tree.read_tree`` keeps what it has read."""
        return self._root / _TREES

    def find(self, key: str, *, created_by: str, present: frozenset[str]) -> CachedLayer | None:
        """The layer of this key, or ``None`` where there is none, or it is damaged, or not good for an environment of
        the packages with the sha256s ``present``. Of several that made with the most of these."""
        plain = self._place(key, ())
        folders = (plain, *plain.parent.glob(f"{key}-*"))
        known = [(stored, folder) for folder in folders if (stored := _stored(folder)) is not None]
        fitting = [(stored, folder) for stored, folder in known if present.issuperset(stored.beside)]
        for stored, folder in sorted(fitting, key=lambda pair: (-len(pair[0].beside), pair[1].name)):
            if (found := self._taken(stored, folder, created_by)) is not None:
                return found
        return None

    def _taken(self, stored: _Stored, folder: Path, created_by: str) -> CachedLayer | None:
        try:
            if _sha256(folder / "layer") != stored.digest:
                return None
            os.utime(folder / "layer.json")  # it was used: see eviction
        except FileNotFoundError:
            return None
        blob = Blob(
            media_type=layer_media_type(self.compression),
            digest=stored.digest,
            size=stored.size,
            source=folder / "layer",
        )
        return CachedLayer(
            layer=Layer(blob=blob, diff_id=stored.diff_id, created_by=created_by),
            items=stored.items,
        )

    def add(
        self,
        key: str,
        root: Path,
        items: tuple[Item, ...],
        *,
        beside: tuple[str, ...],
        prefix: str,
        created_by: str,
        epoch: int,
    ) -> CachedLayer:
        """Make the layer of the ``items`` below ``root``, and keep it. ``beside``: the sha256s of packages of other
        layers that bring one of the items too."""
        folder = self._place(key, beside)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_MAKING, ignore_cleanup_errors=True) as name:
            new = Path(name) / "new"
            new.mkdir()
            made = write_layer(
                archive_entries(root, items, prefix),
                new / "layer",
                created_by=created_by,
                compression=self.compression,
                epoch=epoch,
            )
            stored = _Stored(
                diff_id=made.diff_id, digest=made.blob.digest, size=made.blob.size, items=items, beside=beside
            )
            (new / "layer.json").write_bytes(msgspec.json.encode(stored))
            there = _stored(folder)
            if there is None or self._taken(there, folder, created_by) is None:
                _put(new, folder, Path(name) / "old")
        found = self.find(key, created_by=created_by, present=frozenset(beside))
        if found is None:
            raise BuildError(f"{folder}: the layer that was just written is not what it was", hint="is the disk sound?")
        return found

    def package_sizes(self, sha256s: Iterable[str]) -> dict[str, int]:
        """The sizes in bytes of those package files that ``keep_package_sizes`` was told of: whoever knows them need
        not have the files, where their layers are here."""
        try:
            names = [place.name for place in (self._root / _SIZES).iterdir()]
        except FileNotFoundError:
            return {}
        known = {sha256: int(size) for sha256, _, size in (name.partition("-") for name in names) if size.isdecimal()}
        return {sha256: known[sha256] for sha256 in sha256s if sha256 in known}

    def keep_package_sizes(self, sizes: Mapping[str, int]) -> None:
        """Remember what the verified files of these sha256s measure: in the names of empty files, which are there or
        are not."""
        (self._root / _SIZES).mkdir(parents=True, exist_ok=True)
        for sha256, size in sizes.items():
            (self._root / _SIZES / f"{sha256}-{size}").touch()

    def _place(self, key: str, beside: tuple[str, ...]) -> Path:
        others = f"-{hashlib.sha256(' '.join(beside).encode()).hexdigest()[:16]}" if beside else ""
        return self._root / self.compression / key[:2] / f"{key}{others}"

    @contextlib.contextmanager
    def work_folder(self) -> Iterator[Path]:
        """An empty folder for this run, removed at its end. What killed runs have left is removed too."""
        self._root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self._root / ".work.lock"):  # nobody may take a folder that is not locked yet for dead
            for left in sorted(self._root.glob(".work-*/")):
                _remove_if_dead(left)
            folder = Path(tempfile.mkdtemp(dir=self._root, prefix=".work-"))
            own = filelock.FileLock(folder / "lock")
            own.acquire()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            own.release()
            self._evict()

    def _evict(self) -> None:
        """Unless somebody uses the cache: who comes now waits for the lock."""
        with filelock.FileLock(self._root / ".work.lock"):
            for other in sorted(self._root.glob(".work-*/")):
                _remove_if_dead(other)
                if other.exists():
                    return
            for left in self._root.glob(f"*/??/{_MAKING}*/"):
                shutil.rmtree(left, ignore_errors=True)
            layers = self._root.glob("*/??/*/")
            bases = () if self._bases is None else (self._bases,)
            evict((*layers, *files_below(self.trees, *bases)), self._bound, now=time.time())
            evict(files_below(self._root / _SIZES), replace(self._bound, size=_MOST_BYTES), now=time.time())


def _stored(folder: Path) -> _Stored | None:
    try:
        return msgspec.json.decode((folder / "layer.json").read_bytes(), type=_Stored)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _put(new: Path, folder: Path, aside: Path) -> None:
    """Rename ``new`` into its place; a damaged one there is moved aside, and another process may have been faster
    with the same bytes."""
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
    with contextlib.suppress(FileExistsError):
        try:
            new.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _remove_if_dead(folder: Path) -> None:
    """The lock of a folder goes with the process that made it, however that ended."""
    lock = filelock.FileLock(folder / "lock", blocking=False)
    try:
        lock.acquire()
    except (filelock.Timeout, OSError):
        return
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
