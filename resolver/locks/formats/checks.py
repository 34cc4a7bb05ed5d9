"""What must not stand in a lock, whatever its format: texts that are put into paths, command lines and other files,
and would be something else there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resolver.errors import LockFormatError
from resolver.model import LockedPackage, Origin, PlatformLock

__all__ = ["check_packages"]

_LONGEST_NAME = 255
"""What file systems take; a name, a version, a build and a subdir are parts of file names."""

_LONGEST_URL = 8192


def check_packages(platforms: Iterable[PlatformLock], source: str) -> None:
    """Raise ``LockFormatError`` for the first package with a control character in a name, version or URL, with a path
    where a name should be (``../x``), or with a name longer than file systems take."""
    for locked in platforms:
        _check([locked.platform], [], "", source)
        _check(list(_names(locked.packages)), [package.url for package in locked.packages], locked.platform, source)


def _check(names: list[str], urls: list[str], platform: str, source: str) -> None:
    """All at once, since this is done for thousands of packages that have nothing of the kind."""
    joined = "".join(names)
    if (
        joined.isprintable()
        and "/" not in joined
        and "\\" not in joined
        and not {".", ".."}.intersection(names)
        and max(map(len, names), default=0) <= _LONGEST_NAME
        and "".join(urls).isprintable()
        and max(map(len, urls), default=0) <= _LONGEST_URL
    ):
        return
    for text in names:
        reason = _problem_of_name(text)
        if reason:
            raise _error(reason, text, platform, source)
    for url in urls:
        if not url.isprintable() or len(url) > _LONGEST_URL:
            raise _error("too long" if len(url) > _LONGEST_URL else "it has control characters", url, platform, source)


def _names(packages: Iterable[LockedPackage]) -> Iterator[str]:
    for package in packages:
        yield package.name
        yield package.version
        if package.build:
            yield package.build
        if package.subdir:
            yield package.subdir
        if package.file_name:
            yield package.file_name
        yield from package.groups


def _problem_of_name(text: str) -> str | None:
    if len(text) > _LONGEST_NAME:
        return f"longer than {_LONGEST_NAME} characters"
    if not text.isprintable():
        return "it has control characters"
    if "/" in text or "\\" in text or text in (".", ".."):
        return "it leads to another folder"
    return None


def _error(reason: str, text: str, platform: str, source: str) -> LockFormatError:
    where = f" ({platform})" if platform else ""
    return LockFormatError(
        f"not a name, version, file name or URL: {text[:80]!r}{where}: {reason}", origin=Origin(source=source)
    )
