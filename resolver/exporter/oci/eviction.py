"""What goes when a cache grows too large: first what has not been used for the longest time."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from resolver.errors import SettingsError
from resolver.values import dataclass

__all__ = ["SIZE_VARIABLE", "CacheBound", "evict", "files_below"]

SIZE_VARIABLE = "SAMEBOX_IMAGE_CACHE_GB"
"""The environment variable that bounds the layers and base images of the user's cache, in GB; ``0`` keeps none."""

_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheBound:
    """``size`` is in bytes; what has not been used for ``age`` seconds goes in any case."""

    size: int = 20_000_000_000
    age: float = 90 * _DAY

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> CacheBound:
        """The default, or what ``SIZE_VARIABLE`` says. Raises ``SettingsError``."""
        text = environ.get(SIZE_VARIABLE, "")
        if not text:
            return cls()
        try:
            gigabytes = float(text)
            size = round(gigabytes * 1e9)
        except (ValueError, OverflowError):
            size = -1
        if size < 0:
            raise SettingsError(f"{SIZE_VARIABLE}={text}: expected a number of GB, as 20 or 0.5")
        return cls(size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    used: float
    place: Path
    size: int


def evict(entries: Iterable[Path], bound: CacheBound, *, now: float) -> None:
    """Remove the files and folders of ``entries`` beyond ``bound``; when one was used is the time of the file, or of
    the newest file in the folder. Nobody may be using them."""
    kept = sorted((entry for place in entries if (entry := _kept(place)) is not None), key=_order)
    total = sum(entry.size for entry in kept)
    for entry in kept:
        if total <= bound.size and entry.used >= now - bound.age:
            break
        _remove(entry.place)
        total -= entry.size


def _order(entry: _Kept) -> tuple[float, str]:
    return entry.used, os.fspath(entry.place)


def _kept(place: Path) -> _Kept | None:
    try:
        files = [place.stat()] if place.is_file() else [path.stat() for path in place.iterdir()]
    except FileNotFoundError:
        return None
    return _Kept(
        used=max((status.st_mtime for status in files), default=0.0),
        place=place,
        size=sum(status.st_size for status in files),
    )


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            place.unlink()


def files_below(*folders: Path) -> Iterator[Path]:
    """The files that lie in the folders themselves."""
    for folder in folders:
        if folder.is_dir():
            yield from (place for place in folder.iterdir() if place.is_file())
