"""``requirements.txt`` with hashes, in the layout of pip-compile: what pip, uv and pip-sync install from.

- Each line is one version and the hash of the one file that is locked. Where platforms differ, the lines have markers.
- What is no file of an index is ``NAME @ URL``; its version, and the tree of a folder, stand in a comment below.
- pip-compile and uv list the hashes of every file of a version: these are read as candidates.
- The format keeps no URLs, dependencies or evidence, and one group: see ``silent_on``, ``fit``.
"""

from __future__ import annotations

import json

from packaging.utils import canonicalize_name

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.fitting import Sieve
from resolver.locks.formats.platform_markers import has_marker
from resolver.locks.formats.protocol import ANYTHING, Asked, Fitted, LockFormat
from resolver.locks.formats.pylock.targets import own_target
from resolver.locks.formats.requirements.lines import Line, package_of, read_lines
from resolver.locks.formats.requirements.writer import text_of, write
from resolver.locks.formats.targets import Target, specifiers, target_for
from resolver.model import Aspect, Lock, LockedPackage, Origin, PlatformLock
from resolver.platforms import DEFAULT_PLATFORMS, Platform

__all__ = ["FORMAT"]

_SILENT_ON: frozenset[Aspect] = frozenset(
    ["channels", "content_hash", "dependencies", "evidence", "files", "name", "sources"]
)


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a requirements file in which every line is pinned, for the platforms that it names in a comment, else for
    those that are asked for."""
    header, lines = read_lines(text, source)
    try:
        targets = _targets(header.platforms, header.python, asked, source)
        packages = [(line, package_of(line)) for line in lines]
        return Lock(
            platforms=tuple(_platform(target, packages) for target in targets),
            silent_on=_SILENT_ON,
            metadata=(("python", json.dumps(header.python)),) if header.python else (),
        )
    except LockFormatError:
        raise
    except ResolverError as error:
        raise LockFormatError(error.message, origin=Origin(source=source), hint=error.hint) from error


def _targets(named: tuple[str, ...] | None, python: str | None, asked: Asked, source: str) -> list[Target]:
    if named is not None:
        return [own_target(subdir, None, source) for subdir in named]
    platforms = asked.platforms or tuple(Platform.of(subdir) for subdir in DEFAULT_PLATFORMS)
    allowed = specifiers(f"=={python}.*" if python and asked.python is None else "", source, "python")
    return [target_for(platform, [allowed], source, asked=asked) for platform in platforms]


def _platform(target: Target, packages: list[tuple[Line, LockedPackage]]) -> PlatformLock:
    found: dict[str, tuple[Line, LockedPackage]] = {}
    for line, package in packages:
        if not target.holds(line.marker):
            continue
        first = found.setdefault(package.name, (line, package))
        if first[0] is not line:
            raise line.error(f"{package.name} is pinned for {target.platform} on line {first[0].origin.line} already")
    return PlatformLock(platform=target.platform, packages=tuple(package for _, package in found.values()))


def fit(lock: Lock) -> Fitted:
    """What a line can say, in the group ``main``."""
    sieve = Sieve(lock)
    sieve.keep_platforms(has_marker, "platforms that no marker tells from others")
    sieve.keep(lambda package: package.kind != "conda", "conda packages")
    sieve.keep_main()
    sieve.keep(_is_identified, "packages without a sha256, a commit or a tree")
    sieve.keep(_reads_back, "packages that no line of a requirements file can say")
    sieve.keep_one_of_a_name("projects that are locked more than once on a platform")
    return sieve.fitted()


def _is_identified(package: LockedPackage) -> bool:
    return (package.tree or package.commit or package.sha256) is not None


def _reads_back(package: LockedPackage) -> bool:
    """Whether the line that is written of a package says what it is."""
    try:
        _, lines = read_lines(text_of(package), "")
        (again,) = (package_of(line) for line in lines)
    except (ResolverError, ValueError):
        return False
    return _identity(again) == _identity(package)


def _identity(package: LockedPackage) -> tuple[object, ...]:
    place = "" if package.kind == "pypi" else package.url
    hashes = (package.sha256, package.commit, package.tree)
    name = canonicalize_name(package.name)
    return (package.kind, name, package.version, place, package.subdirectory, *hashes)


FORMAT = LockFormat(
    name="requirements",
    file_names=("requirements.txt", "requirements-*.txt", "requirements.*.txt"),
    parse=parse,
    write=write,
    fit=fit,
    silent_on=_SILENT_ON,
)
