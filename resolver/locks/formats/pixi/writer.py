"""Writing a pixi.lock of version 6 or 7, with the order of keys and rows that the crate rattler_lock has."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from resolver.locks.formats.pixi.needs import match_specs, requirements_on, written_needs
from resolver.locks.formats.pixi.packages import row_of
from resolver.locks.formats.pixi.rows import Row, location_of, path_of
from resolver.locks.formats.pixi.yaml import scalar
from resolver.model import Lock, LockedPackage
from resolver.transport.urls import without_credentials

__all__ = ["write"]

_DIST_KEYS = ("name", "version", "md5", "sha256")
_CONDA_KEYS = ("name", "version", "build", "subdir", "sha256", "md5")


def write(lock: Lock, *, version: int) -> str:
    """The text of a ``pixi.lock`` with the one environment ``default``, of a lock that fits (``pixi_fit``)."""
    rows = _rows(lock, version)
    has_pypi = any(row.world == "pypi" for row in rows)
    indexes = _indexes(lock) if has_pypi else ()
    lines = [f"version: {version}\n"]
    if version >= 7:
        lines += _block("platforms", [f"name: {p.platform}" for p in lock.platforms], indent=0)
    lines.append("environments:\n  default:\n")
    lines += _block("channels", [f"url: {scalar(_channel(channel))}" for channel in lock.channels], indent=4)
    if indexes:
        lines += _block("indexes", [scalar(index) for index in indexes], indent=4)
    lines += _packages_by_platform(lock, version)
    lines.append("packages:\n" if rows else "packages: []\n")
    for row in rows:
        lines += _row(row, _index_of(row, lock, indexes) if version >= 7 else None)
    return "".join(lines)


def _block(key: str, items: Iterable[str], *, indent: int) -> list[str]:
    pad = " " * indent
    rows = [f"{pad}- {item}\n" for item in items]
    return [f"{pad}{key}:\n" if rows else f"{pad}{key}: []\n", *rows]


def _channel(channel: str) -> str:
    return f"{channel}/" if "://" in channel else channel


def _indexes(lock: Lock) -> tuple[str, ...]:
    """The indexes that the evidence names, the main one first (where it does not tell which: the public one, else
    the last, since extra ones are asked before it)."""
    evidence = lock.evidence
    if evidence is None or not evidence.indexes or not all(map(_is_web, evidence.indexes)):
        return ()
    urls = tuple(map(_index, evidence.indexes))
    named = _index(evidence.index_url) if evidence.index_url and _is_web(evidence.index_url) else None
    main = named or next(filter(_is_default, urls), urls[-1])
    return tuple(dict.fromkeys((main, *urls)))


def _is_web(url: str) -> bool:
    return url.isascii() and url.isprintable() and re.match(r"https?://[^/?#]", url) is not None


def _index(url: str) -> str:
    """In the spelling that pixi compares: without credentials, and without a slash behind a path."""
    plain = without_credentials(url).rstrip("/")
    return plain if urlsplit(plain).path else f"{plain}/"


def _is_default(index: str) -> bool:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return index == PYPI_SIMPLE_ENDPOINT.rstrip("/")


def _index_of(row: Row, lock: Lock, indexes: tuple[str, ...]) -> str | None:
    """What version 7 says of each Python package, but for the public index. rattler takes the first index of the
    environment for what does not say one, a repository too."""
    if not indexes or row.world == "conda" or row.version is None:
        return None
    others = lock.evidence.project_indexes if lock.evidence else ()
    own = next((_index(url) for url, names in others if row.name in names and _is_web(url)), indexes[0])
    return None if _is_default(own) else own


def _packages_by_platform(lock: Lock, version: int) -> Iterator[str]:
    yield "    packages:\n" if lock.platforms else "    packages: {}\n"
    for platform in lock.platforms:
        selectors = {(_world(package), location_of(package)) for package in platform.packages}
        ordered = sorted(selectors, key=_by_location if version >= 7 else _by_file_name)
        yield from _block(platform.platform, [f"{world}: {scalar(text)}" for world, text in ordered], indent=6)


def _world(package: LockedPackage) -> str:
    return "conda" if package.kind == "conda" else "pypi"


def _by_location(selector: tuple[str, str]) -> tuple[str, bytes]:
    world, location = selector
    return world, location.encode()


def _by_file_name(selector: tuple[str, str]) -> tuple[str, bool, bytes, bytes]:
    world, location = selector
    path = path_of(location)
    last = b"" if path is not None else posixpath.basename(urlsplit(location).path).encode()
    return world, path is not None, last, location.encode()


def _rows(lock: Lock, version: int) -> list[Row]:
    """One row for each place, whatever the number of platforms that take from it."""
    places: dict[tuple[str, str], dict[str, LockedPackage]] = {}
    for platform in lock.platforms:
        for package in platform.packages:
            key = (_world(package), location_of(package))
            places.setdefault(key, {})[platform.platform] = package
    named = []
    for (world, location), packages in places.items():
        package = next(iter(packages.values()))
        if world == "conda":
            needs = match_specs(written_needs(package)[0])
        else:
            needs = requirements_on({platform: written_needs(p)[0] for platform, p in packages.items()})
        row = row_of(package, needs, version=version)
        is_url = path_of(location) is None
        order = (package.name, world == "conda", is_url) if version < 7 else (world,)
        named.append(((*order, location.encode()), row))
    return [row for _, row in sorted(named, key=lambda pair: pair[0])]


def _row(row: Row, index: str | None) -> Iterator[str]:
    yield f"- {row.world}: {scalar(row.location)}\n"
    is_conda = row.world == "conda"
    for key in _CONDA_KEYS if is_conda else _DIST_KEYS:
        value = getattr(row, key)
        if value is not None:
            yield f"  {key}: {scalar(value)}\n"
    if index is not None:
        yield f"  index: {scalar(index)}\n"
    if row.needs:
        yield "  depends:\n" if is_conda else "  requires_dist:\n"
        yield from (f"  - {scalar(need)}\n" for need in row.needs)
    if row.size is not None and is_conda:
        yield f"  size: {row.size}\n"
