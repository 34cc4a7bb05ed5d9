"""``pylock.toml`` (PEP 751): the lock of the Python world, which pip and uv install from.

- What is written is read by every tool that follows the PEP: wheels of several platforms stand in one entry where the
  best one of each platform, by its tags, is the locked one; else the entries have markers.
- Several groups are ``dependency-groups``, of which ``main`` is the default one.
- What the PEP has no key for stands in ``[tool.samebox]``: evidence, name, channels, sources, constraints, and the
  digest of the lock, so that others can tell that two locks install the same.
- conda packages have no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.evidence import PREFIX, evidence_from_strings
from resolver.locks.formats.distributions import Entry, File, Place, file_at, git_url, local_url, locked
from resolver.locks.formats.protocol import ANYTHING, Asked, LockFormat
from resolver.locks.formats.pylock.document import (
    PLAIN_VERSION,
    Document,
    FileRow,
    OwnLock,
    OwnPackage,
    PackageRow,
    own,
    read_document,
)
from resolver.locks.formats.pylock.targets import foreign_targets, groups_of, own_target
from resolver.locks.formats.pylock.writer import fit, write
from resolver.locks.formats.targets import Target
from resolver.model import MAIN, Aspect, Lock, LockedPackage, Origin, PlatformLock
from resolver.values import dataclass, replace

__all__ = ["FORMAT"]

_OTHERS_KEEP_NOTHING_OF: frozenset[Aspect] = frozenset(["channels", "content_hash", "evidence", "name", "sources"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An entry of ``packages``: as it stands, what of it is ours, and the files to choose from."""

    row: PackageRow
    ours: OwnPackage | None
    entry: Entry

    @property
    def place(self) -> Place:
        return self.entry.place


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``pylock.toml``. One of another tool is read for the platforms that are asked for."""
    document, ours = read_document(text, source)
    try:
        rows = [_row(row, Place(source=source, field=f"packages[{n}]")) for n, row in enumerate(document.packages)]
        return _own_lock(document, rows, ours, source) if ours else _foreign_lock(document, rows, source, asked)
    except LockFormatError:
        raise
    except ResolverError as error:
        raise LockFormatError(error.message, origin=Origin(source=source), hint=error.hint) from error


def _own_lock(document: Document, rows: list[_Row], ours: OwnLock, source: str) -> Lock:
    evidence = evidence_from_strings(
        {PREFIX + name: text for name, text in ours.evidence.items()}, source, field="tool.samebox.evidence"
    )
    targets = [own_target(platform, evidence, source) for platform in ours.platforms]
    return Lock(
        name=ours.name,
        platforms=tuple(_platform(document, rows, target) for target in targets),
        channels=tuple(ours.channels),
        sources=tuple(ours.sources),
        content_hash=tuple(sorted(ours.content_hash.items())),
        evidence=evidence,
    )


def _foreign_lock(document: Document, rows: list[_Row], source: str, asked: Asked) -> Lock:
    def has_all(target: Target) -> bool:
        return all(_has_file(row.entry, target) for row in rows if _groups(document, row, target))

    targets = foreign_targets(asked, document.environments, document.requires_python, has_all, source)
    silent_on = _OTHERS_KEEP_NOTHING_OF
    if all(row.dependencies is None for row in document.packages):
        silent_on |= {"dependencies"}
    return Lock(
        platforms=tuple(_platform(document, rows, target) for target in targets),
        silent_on=silent_on,
    )


def _has_file(entry: Entry, target: Target) -> bool:
    try:
        locked(entry, target, groups=(MAIN,), dependencies=())
    except LockFormatError:
        return False
    return True


def _platform(document: Document, rows: list[_Row], target: Target) -> PlatformLock:
    taken: dict[tuple[str, str], _Row] = {}
    packages = []
    for row in rows:
        groups = _groups(document, row, target)
        for group in groups:
            first = taken.setdefault((group, row.entry.name), row)
            if first is not row:
                raise row.place.error(
                    f"{row.entry.name} is locked for {target.platform} by {first.place.field} already"
                )
        if groups:
            packages.append(_package(row, target, groups))
    return PlatformLock(platform=target.platform, packages=tuple(packages))


def _groups(document: Document, row: _Row, target: Target) -> tuple[str, ...]:
    others = [name for name in (*document.dependency_groups, *document.extras) if name not in document.default_groups]
    return groups_of(row.row.marker, target, document.default_groups, others)


def _package(row: _Row, target: Target, groups: tuple[str, ...]) -> LockedPackage:
    dependencies = (
        row.ours.dependencies if row.ours else [(str(d.get("name", "")), "") for d in row.row.dependencies or ()]
    )
    if row.ours is not None and row.entry.kind == "pypi" and len(row.entry.files) == 1:
        (only,) = row.entry.files  # the writer has decided, whatever its tags say
        package = _of_file(row.entry, only, groups, dependencies)
    else:
        package = locked(row.entry, target, groups=groups, dependencies=dependencies)
    md5 = next(
        (f.hashes.get("md5") for f in _files(row.row) if package.sha256 and f.hashes.get("sha256") == package.sha256),
        None,
    )
    tree = row.ours.tree if row.ours else None
    archive = row.row.archive
    inside = archive.subdirectory if archive else package.subdirectory
    return replace(package, md5=md5, tree=tree, subdirectory=inside, name=_own_name(row) or package.name)


def _of_file(
    entry: Entry, file: File, groups: tuple[str, ...], dependencies: Iterable[tuple[str, str]]
) -> LockedPackage:
    return LockedPackage(
        kind=entry.kind,
        name=entry.name,
        version=entry.version,
        file_name=file.file_name,
        url=file.url,
        sha256=file.sha256,
        size=file.size,
        dependencies=tuple(sorted(set(dependencies))),
        groups=groups,
    )


def _own_name(row: _Row) -> str | None:
    """The name as it was spelled before it was normalised. It must still be the same name."""
    name = row.ours.name if row.ours else None
    if name is not None and row.place.below("tool.samebox").name(name) != row.entry.name:
        raise row.place.error(f"{row.entry.name} is called {name[:200]!r} in tool.samebox")
    return name


def _row(row: PackageRow, place: Place) -> _Row:
    ours = own(row.tool, OwnPackage, place.source, place.field)
    return _Row(row=row, ours=ours, entry=_entry(row, ours or OwnPackage(), place))


def _entry(row: PackageRow, ours: OwnPackage, place: Place) -> Entry:
    name = place.name(row.name)
    version = ours.version or row.version or ""
    if ours.version is not None and not PLAIN_VERSION.match(ours.version):
        raise place.below("tool.samebox.version").error(f"not a version: {ours.version[:200]!r}")
    if row.vcs is not None:
        if row.vcs.type != "git":
            raise place.below("vcs").error(f"a repository of {row.vcs.type[:200]!r}, and only git is known here")
        at = place.below("vcs")
        url = git_url(at, row.vcs.url) if row.vcs.url else local_url(at, row.vcs.path or "", folder=True)
        commit, inside = at.commit(row.vcs.commit_id), _inside(row.vcs.subdirectory, at)
        return Entry(kind="vcs", name=name, version=version, place=place, url=url, commit=commit, subdirectory=inside)
    if row.directory is not None:
        at = place.below("directory")
        url = at.url(ours.url) if ours.url else local_url(at, row.directory.path, folder=True)
        inside = _inside(row.directory.subdirectory, at)
        return Entry(kind="directory", name=name, version=version, place=place, url=url, subdirectory=inside)
    if row.archive is not None:
        at = place.below("archive")
        _inside(row.archive.subdirectory, at)
        file = _file(row.archive, ours.file_name, at)
        return Entry(kind="archive", name=name, version=version, place=place, files=(file,), url=file.url)
    files = tuple(_file(file, file.name, place) for file in _files(row))
    return Entry(kind="pypi", name=name, version=place.version(version), place=place, files=files)


def _files(row: PackageRow) -> Iterator[FileRow]:
    yield from row.wheels
    yield from (file for file in (row.sdist, row.archive) if file is not None)


def _file(row: FileRow, name: str | None, place: Place) -> File:
    if row.url:
        return file_at(place, name=name, url=row.url, digest=_sha256(row), size=row.size)
    path = row.path or ""
    name = path.replace("\\", "/").rpartition("/")[2] if name is None else name
    found = file_at(place, name=name, digest=_sha256(row), size=row.size)
    return replace(found, url=local_url(place, path, folder=False))


def _sha256(row: FileRow) -> str | None:
    return f"sha256:{row.hashes['sha256']}" if "sha256" in row.hashes else None


def _inside(subdirectory: str | None, place: Place) -> str | None:
    """A folder inside a source tree."""
    parts = (subdirectory or "").replace("\\", "/").split("/")
    if subdirectory is not None and (".." in parts or parts[0] == "" or not subdirectory.isprintable()):
        raise place.error(f"not a folder inside the source tree: {subdirectory[:200]!r}")
    return subdirectory


FORMAT = LockFormat(name="pylock", file_names=("pylock.toml", "pylock.*.toml"), parse=parse, write=write, fit=fit)
