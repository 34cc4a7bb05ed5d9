"""Explicit files (``@EXPLICIT``): one URL a line, which conda, mamba and micromamba install without a solve.

- ``explicit`` writes ``URL#sha256:HEX``: conda since 24.9, mamba, micromamba and rattler check it.
- ``explicit-md5`` writes ``URL#MD5`` for older condas, and the sha256 in a comment above each line: the lock has the
  same digest in either. Both are read the same way, and so is what conda and conda-lock write.
- A file is for one platform, and for the group ``main``.
- Wheels stand in comments, ``# pip NAME @ URL#sha256=HEX``, as conda-lock has it: conda-lock installs them.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.distributions import Place
from resolver.locks.formats.fitting import Sieve
from resolver.locks.formats.protocol import ANYTHING, Asked, Fitted, LockFormat
from resolver.locks.formats.requirements.lines import line_of, package_of
from resolver.model import Aspect, Lock, LockedPackage, Origin, PlatformLock
from resolver.values import dataclass, field, replace

__all__ = ["EXPLICIT", "EXPLICIT_MD5"]

_SILENT_ON: frozenset[Aspect] = frozenset(
    ["channels", "content_hash", "dependencies", "evidence", "files", "name", "sources"]
)

_MARK = "@EXPLICIT"
_PLATFORM = re.compile(r"#\s*platform:\s*(?P<platform>[a-z0-9_-]{1,64})\Z", re.ASCII)
_SHA256_ABOVE = re.compile(r"#\s*sha256:(?P<sha256>[0-9a-f]{64})\Z")
_ARCHIVE_ABOVE = re.compile(r"# archive (?P<version>[A-Za-z0-9._+!*-]{1,256})\Z", re.ASCII)
_PIP = re.compile(r"#\s*pip (?P<requirement>\S+ @ \S.*)\Z")
_URL = re.compile(
    r"(?P<url>[^\s#]+)(?:#(?:(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?\Z", re.IGNORECASE
)
_FILE_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)-(?P<version>[A-Za-z0-9_.!+]+)-(?P<build>[A-Za-z0-9_.+]+)"
    r"(?:\.conda|\.tar\.bz2)\Z",
    re.ASCII,
)
_SUBDIR = re.compile(r"noarch|[a-z0-9]+-[a-z0-9_]+", re.ASCII)

_HEADER = """\
# This file is a lock: the exact packages of an environment, with their hashes.
# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.
# conda, mamba and micromamba install from it: conda create --name NAME --file FILE
"""


# ------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class _Read:
    """What the lines so far have said. A comment may be about the line below it."""

    platform: str | None = None
    is_explicit: bool = False
    packages: dict[tuple[bool, str], tuple[int, LockedPackage]] = field(default_factory=dict)
    sha256: str | None = None
    archive: str | None = None


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read an explicit file. Where it does not name its platform, that of its packages is meant, else the one that is
    asked for."""
    read = _Read()
    for number, line in enumerate(text.split("\n"), start=1):
        said = line.strip()
        if said:
            _read_line(said, read, Origin(source=source, line=number))
    if not read.is_explicit:
        raise LockFormatError(f"no explicit file: the line {_MARK} is missing", origin=Origin(source=source))
    packages = tuple(package for _, package in read.packages.values())
    platform = read.platform or _platform_of(packages, asked, source)
    locked = (PlatformLock(platform=platform, packages=packages),) if platform is not None else ()
    return Lock(platforms=locked, silent_on=_SILENT_ON)


def _read_line(said: str, read: _Read, origin: Origin) -> None:
    if said == _MARK:
        read.is_explicit = True
    elif platform := _PLATFORM.match(said):
        read.platform = platform["platform"]
    elif above := _SHA256_ABOVE.match(said):
        read.sha256 = above["sha256"]
        return
    elif above := _ARCHIVE_ABOVE.match(said):
        read.archive = above["version"]
        return
    elif pip := _PIP.match(said):
        _add(_project(pip["requirement"], read.archive, origin), read, origin)
    elif not said.startswith("#"):
        _add(_record(said, read.sha256, origin), read, origin)
    read.sha256 = read.archive = None


def _add(package: LockedPackage, read: _Read, origin: Origin) -> None:
    key = (package.kind == "conda", package.name)
    if key in read.packages:
        raise LockFormatError(f"{package.name} stands on line {read.packages[key][0]} already", origin=origin)
    read.packages[key] = (origin.line or 0, package)


def _record(said: str, sha256_above: str | None, origin: Origin) -> LockedPackage:
    written = _URL.match(said)
    if written is None:
        hint = "it is URL, URL#MD5 or URL#sha256:HEX"
        raise LockFormatError(f"not the URL of a conda package: {said[:200]!r}", origin=origin, hint=hint)
    url = Place(source=str(origin), field="URL").url(written["url"])
    path = urlsplit(url).path.split("/")
    file_name = _FILE_NAME.match(unquote(path[-1])) if len(path[-1]) <= 1024 else None
    subdir = path[-2] if len(path) > 1 else ""
    if file_name is None or not urlsplit(url).scheme or not _SUBDIR.fullmatch(subdir):
        raise LockFormatError(
            f"not the URL of a conda package: {url[:200]!r}",
            origin=origin,
            hint="it ends in SUBDIR/NAME-VERSION-BUILD.conda or .tar.bz2",
        )
    return LockedPackage(
        kind="conda",
        name=file_name["name"].lower(),
        version=file_name["version"],
        build=file_name["build"],
        subdir=subdir,
        file_name=file_name[0],
        url=url,
        sha256=written["sha256"].lower() if written["sha256"] else sha256_above,
        md5=written["md5"].lower() if written["md5"] else None,
    )


