"""Reading one environment of a pixi.lock, of the versions 3 to 7 (``pixi_documents``), into a lock."""

from __future__ import annotations

from collections.abc import Iterator

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.checks import check_packages
from resolver.locks.formats.distributions import Place
from resolver.locks.formats.pixi.documents import Document, Document3, Package, Package3, Selector, read_document
from resolver.locks.formats.pixi.needs import pypi_needs, target_of
from resolver.locks.formats.pixi.packages import package_of, told_subdir
from resolver.locks.formats.pixi.rows import Row, key_of
from resolver.locks.formats.protocol import ANYTHING, Asked
from resolver.model import MAIN, Aspect, Lock, LockedPackage, Origin, PlatformLock
from resolver.values import dataclass, replace

__all__ = ["SILENT_ON", "environments", "parse"]

SILENT_ON: frozenset[Aspect] = frozenset({"content_hash", "evidence", "name", "sources"})

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A row of one platform, its place in the file, and the groups that it is in."""

    row: Row
    place: Place
    groups: tuple[str, ...] = (MAIN,)


_Rows = dict[str, list[_Found]]
_Known = dict[tuple[str, str], list[tuple[str | None, Row, Place]]]
"""Rows by world and place, each with the subdir that it names."""


def environments(text: str, source: str) -> tuple[str, ...]:
    """The names of the environments in a file. Raises ``LockFormatError``."""
    document = read_document(text, source)
    return (_DEFAULT,) if isinstance(document, Document3) else tuple(sorted(document.environments))


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read one environment of a ``pixi.lock``; ``source`` is its name in errors. Raises ``LockFormatError``."""
    document = read_document(text, source)
    if isinstance(document, Document3):
        _chosen((_DEFAULT,), asked.environment, source)
        channels, rows = document.metadata.channels, _rows_of_3(document, source)
    else:
        name = _chosen(tuple(document.environments), asked.environment, source)
        environment = document.environments[name]
        channels, rows = environment.channels, _rows_of(document, name, source)
    platforms = tuple(
        PlatformLock(platform=platform, packages=_packages(platform, found, source)) for platform, found in rows.items()
    )
    check_packages(platforms, source)
    return Lock(
        platforms=platforms,
        channels=tuple(c.url.removesuffix("/") if "://" in c.url else c.url for c in channels),
        silent_on=SILENT_ON,
    )


def _chosen(names: tuple[str, ...], asked: str | None, source: str) -> str:
    known = ", ".join(sorted(names)) or "none"
    if asked is None:
        if _DEFAULT in names or len(names) == 1:
            return _DEFAULT if _DEFAULT in names else names[0]
        raise LockFormatError(
            "no environment of this lock is called default, so one must be chosen",
            origin=Origin(source=source),
            field="environments",
            hint=f"it has: {known}",
        )
    if asked not in names:
        raise LockFormatError(
            f"there is no environment {asked!r} in this lock",
            origin=Origin(source=source),
            field="environments",
            hint=f"it has: {known}",
        )
    return asked


# ------------------------------------------------------------------------------------- version 4 and later


def _rows_of(document: Document, environment: str, source: str) -> _Rows:
    """The rows of an environment by subdir."""
    known: _Known = {}
    for number, package in enumerate(document.packages):
        place = Place(source=source, field=f"packages[{number}]")
        row = _row(package, place)
        known.setdefault((row.world, key_of(row.location)), []).append((package.subdir, row, place))
    subdirs = _subdirs(document, source)
    rows: _Rows = {}
    for platform, selectors in document.environments[environment].packages.items():
        place = Place(source=source, field=f"environments.{environment}.packages.{platform}")
        subdir = subdirs.get(platform, platform) if not document.platforms else subdirs.get(platform)
        if subdir is None:
            raise place.error(f"the platform {platform} is not among the platforms of this lock")
        if subdir in rows:
            raise place.error(
                f"a second platform with the subdir {subdir}, and a lock here has one for each",
                hint="keep one of them in the environment",
            )
        rows[subdir] = _selected(selectors, known, subdir, place)
    return rows


def _row(package: Package, place: Place) -> Row:
    if package.kind is not None:
        world, location = package.kind, package.url or package.path
    elif package.conda is not None or package.conda_source is not None:
        world, location = "conda", package.conda or package.conda_source
    else:
        world, location = "pypi", package.pypi
    if location is None:
        raise place.error("a package without conda, pypi or conda_source")
    return Row(
        world=world,
        location=location,
        name=package.name,
        version=package.version,
        build=package.build,
        # versions before 6 have the platform here, for a noarch package too
        subdir=(told_subdir(location) if package.kind == "conda" else None) or package.subdir or None,
        sha256=package.sha256,
        md5=package.md5,
        needs=tuple(package.depends if world == "conda" else package.requires_dist),
        size=package.size,
    )


