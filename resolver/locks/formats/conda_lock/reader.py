"""``conda-lock.yml`` → ``Lock``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from resolver.conda.urls import canonical_channel_url
from resolver.errors import LockFormatError, ResolverError
from resolver.locks.evidence import evidence_from_strings, evidence_to_strings
from resolver.locks.formats.checks import check_packages
from resolver.locks.formats.conda_lock.keys import ARCHIVES, METADATA, NAME, VERSION
from resolver.locks.formats.conda_lock.places import build_in, kind_of
from resolver.locks.formats.conda_lock.schema import Document, Metadata, Row
from resolver.locks.formats.protocol import ANYTHING, Asked
from resolver.locks.formats.yaml_reader import read_yaml
from resolver.model import Evidence, Lock, LockedPackage, Origin, PlatformLock
from resolver.source_trees.git_url import parse_git_url
from resolver.transport.urls import split_url

__all__ = ["parse"]

_Numbered = tuple[int, Row]
"""A row and its place in the file."""

_JSON = msgspec.json.Encoder(order="sorted")


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``conda-lock.yml``; ``source`` is its name in errors."""
    document = read_yaml(text, source, Document, judge=lambda plain: _refuse_other_version(plain, source))
    try:
        return _lock(document, source)
    except LockFormatError:
        raise
    except ResolverError as error:
        raise LockFormatError(error.message, origin=Origin(source=source), hint=error.hint) from error


def _refuse_other_version(document: object, source: str) -> None:
    written = document.get("version", VERSION) if isinstance(document, dict) else VERSION
    if isinstance(written, str) and len(written) < 9 and written.isdecimal():
        written = int(written)
    if not isinstance(written, int) or isinstance(written, bool) or written == VERSION:
        return  # what is no number is told by the type that it should have
    version = str(written) if abs(written) < 1_000_000_000 else "…"
    raise LockFormatError(
        f"this lock has format version {version}, and this release reads version {VERSION}",
        origin=Origin(source=source),
        field="version",
        hint="update samebox, or lock again" if written > VERSION else "lock again",
    )


def _lock(document: Document, source: str) -> Lock:
    metadata = document.metadata
    custom = metadata.custom_metadata or {}
    archives = _archives(custom, source)
    platforms = tuple(
        PlatformLock(platform=platform, packages=tuple(_package_at(rows, archives, source) for rows in found))
        for platform, found in _rows_by_platform(document, source)
    )
    check_packages(platforms, source)
    evidence = evidence_from_strings(custom, source, field="metadata.custom_metadata")
    return Lock(
        name=custom.get(NAME),
        platforms=platforms,
        channels=tuple(map(_channel_url, (c if isinstance(c, str) else c.url for c in metadata.channels))),
        sources=tuple(metadata.sources),
        content_hash=tuple(sorted(metadata.content_hash.items())),
        evidence=evidence,
        metadata=tuple(_kept(metadata, evidence)),
    )


def _channel_url(channel: str) -> str:
    """A name is that of a channel of the default server; ``defaults`` stands for several, and a path for itself."""
    is_name = channel and "://" not in channel and channel[0] not in "$./~" and channel != "defaults"
    return canonical_channel_url(channel) if is_name else channel


def _archives(custom: Mapping[str, str], source: str) -> frozenset[tuple[str, str]]:
    try:
        return frozenset(msgspec.json.decode(custom.get(ARCHIVES, "[]"), type=list[tuple[str, str]]))
    except msgspec.MsgspecError as error:
        raise LockFormatError(
            f"damaged: {error}", origin=Origin(source=source), field=f"metadata.custom_metadata[{ARCHIVES}]"
        ) from error


def _rows_by_platform(document: Document, source: str) -> Iterator[tuple[str, Sequence[list[_Numbered]]]]:
    """For each platform the rows of each package: one for each of its categories."""
    found: dict[str, dict[tuple[str, str], list[_Numbered]]] = {name: {} for name in document.metadata.platforms}
    for number, row in enumerate(document.package):
        if row.platform not in found:
            raise LockFormatError(
                f"{row.name[:200]} is locked for {row.platform[:200]}, which metadata.platforms does not list",
                origin=Origin(source=source),
                field=f"package[{number}].platform",
            )
        if row.manager == "conda" and row.name.startswith("__"):
            continue  # a virtual package: conda-lock 1.0 listed them, and nothing is installed for them
        same = found[row.platform].setdefault((row.manager, row.name), [])
        if same and (same[0][1].url, same[0][1].hash) != (row.url, row.hash):
            raise LockFormatError(
                f"{row.name[:200]} is locked for {row.platform} as another file in package[{same[0][0]}]",
                origin=Origin(source=source),
                field=f"package[{number}]",
                hint="lock again",
            )
        same.append((number, row))
    for platform, packages in found.items():
        yield platform, list(packages.values())


