"""Values of ``[docker]`` that say what an image is built on, and what its base must have."""

from __future__ import annotations

import datetime
import posixpath
import re
from pathlib import Path

from resolver.errors import ResolverError
from resolver.files import read_text
from resolver.plain import normalize
from resolver.settings.converters import Place, text, texts
from resolver.settings.places import secret_problem

__all__ = ["apt_mirror", "apt_package", "apt_snapshot", "base_dockerfile", "gpu", "required_package"]

_APT_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.](?:=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?\Z")
_APT_MIRROR = re.compile(r"https?://[A-Za-z0-9._~:/+%{}\[\]-]+(?: [A-Za-z0-9._/{}-]+)?\Z")
_SNAPSHOT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2})Z)?\Z", re.ASCII)
_INSTANT = "%Y%m%dT%H%M%SZ"


def gpu(value: object, place: Place) -> bool | None:
    """``true``, ``false``, or ``"auto"``, which is ``None``."""
    if value == "auto":
        return None
    if not isinstance(value, bool):
        raise place.expected('true, false or "auto"', value)
    return value


def base_dockerfile(value: object, place: Place) -> str:
    """The text of a Dockerfile: the value itself where it has several lines, else that of the file which it names,
    relative to the settings."""
    written = text(value, place)
    if "\n" in written:
        return written
    try:
        return read_text(Path(posixpath.join(place.directory, written)))
    except ResolverError as error:
        raise place.error(
            error.message, hint="name a Dockerfile beside the settings, or write its lines here"
        ) from None


def required_package(value: object, place: Place) -> str:
    """A PEP 508 requirement without extras and URLs, in the one form that all its spellings have."""
    from packaging.requirements import InvalidRequirement, Requirement

    written = text(value, place)
    try:
        requirement = Requirement(written)
    except InvalidRequirement as error:
        reason = str(error).split("\n")[0]
        raise place.error(f"not a requirement: {written!r}: {reason}") from error
    if requirement.url is not None or requirement.extras:
        raise place.error(
            f"only a name, versions and a marker can be checked: {written!r}",
            hint="leave the URL out" if requirement.url is not None else "name what the extra needs as well",
        )
    requirement.name = normalize(requirement.name)
    return str(requirement)


def apt_package(value: object, place: Place) -> str:
    """The name of a Debian package (policy 5.6.1), with ``=VERSION`` if need be."""
    name = text(value, place)
    if not _APT_NAME.match(name):
        raise place.error(f"not a Debian package: {name!r}", hint="write its name, or NAME=VERSION")
    return name


def apt_snapshot(value: object, place: Place) -> str:
    """An instant in UTC as ``20260115T000000Z``; a date is its beginning. TOML's dates and instants will do."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).strftime(_INSTANT)
    written = value.isoformat() if type(value) is datetime.date else text(value, place)
    match = _SNAPSHOT.match(written)
    try:
        if match is not None:
            parts = [int(part) for part in match.groups(default="0")]
            year, month, day, hour, minute, second = parts
            return datetime.datetime(year, month, day, hour, minute, second).strftime(_INSTANT)
    except ValueError:
        pass
    raise place.error(f"expected a date or an instant, got {written!r}", hint='e.g. "20260115T000000Z" or "2026-01-15"')


def apt_mirror(value: object, place: Place) -> tuple[str, ...]:
    """One or several archives of snapshots: ``URL`` or ``URL SUITE``, with ``{date}`` in the URL. ``{codename}`` is the
    suite of the base itself."""
    return texts(_archive)(value if isinstance(value, list) else [value], place)


def _archive(value: object, place: Place) -> str:
    archive = text(value, place)
    problem = secret_problem(archive)
    if problem:
        raise place.error(problem)
    url = archive.partition(" ")[0]
    if not _APT_MIRROR.match(archive) or "{date}" not in url:
        raise place.error(
            f"expected the URL of an archive with {{date}} in it, got {archive!r}",
            hint='e.g. "https://snapshot.example.org/archive/debian/{date}/"',
        )
    unknown = set(re.findall(r"\{[^}]*\}?|\}", archive)) - {"{date}", "{codename}"}
    if unknown:
        raise place.error(f"nothing is known of {min(unknown)} in {archive!r}", hint="{date} and {codename} are")
    return archive