def _subdirs(document: Document, source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, platform in enumerate(document.platforms):
        if platform.name in found:
            raise Place(source=source, field=f"platforms[{number}]").error(f"{platform.name} stands there twice")
        found[platform.name] = platform.subdir or platform.name
    return found


def _selected(selectors: list[Selector], known: _Known, subdir: str, place: Place) -> list[_Found]:
    found: dict[tuple[str, str], _Found] = {}
    for number, selector in enumerate(selectors):
        here = Place(source=place.source, field=f"{place.field}[{number}]")
        conda = selector.conda if selector.conda is not None else selector.conda_source
        location = conda if conda is not None else selector.pypi
        if location is None:
            raise here.error("a package without conda, pypi or conda_source")
        key = ("conda" if conda is not None else "pypi", key_of(location))
        if key not in known:
            raise here.error(f"{location[:200]} is not among the packages of this lock")
        found[key] = _best(known[key], subdir)
    return list(found.values())


def _best(rows: list[tuple[str | None, Row, Place]], subdir: str) -> _Found:
    """Versions 4 and 5 may have one URL in several rows: that of the platform counts."""
    _, row, place = next((found for found in rows if found[0] == subdir), rows[0])
    return _Found(row=row, place=place)


# ----------------------------------------------------------------------------------------------- version 3


def _rows_of_3(document: Document3, source: str) -> _Rows:
    rows: dict[str, dict[tuple[str, str], _Found]] = {platform: {} for platform in document.metadata.platforms}
    for number, package in enumerate(document.package):
        place = Place(source=source, field=f"package[{number}]")
        if package.platform not in rows:
            raise place.error(f"locked for {package.platform}, which metadata.platforms does not list")
        row = _row_of_3(package)
        same = rows[package.platform].get((row.world, key_of(row.location)))
        groups = tuple(sorted({package.category, *(same.groups if same else ())}))
        rows[package.platform][row.world, key_of(row.location)] = _Found(row=row, place=place, groups=groups)
    return {platform: list(found.values()) for platform, found in rows.items()}


def _row_of_3(package: Package3) -> Row:
    is_conda = package.manager == "conda"
    if isinstance(package.dependencies, list):
        needs = [*package.dependencies, *package.requires_dist]
    else:
        gap = " " if is_conda else ""
        needs = [
            name if constraint in (None, "", "*") else f"{name}{gap}{constraint}"
            for name, constraint in package.dependencies.items()
        ]
    return Row(
        world="conda" if is_conda else "pypi",
        location=package.url,
        name=package.name,
        version=package.version,
        build=package.build,
        subdir=(told_subdir(package.url) if is_conda else None) or package.subdir,
        sha256=package.hash.sha256 if package.hash else None,
        md5=package.hash.md5 if package.hash else None,
        needs=tuple(needs),
        size=package.size,
    )


# -------------------------------------------------------------------------------------------- all versions


def _packages(platform: str, rows: list[_Found], source: str) -> tuple[LockedPackage, ...]:
    packages = [package_of(found.row, found.place, found.groups) for found in rows]
    seen: set[tuple[bool, str]] = set()
    for package, found in zip(packages, rows, strict=True):
        key = (package.kind == "conda", package.name)
        if key in seen:
            raise found.place.error(f"{package.name} is locked twice on {platform}")
        seen.add(key)
    return tuple(_with_needs(platform, packages, rows, source))


def _with_needs(
    platform: str, packages: list[LockedPackage], rows: list[_Found], source: str
) -> Iterator[LockedPackage]:
    pairs = list(zip(packages, rows, strict=True))
    asked = [(package, found) for package, found in pairs if found.row.needs and package.kind != "conda"]
    yield from (package for package, found in pairs if not found.row.needs or package.kind == "conda")
    if not asked:
        return
    try:
        python = next((p for p in packages if p.kind == "conda" and p.name == "python"), None)
        target = target_of(platform, python, source)
    except LockFormatError:
        raise
    except ResolverError as error:
        raise LockFormatError(error.message, origin=Origin(source=source), hint=error.hint) from error
    needs = pypi_needs([(package.name, found.row, found.place) for package, found in asked], target)
    for (package, _), found_needs in zip(asked, needs, strict=True):
        yield replace(package, dependencies=found_needs)
