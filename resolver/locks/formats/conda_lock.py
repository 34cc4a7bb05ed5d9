"""conda-lock's unified format, version 1 (``conda-lock.yml``): the default, because conda-lock, micromamba and
py-rattler read it already.

- The text is in one stable order, every version and hash is quoted, and equal locks are equal bytes.
- It has no field for several groups of one package: a row is repeated for each (as conda-lock does).
- It has none for how a lock came about: that is kept in ``metadata.custom_metadata`` under ``samebox.*``.
- A repository's commit stands in its url, and where the sha256 of a file stands (as conda-lock has it).
- conda rows need an md5; a row whose url is not from an index is told apart by ``samebox.archives``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.dependencies import merged
from resolver.locks.evidence import PREFIX, evidence_from_strings, evidence_to_strings
from resolver.locks.formats.protocol import ANYTHING, Asked, Fitted, LockFormat, Loss
from resolver.locks.formats.yaml_reader import read_yaml
from resolver.locks.formats.yaml_writer import mapping, quoted, scalar, sequence, single_quoted
from resolver.model import MAIN, Kind, Lock, LockedPackage, Origin, PlatformLock
from resolver.source_trees.git_url import parse_git_url
from resolver.transport.urls import variables_in

__all__ = ["FORMAT"]

_VERSION = 1
_ARCHIVES = PREFIX + "archives"
_NAME = PREFIX + "name"

_HEADER = """\
# This file is a lock: the exact packages of an environment, for each platform, with their hashes.
# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.
# conda-lock and micromamba can install from it.
"""


class _Channel(msgspec.Struct):
    url: str
    used_env_vars: list[str] = []


class _Metadata(msgspec.Struct):
    content_hash: dict[str, str]
    channels: list[_Channel | str]
    platforms: list[str]
    sources: list[str] = []
    custom_metadata: dict[str, str] | None = None


class _Hash(msgspec.Struct):
    md5: str | None = None
    sha256: str | None = None


class _Row(msgspec.Struct):
    name: str
    version: str
    manager: Literal["conda", "pip"]
    platform: str
    url: str
    hash: _Hash
    dependencies: dict[str, str | None] = {}
    category: str = MAIN
    optional: bool = False
    build: str | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata
    package: list[_Row]
    version: int = _VERSION


class _Versioned(msgspec.Struct):
    version: int = _VERSION


# ------------------------------------------------------------------------------------------------- reading


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``conda-lock.yml``; ``source`` is its name in errors."""
    version = read_yaml(text, source, _Versioned).version
    if version != _VERSION:
        raise LockFormatError(
            f"this lock has format version {version}, and this release reads version {_VERSION}",
            origin=Origin(source=source),
            field="version",
            hint="update samebox, or lock again" if version > _VERSION else "lock again",
        )
    document = read_yaml(text, source, _Document)
    try:
        return _lock(document, source)
    except LockFormatError:
        raise
    except ResolverError as error:
        raise LockFormatError(error.message, origin=Origin(source=source), hint=error.hint) from error


def _lock(document: _Document, source: str) -> Lock:
    metadata = document.metadata
    custom = metadata.custom_metadata or {}
    archives = _archives(custom, source)
    rows: dict[str, dict[tuple[str, str, str], dict[int, _Row]]] = {name: {} for name in metadata.platforms}
    for number, row in enumerate(document.package):
        if row.platform not in rows:
            raise LockFormatError(
                f"{row.name} is locked for {row.platform}, which metadata.platforms does not list",
                origin=Origin(source=source),
                field=f"package[{number}].platform",
            )
        rows[row.platform].setdefault((row.manager, row.name, row.url), {})[number] = row
    return Lock(
        name=custom.get(_NAME),
        platforms=tuple(
            PlatformLock(
                platform=platform,
                packages=tuple(_package_at(same, archives, source) for same in found.values()),
            )
            for platform, found in rows.items()
        ),
        channels=tuple(c if isinstance(c, str) else c.url for c in metadata.channels),
        sources=tuple(metadata.sources),
        content_hash=tuple(sorted(metadata.content_hash.items())),
        evidence=evidence_from_strings(custom, source),
    )