def _package_at(rows: Sequence[_Numbered], archives: frozenset[tuple[str, str]], source: str) -> LockedPackage:
    number, first = rows[0]
    groups = (first.category,) if len(rows) == 1 else tuple(sorted({row.category for _, row in rows}))
    try:
        if first.manager == "conda":
            return _conda_package(first, groups)
        return _pip_package(first, groups, bool(archives) and (first.platform, first.name) in archives)
    except ResolverError as error:
        raise LockFormatError(
            error.message[:500], origin=Origin(source=source), field=f"package[{number}]", hint=error.hint
        ) from error


def _conda_package(row: Row, groups: tuple[str, ...]) -> LockedPackage:
    subdir, file_name = _file_in(row.url)
    if not file_name:
        raise ResolverError(f"not the URL of a conda package: {row.url[:200]!r}")
    return LockedPackage(
        kind="conda",
        name=row.name.lower(),
        version=row.version,
        build=row.build or build_in(file_name),
        subdir=subdir,
        file_name=file_name,
        url=row.url,
        sha256=row.hash.sha256,
        md5=row.hash.md5,
        dependencies=_dependencies(row),
        groups=groups,
    )


def _pip_package(row: Row, groups: tuple[str, ...], is_archive: bool) -> LockedPackage:
    if not row.url:
        raise ResolverError(f"{row.name[:200]} has no url")
    kind = kind_of(row.url, from_index=row.source is None and not is_archive)
    url, commit, subdirectory = row.url, None, None
    if kind == "vcs":
        split_url(row.url.removeprefix("git+"))
        reference = parse_git_url(row.url)
        url, subdirectory = reference.url, reference.subdirectory
        # conda-lock puts a git commit where the hash of a file stands
        commit = row.hash.sha256 or (reference.revision if reference.is_commit else None)
        if commit is None and reference.revision is not None:
            url = f"{url}@{reference.revision}"  # a branch or tag, whose commit must be looked up
    is_file = kind in ("pypi", "archive")
    return LockedPackage(
        kind=kind,
        name=row.name,
        version=row.version,
        file_name=(_file_in(row.url)[1] or None) if is_file else None,
        url=url,
        sha256=row.hash.sha256 if is_file else None,
        md5=row.hash.md5 if is_file else None,
        commit=commit,
        subdirectory=subdirectory,
        tree=row.hash.sha256 if kind == "directory" else None,
        dependencies=_dependencies(row),
        groups=groups,
    )


def _dependencies(row: Row) -> tuple[tuple[str, str], ...]:
    """Without virtual packages, which some releases of conda-lock keep and no lock of ours does."""
    return tuple(sorted((name, limit or "") for name, limit in row.dependencies.items() if name[:2] != "__"))


def _file_in(url: str) -> tuple[str | None, str]:
    """The folder and the name of the file that a URL leads to. Most URLs have nothing to split off or to unquote."""
    folder, _, file_name = url.rpartition("/")
    if "?" in url or "#" in url or "%" in url or folder.find("/", len("https://")) < 0:
        folder, _, file_name = unquote(split_url(url).path).rpartition("/")
    return folder.rpartition("/")[2] or None, file_name


def _kept(metadata: Metadata, evidence: Evidence | None) -> Iterator[tuple[str, str]]:
    """What is said about the file, and the notes of other tools (and of other releases of this one)."""
    own = {NAME, ARCHIVES, *(evidence_to_strings(evidence) if evidence else ())}
    notes = {name: text for name, text in (metadata.custom_metadata or {}).items() if name not in own}
    sections = (metadata.time_metadata, metadata.git_metadata, metadata.inputs_metadata, notes or None)
    for name, value in zip(METADATA, sections, strict=True):
        if value is not None:
            yield name, _JSON.encode(value).decode()