def _project(requirement: str, archive: str | None, origin: Origin) -> LockedPackage:
    """A wheel or sdist. ``archive`` is the version of one that is from no index, as the comment above says."""
    line = line_of(requirement, {}, origin)
    package = package_of(line)
    if package.kind != "archive":
        return package
    if archive is not None:
        return replace(package, version=archive)
    if not package.version:
        raise line.error(f"{package.name} is neither a wheel nor an sdist by its name: {package.file_name or ''!r}")
    return replace(package, kind="pypi")


def _platform_of(packages: Iterable[LockedPackage], asked: Asked, source: str) -> str | None:
    found = sorted({p.subdir for p in packages if p.subdir and p.subdir != "noarch"})
    if len(found) > 1:
        raise LockFormatError(f"packages of several platforms: {', '.join(found)}", origin=Origin(source=source))
    if found or not packages:
        return found[0] if found else None
    if len(asked.platforms) != 1:
        raise LockFormatError(
            "the file does not say which platform it is for", origin=Origin(source=source), hint="name it with -p"
        )
    return asked.platforms[0].subdir


# ------------------------------------------------------------------------------------------------- writing


def fit(lock: Lock, *, by_md5: bool) -> Fitted:
    """conda packages, wheels and sdists of one platform, in the group ``main``."""
    sieve = Sieve(lock)
    first = lock.platforms[0].platform if lock.platforms else None
    sieve.keep_platforms(
        lambda subdir: subdir == first, f"platforms beside {first}: a file is for one, name it with -p"
    )
    sieve.keep_main()
    sieve.keep(lambda package: package.kind not in ("vcs", "directory"), "packages that are built from sources")
    if by_md5:
        sieve.keep(lambda package: package.kind != "conda" or package.md5 is not None, "conda packages without an md5")
    sieve.keep(lambda package: package.sha256 is not None, "packages without a sha256")
    sieve.keep(partial(_reads_back, by_md5=by_md5), "packages that are not called as their file is, or have no URL")
    sieve.keep_one_of_a_name("projects that are locked more than once")
    return sieve.fitted()


def _reads_back(package: LockedPackage, *, by_md5: bool) -> bool:
    try:
        lock = parse(f"{_MARK}\n# platform: noarch\n{_line(package, by_md5=by_md5)}", "")
    except ResolverError:
        return False
    return [_identity(p) for platform in lock.platforms for p in platform.packages] == [_identity(package)]


def _identity(package: LockedPackage) -> tuple[object, ...]:
    name = package.name if package.kind == "conda" else canonicalize_name(package.name)
    return (package.kind, name, package.version, package.url, package.sha256, package.subdirectory)


def write(lock: Lock, *, by_md5: bool) -> str:
    """The text of an explicit file: what others depend on first."""
    parts = [_HEADER, *(f"# platform: {platform.platform}\n" for platform in lock.platforms), f"{_MARK}\n"]
    for platform in lock.platforms:
        conda = [package for package in platform.packages if package.kind == "conda"]
        parts += [_line(package, by_md5=by_md5) for package in _dependencies_first(conda)]
        others = sorted((p for p in platform.packages if p.kind != "conda"), key=lambda p: (p.name, p.url))
        parts += [_line(package, by_md5=by_md5) for package in others]
    return "".join(parts)


def _line(package: LockedPackage, *, by_md5: bool) -> str:
    if package.kind != "conda":
        above = f"# archive {package.version}\n" if package.kind == "archive" else ""
        inside = f"&subdirectory={package.subdirectory}" if package.subdirectory else ""
        return f"{above}# pip {package.name} @ {package.url}#sha256={package.sha256}{inside}\n"
    if by_md5:
        return f"# sha256:{package.sha256}\n{package.url}#{package.md5}\n"
    return f"{package.url}#sha256:{package.sha256}\n"


def _dependencies_first(packages: Iterable[LockedPackage]) -> Iterator[LockedPackage]:
    """In topological order, by name where there is a choice. A circle is broken at its first name."""
    waiting = {package.name: package for package in packages}
    missing = {n: {d for d, _ in p.dependencies if d in waiting and d != n} for n, p in waiting.items()}
    needed_by: dict[str, list[str]] = {}
    for name, dependencies in missing.items():
        for dependency in dependencies:
            needed_by.setdefault(dependency, []).append(name)
    ready = [name for name, dependencies in missing.items() if not dependencies]
    heapq.heapify(ready)
    while waiting:
        name = heapq.heappop(ready) if ready else min(waiting)
        yield waiting.pop(name)
        for other in needed_by.get(name, ()):
            missing[other].discard(name)
            if not missing[other] and other in waiting:
                heapq.heappush(ready, other)


EXPLICIT = LockFormat(
    name="explicit",
    file_names=("conda-*.lock", "*.explicit.txt"),
    parse=parse,
    write=partial(write, by_md5=False),
    fit=partial(fit, by_md5=False),
    silent_on=_SILENT_ON,
)
EXPLICIT_MD5 = LockFormat(
    name="explicit-md5",
    file_names=("conda-*.md5.lock", "*.explicit-md5.txt"),
    parse=parse,
    write=partial(write, by_md5=True),
    fit=partial(fit, by_md5=True),
    silent_on=_SILENT_ON,
)