def _archives(custom: Mapping[str, str], source: str) -> frozenset[tuple[str, str]]:
    try:
        return frozenset(msgspec.json.decode(custom.get(_ARCHIVES, "[]"), type=list[tuple[str, str]]))
    except msgspec.MsgspecError as error:
        raise LockFormatError(
            f"damaged: {error}", origin=Origin(source=source), field=f"metadata.custom_metadata[{_ARCHIVES}]"
        ) from error


def _package_at(rows: Mapping[int, _Row], archives: frozenset[tuple[str, str]], source: str) -> LockedPackage:
    """The package of some rows, by their number in the file."""
    number, first = next(iter(rows.items()))
    try:
        return _package(list(rows.values()), (first.platform, first.name) in archives)
    except ResolverError as error:
        raise LockFormatError(
            error.message, origin=Origin(source=source), field=f"package[{number}]", hint=error.hint
        ) from error


def _package(rows: list[_Row], is_archive: bool) -> LockedPackage:
    """One package out of its rows, one for each category."""
    row = rows[0]
    file_name = unquote(urlsplit(row.url).path.rsplit("/", 1)[-1])
    groups = tuple(sorted({r.category for r in rows}))
    dependencies = tuple(sorted((name, constraint or "") for name, constraint in row.dependencies.items()))
    if row.manager == "conda":
        return LockedPackage(
            kind="conda",
            name=row.name.lower(),
            version=row.version,
            build=row.build or _build_of(file_name),
            subdir=_subdir_of(row.url),
            file_name=file_name,
            url=row.url,
            sha256=row.hash.sha256,
            md5=row.hash.md5,
            dependencies=dependencies,
            groups=groups,
        )
    kind = _kind(row.url, is_archive)
    reference = parse_git_url(row.url) if kind == "vcs" else None
    return LockedPackage(
        kind=kind,
        name=row.name,
        version=row.version,
        file_name=file_name if kind in ("pypi", "archive") else None,
        url=reference.url if reference else row.url,
        subdirectory=reference.subdirectory if reference else None,
        # conda-lock puts a git commit where the hash of a file stands
        sha256=row.hash.sha256 if kind in ("pypi", "archive") else None,
        commit=row.hash.sha256 if kind == "vcs" else None,
        tree=row.hash.sha256 if kind == "directory" else None,
        dependencies=dependencies,
        groups=groups,
    )


def _kind(url: str, is_archive: bool) -> Kind:
    if url.startswith("git+"):
        return "vcs"
    if url.startswith("file:") and url.endswith("/"):
        return "directory"
    return "archive" if is_archive else "pypi"


def _build_of(file_name: str) -> str | None:
    """``NAME-VERSION-BUILD.conda``: neither version nor build may hold a dash."""
    stem = file_name.removesuffix(".conda").removesuffix(".tar.bz2")
    return stem.rsplit("-", 1)[-1] if stem != file_name and stem.count("-") >= 2 else None


def _subdir_of(url: str) -> str | None:
    parts = urlsplit(url).path.split("/")
    return parts[-2] if len(parts) >= 2 else None


# ------------------------------------------------------------------------------------------------- writing


def fit(lock: Lock) -> Fitted:
    """A conda row needs an md5, and the row of a repository or folder must not read as something else."""
    losses: list[Loss] = []
    platforms = []
    no_md5: set[str] = set()
    no_place: set[str] = set()
    for platform in lock.platforms:
        packages = tuple(package for package in platform.packages if not _lost(package, no_md5, no_place))
        platforms.append(replace(platform, packages=packages))
    if no_md5:
        losses.append(Loss(message="conda packages without an md5", packages=tuple(sorted(no_md5))))
    if no_place:
        message = (
            "sources that are no git+https://… URL, no file: URL of a folder that ends in /, and no file with a URL"
        )
        losses.append(Loss(message=message, packages=tuple(sorted(no_place))))
    return Fitted(lock=replace(lock, platforms=tuple(platforms)) if losses else lock, losses=tuple(losses))


