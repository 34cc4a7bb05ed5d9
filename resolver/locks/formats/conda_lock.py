"""conda-lock's unified format, version 1 (``conda-lock.yml``): the default, because conda-lock, micromamba and
py-rattler read it already.

- The text is in one stable order, every version and hash is quoted, and equal locks are equal bytes.
- It has no field for several groups of one package: a row is repeated for each (as conda-lock does).
- It has none for how a lock came about: that is kept in ``metadata.custom_metadata`` under ``samebox.*``.
- conda rows need an md5; a row whose url is not from an index is told apart by ``samebox.archives``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from resolver.errors import LockFormatError, NotRepresentable, ResolverError
from resolver.locks.evidence import PREFIX, evidence_from_strings, evidence_to_strings
from resolver.locks.formats.protocol import LockFormat
from resolver.locks.formats.yaml_reader import read_yaml
from resolver.model import MAIN, Kind, Lock, LockedPackage, Origin, PlatformLock

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


def parse(text: str, source: str) -> Lock:
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
    rows: dict[str, dict[tuple[str, str, str], list[_Row]]] = {name: {} for name in metadata.platforms}
    for number, row in enumerate(document.package):
        if row.platform not in rows:
            raise LockFormatError(
                f"{row.name} is locked for {row.platform}, which metadata.platforms does not list",
                origin=Origin(source=source),
                field=f"package[{number}].platform",
            )
        rows[row.platform].setdefault((row.manager, row.name, row.url), []).append(row)
    return Lock(
        name=custom.get(_NAME),
        platforms=tuple(
            PlatformLock(
                platform=platform,
                packages=tuple(_package(same, (platform, same[0].name) in archives) for same in found.values()),
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
    return LockedPackage(
        kind=kind,
        name=row.name,
        version=row.version,
        file_name=file_name if kind in ("pypi", "archive") else None,
        url=row.url,
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


def render(lock: Lock) -> str:
    """The text of ``conda-lock.yml``. Raises ``NotRepresentable`` for conda records without md5."""
    _refuse_without_md5(lock)
    lines = [_HEADER, f"version: {_VERSION}\n", "metadata:\n", *_metadata(lock), "package:"]
    rows = sorted(_rows(lock), key=lambda pair: pair[0])
    if not rows:
        return "".join(lines) + " []\n"
    return "".join(lines) + "\n" + "".join(text for _, text in rows)


def _refuse_without_md5(lock: Lock) -> None:
    missing = sorted({p.name for s in lock.platforms for p in s.packages if p.kind == "conda" and p.md5 is None})
    if missing:
        raise NotRepresentable(
            f"conda-lock.yml needs an md5 for each conda package, and these have none: {', '.join(missing)}",
            hint="write another format, which carries sha256 alone",
        )


def _metadata(lock: Lock) -> Iterator[str]:
    yield from _mapping("content_hash", sorted(lock.content_hash), indent=2)
    yield "  channels:\n" if lock.channels else "  channels: []\n"
    for channel in lock.channels:
        yield f"  - url: {_scalar(channel)}\n    used_env_vars: []\n"
    yield from _list("platforms", [p.platform for p in lock.platforms], indent=2)
    yield from _list("sources", lock.sources, indent=2)
    custom = _custom(lock)
    if custom:
        yield "  custom_metadata:\n"
        yield from (f"    {_scalar(name)}: {_single_quoted(value)}\n" for name, value in sorted(custom.items()))


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
            f"- name: {_scalar(package.name)}\n",
            f"  version: {_quoted(package.version)}\n",
            f"  manager: {manager}\n",
            f"  platform: {platform}\n",
            *_mapping("dependencies", sorted(_merged(package.dependencies).items()), indent=2),
            f"  url: {_scalar(package.url)}\n",
            "  hash:\n",
            *(f"    {name}: {_quoted(value)}\n" for name, value in hashes.items() if value),
            f"  category: {_scalar(group)}\n",
            f"  optional: {'false' if group == MAIN else 'true'}\n",
        )
    )


def _merged(dependencies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One constraint a name: conda records may name a dependency twice, and a map cannot."""
    merged: dict[str, str] = {}
    for name, constraint in sorted(dependencies):
        if name.startswith("__"):
            continue
        have = merged.get(name)
        merged[name] = constraint if have in (None, "", "*") else _joined(have or "", constraint)
    return merged


def _joined(left: str, right: str) -> str:
    if right in ("", "*", left):
        return left
    versions = [part.split()[0] for part in (left, right)]
    builds = {b for part in (left, right) for b in part.split()[1:]}
    version = ",".join(dict.fromkeys(v for v in versions if v != "*")) or "*"
    return f"{version} {sorted(builds)[-1]}" if builds else version


def _mapping(key: str, items: Iterable[tuple[str, str]], *, indent: int) -> Iterator[str]:
    pad = " " * indent
    rows = [f"{pad}  {_scalar(name)}: {_quoted(value)}\n" for name, value in items]
    yield f"{pad}{key}:\n" if rows else f"{pad}{key}: {{}}\n"
    yield from rows


def _list(key: str, values: Iterable[str], *, indent: int) -> Iterator[str]:
    pad = " " * indent
    rows = [f"{pad}- {_scalar(value)}\n" for value in values]
    yield f"{pad}{key}:\n" if rows else f"{pad}{key}: []\n"
    yield from rows


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_+./-]*(?::[A-Za-z0-9_+.%/-]+)?\Z")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def _scalar(value: str) -> str:
    """Plain where no YAML reader can take it for anything but this string, else quoted."""
    return value if _PLAIN.match(value) and value.lower() not in _WORDS else _quoted(value)


def _single_quoted(value: str) -> str:
    """JSON inside YAML stays readable in single quotes, which escape nothing but themselves."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'" if value.isprintable() else _quoted(value)


def _quoted(value: str) -> str:
    """A JSON string is a YAML double-quoted scalar."""
    return json.dumps(value)


FORMAT = LockFormat(name="conda-lock", file_names=("conda-lock.yml", "*conda-lock.yml"), parse=parse, render=render)
