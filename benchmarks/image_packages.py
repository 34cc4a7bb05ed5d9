"""150 conda packages of the sizes that a scientific environment has, the same bytes each time, and locks of them.

The sizes follow what a solve for geopandas, jupyterlab, rasterio and scikit-learn gives on conda-forge: half of the
packages are smaller than 100 KB, a tenth larger than 2.6 MB, the largest 58 MB. Two fifths are noarch Python. The
contents compress as libraries and sources do, to about a third.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import io
import json
import math
import random
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import zstandard

from fixtures.channel_packages import stand_in_python
from fixtures.conda_packages import CondaFile, CondaPackage, write_package
from resolver.model import Lock, LockedPackage, PlatformLock

__all__ = ["CHANNEL", "ENORMOUS", "Sized", "bumped", "environment", "lock_of", "other_environment", "write_channel"]

CHANNEL = "https://conda.example.org/sized"
PLATFORM = "linux-64"

_PACKAGES = 150
_QUANTILES = (
    *((0.0, 4), (0.1, 14), (0.2, 19), (0.3, 30), (0.4, 60), (0.5, 100), (0.6, 170), (0.7, 350), (0.8, 640)),
    *((0.9, 2600), (0.95, 8700), (0.98, 16700), (1.0, 58000)),
)
"""(share of packages, KB of the package file at most)"""

_COMPRESSED_TO = 0.34
_PYTHON_KB = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """One package to make: ``kilobytes`` is about the size of its file."""

    name: str
    version: str
    kilobytes: int
    noarch: bool = False

    @property
    def package(self) -> CondaPackage:
        """The package with its contents, which are a function of its name and version."""
        if self.name == "python":
            stand_in = stand_in_python(self.version, PLATFORM)
            files = (*stand_in.files, *_files(self, "lib/python3.12", suffix=".py", file_kilobytes=24))
            return CondaPackage(**{field: getattr(stand_in, field) for field in _FIELDS}, files=files)
        if self.noarch:
            module = self.name.replace("-", "_")
            files = tuple(_files(self, f"site-packages/{module}", suffix=".py", file_kilobytes=12))
            return CondaPackage(name=self.name, version=self.version, build="pyh0_0", noarch="python", files=files)
        files = tuple(_files(self, f"lib/{self.name}", suffix=".so", file_kilobytes=160))
        return CondaPackage(name=self.name, version=self.version, build="h1_0", subdir=PLATFORM, files=files)


ENORMOUS = Sized(name="enormous", version="1.0", kilobytes=400_000)
"""One file of 1.2 GB."""

_FIELDS = ("name", "version", "build", "subdir", "extra", "purls")


def environment() -> tuple[Sized, ...]:
    """The packages of the first environment."""
    return (Sized(name="python", version="3.12.4", kilobytes=_PYTHON_KB), *_ranked("first", range(1, _PACKAGES)))


def other_environment() -> tuple[Sized, ...]:
    """Another one, that has nine tenths of these packages: every tenth by size is one that the first has not."""
    swapped = {f"first-{rank:03}" for rank in range(5, _PACKAGES, 10)}
    kept = (package for package in environment() if package.name not in swapped)
    return (*kept, *_ranked("other", range(5, _PACKAGES, 10)))


def bumped(packages: Iterable[Sized], name: str) -> tuple[Sized, ...]:
    """The same with the next version of one package."""
    return tuple(
        Sized(name=p.name, version="1.1", kilobytes=p.kilobytes, noarch=p.noarch) if p.name == name else p
        for p in packages
    )


def _ranked(family: str, ranks: Iterable[int]) -> Iterator[Sized]:
    """Two of five are noarch Python, but none of the largest."""
    for rank in ranks:
        kilobytes = _kilobytes(rank / (_PACKAGES - 1))
        noarch = rank % 5 in (1, 3) and kilobytes < 3000
        yield Sized(name=f"{family}-{rank:03}", version="1.0", kilobytes=kilobytes, noarch=noarch)


def _kilobytes(share: float) -> int:
    """Between two quantiles the logarithm of the size grows evenly."""
    at = max(1, bisect.bisect_left([quantile for quantile, _ in _QUANTILES], share))
    (low, smaller), (high, larger) = _QUANTILES[at - 1], _QUANTILES[at]
    part = (share - low) / (high - low)
    return round(math.exp(math.log(smaller) * (1 - part) + math.log(larger) * part))


# --------------------------------------------------------------------------------------------- contents


def _files(sized: Sized, folder: str, *, suffix: str, file_kilobytes: int) -> Iterator[CondaFile]:
    """Files that are about ``kilobytes`` when compressed, a few of them small and a few large."""
    chance = random.Random(f"{sized.name} {sized.version}")
    left = int(sized.kilobytes * 1000 / _COMPRESSED_TO)
    number = 0
    while left > 0:
        size = min(left, int(chance.lognormvariate(math.log(file_kilobytes * 600), 1.0)) + 1)
        path = f"{folder}/part{number // 40:02}/module{number:04}{suffix}"
        yield CondaFile(path=path, content=_content(size, chance, is_text=suffix == ".py"))
        left -= size
        number += 1


def _content(size: int, chance: random.Random, *, is_text: bool) -> bytes:
    """Pieces of a pool at random places."""
    pool = _pool(is_text)
    pieces = []
    while size > 0:
        length = min(size, chance.randrange(1000, 30_000))
        start = chance.randrange(len(pool) - length)
        pieces.append(pool[start : start + length])
        size -= length
    return b"".join(pieces)


@cache
def _pool(is_text: bool) -> bytes:
    """16 MB of words, or of short pieces of code. What lies close together has much in common, as in real files: so
    gzip, which sees 32 KB, compresses it nearly as well as zstd."""
    chance = random.Random(1)
    if is_text:
        words = [("".join(chance.choices(_LETTERS, k=chance.randrange(2, 12))) + " ").encode() for _ in range(9000)]
    else:
        words = [chance.randbytes(chance.randrange(4, 14)) for _ in range(12_000)]
    parts = []
    for _ in range(400):
        near = chance.sample(words, 500)
        parts += chance.choices(near, weights=[1 / (n + 12) for n in range(len(near))], k=40_000 // len(near[0]))
    return b"".join(parts)


_LETTERS = "abcdefghijklmnopqrstuvwxyz_()."


# ------------------------------------------------------------------------------------ channel and locks


def write_channel(folder: Path, packages: Iterable[Sized]) -> None:
    """The packages as files, as a channel has them; those that are there are not made again."""
    for sized in packages:
        place = _place(folder, sized)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(".part")
            if sized == ENORMOUS:
                _write_enormous(part)
            else:
                part.write_bytes(write_package(sized.package, compress=zstandard.ZstdCompressor(level=6).compress))
            part.replace(place)


def _write_enormous(place: Path) -> None:
    """A package with one file of 1.2 GB, which is never in memory as a whole."""
    path, pool, repeats = "share/enormous.bin", _pool(False), 64
    chunk = pool[: 1_200_000_000 // repeats]
    index = {"name": "enormous", "version": "1.0", "build": "h1_0", "build_number": 0, "subdir": PLATFORM}
    entry = {"_path": path, "path_type": "hardlink", "size_in_bytes": repeats * len(chunk)}
    documents = {"index": {**index, "depends": []}, "paths": {"paths_version": 1, "paths": [entry]}}
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        with _member(archive, "pkg-enormous-1.0-h1_0.tar.zst") as stream:
            member = tarfile.TarInfo(path)
            member.size = repeats * len(chunk)
            stream.write(member.tobuf())
            for _ in range(repeats):
                stream.write(chunk)
            stream.write(bytes(-member.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE))
        with (
            _member(archive, "info-enormous-1.0-h1_0.tar.zst") as stream,
            tarfile.open(fileobj=stream, mode="w|") as tar,
        ):
            for name, document in documents.items():
                content = json.dumps(document).encode()
                member = tarfile.TarInfo(f"info/{name}.json")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


@contextlib.contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[BinaryIO]:
    """A stored member of the zip, compressed by zstd."""
    with (
        archive.open(name, "w", force_zip64=True) as stored,
        zstandard.ZstdCompressor(level=3).stream_writer(stored, closefd=False) as stream,
    ):
        yield stream


def lock_of(folder: Path, packages: Iterable[Sized]) -> Lock:
    """The lock of packages that ``write_channel`` has written."""
    locked = []
    for sized in packages:
        place = _place(folder, sized)
        subdir = place.parent.name
        locked.append(
            LockedPackage(
                kind="conda",
                name=sized.name,
                version=sized.version,
                build=place.stem.rsplit("-", 1)[1],
                subdir=subdir,
                file_name=place.name,
                url=f"{CHANNEL}/{subdir}/{place.name}",
                sha256=_digest(place, "sha256"),
                md5=_digest(place, "md5"),
            )
        )
    return Lock(name="sized", platforms=(PlatformLock(platform=PLATFORM, packages=tuple(locked)),))


def _digest(place: Path, algorithm: str) -> str:
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _place(folder: Path, sized: Sized) -> Path:
    build = "0_standin" if sized.name == "python" else "pyh0_0" if sized.noarch else "h1_0"
    subdir = "noarch" if sized.noarch else PLATFORM
    return folder / subdir / f"{sized.name}-{sized.version}-{build}.conda"