def _lost(package: LockedPackage, no_md5: set[str], no_place: set[str]) -> bool:
    if package.kind == "conda" and package.md5 is None:
        no_md5.add(package.name)
    elif not package.url or (package.kind in ("vcs", "directory") and _kind(package.url, False) != package.kind):
        no_place.add(package.name)
    else:
        return False
    return True


def write(lock: Lock) -> str:
    """The text of a ``conda-lock.yml``."""
    lines = [_HEADER, f"version: {_VERSION}\n", "metadata:\n", *_metadata(lock), "package:"]
    rows = sorted(_rows(lock), key=lambda pair: pair[0])
    if not rows:
        return "".join(lines) + " []\n"
    return "".join(lines) + "\n" + "".join(text for _, text in rows)


def _metadata(lock: Lock) -> Iterator[str]:
    yield from mapping("content_hash", sorted(lock.content_hash), indent=2)
    yield "  channels:\n" if lock.channels else "  channels: []\n"
    for channel in lock.channels:
        yield f"  - url: {scalar(channel)}\n    used_env_vars: {json.dumps(variables_in(channel))}\n"
    yield from sequence("platforms", [p.platform for p in lock.platforms], indent=2)
    yield from sequence("sources", lock.sources, indent=2)
    custom = _custom(lock)
    if custom:
        yield "  custom_metadata:\n"
        yield from (f"    {scalar(name)}: {single_quoted(value)}\n" for name, value in sorted(custom.items()))


def _custom(lock: Lock) -> dict[str, str]:
    custom = evidence_to_strings(lock.evidence) if lock.evidence else {}
    if lock.name is not None:
        custom[_NAME] = lock.name
    archives = sorted((s.platform, p.name) for s in lock.platforms for p in s.packages if p.kind == "archive")
    if archives:
        custom[_ARCHIVES] = json.dumps(archives, separators=(",", ":"))
    return custom


def _rows(lock: Lock) -> Iterator[tuple[tuple[str, ...], str]]:
    for platform_lock in lock.platforms:
        for package in platform_lock.packages:
            manager = "conda" if package.kind == "conda" else "pip"
            for group in package.groups:
                key = (package.name, manager, platform_lock.platform, group, package.url)
                yield key, _row(package, manager, platform_lock.platform, group)


def _row(package: LockedPackage, manager: str, platform: str, group: str) -> str:
    hashes = {"md5": package.md5, "sha256": package.sha256 or package.commit or package.tree}
    return "".join(
        (
            f"- name: {scalar(package.name)}\n",
            f"  version: {quoted(package.version)}\n",
            f"  manager: {manager}\n",
            f"  platform: {scalar(platform)}\n",
            *mapping("dependencies", sorted(merged(package.dependencies).items()), indent=2),
            f"  url: {scalar(_url(package))}\n",
            *mapping("hash", ((name, value) for name, value in hashes.items() if value), indent=2),
            f"  category: {scalar(group)}\n",
            f"  optional: {'false' if group == MAIN else 'true'}\n",
        )
    )


def _url(package: LockedPackage) -> str:
    """A repository's URL names its commit and the folder inside, as pip takes it."""
    if package.kind != "vcs" or package.commit is None:
        return package.url
    reference = parse_git_url(package.url)
    return replace(reference, subdirectory=package.subdirectory).at(package.commit)


FORMAT = LockFormat(
    name="conda-lock", file_names=("conda-lock.yml", "*conda-lock.yml"), parse=parse, write=write, fit=fit
)
