"""Requirements that point to a place: ``name @ URL``, a URL, or a local path, each with extras and a marker."""

from __future__ import annotations

import posixpath
import re
import tomllib
from urllib.parse import parse_qsl, unquote

from packaging.markers import InvalidMarker, Marker
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from resolver.errors import ManifestError, ResolverError
from resolver.manifests.pep508 import check_hash, parse_pep508, sorted_extras
from resolver.manifests.reading import Reading
from resolver.model import Origin, PypiRequirement
from resolver.values import dataclass

__all__ = ["is_direct_reference", "parse_direct_reference"]

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_WEB = ("https", "http")
_VCS = ("git",)
_VCS_TRANSPORTS = ("https", "ssh", "http", "file")
_OTHER_VCS = ("bzr", "hg", "svn")
_PATH = re.compile(r"\.{0,2}/|\.{1,2}(?:$|\[|\s*;)|file:|~/|[A-Za-z]:[\\/]|\.{1,2}\\")
_NOT_PORTABLE = re.compile(r"^~|^[A-Za-z]:/|\\|\$\{")
_ARCHIVE = (".whl", ".tar.gz", ".zip")
_PATH_EXTRAS = re.compile(r"(?P<path>.*?)\[(?P<extras>[^\[\]/]*)\]\Z")
_EXTRAS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_NAMED_URL = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?P<extras>\[[^\]]*\])?\s*@\s*(?P<rest>\S.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Location:
    """A place that a requirement points to: its URL without a fragment for us, and what the fragment said."""

    url: str
    egg: str | None = None
    hashes: tuple[str, ...] = ()


def is_direct_reference(text: str) -> bool:
    """Whether a requirement points to a place, and does not choose by version from an index."""
    place = text.split(";")[0].strip()
    bare = _PATH_EXTRAS.match(place)
    return bool(
        _NAMED_URL.match(text)
        or _URL.match(text)
        or _PATH.match(text)
        or (bare["path"] if bare else place).lower().endswith(_ARCHIVE)
        or ("/" in place and " " not in place)
    )


def parse_direct_reference(
    text: str, reading: Reading, origin: Origin, *, editable: bool, hashes: tuple[str, ...]
) -> PypiRequirement:
    """The requirement, its local path made an absolute ``file://`` URL.

    ``hashes`` are added to that in the URL's fragment. Raises ``ManifestError`` with ``origin``.
    """
    named = _NAMED_URL.match(text)
    place, marker = _split_marker(named["rest"] if named else text, origin)
    extras: list[str] = []
    if named:
        extras = _extras((named["extras"] or "").strip("[]"), origin)
    elif bracket := _PATH_EXTRAS.match(place):
        place, extras = bracket["path"], _extras(bracket["extras"], origin)
    location = _location(place, reading, origin)
    name, more = _name_of(named["name"] if named else None, location, place, reading, origin)
    return PypiRequirement(
        name=canonicalize_name(name),
        extras=sorted_extras([*extras, *more]),
        marker=marker,
        url=location.url,
        editable=editable,
        hashes=(*hashes, *(value for value in location.hashes if value not in hashes)),
        group=reading.group,
        platforms=reading.platforms,
        origin=origin,
    )


def _split_marker(text: str, origin: Origin) -> tuple[str, str | None]:
    """A marker stands behind ``;`` with a space before it, since a URL may hold a ``;`` itself (PEP 508)."""
    separator = re.search(r"\s+;|;\s+", text)
    if separator is None:
        return text.strip(), None
    place, marker = text[: separator.start()], text[separator.end() :]
    try:
        return place.strip(), str(Marker(marker))
    except InvalidMarker as error:
        reason = str(error).split("\n")[0]
        raise ManifestError(f"not a marker: {marker.strip()!r}: {reason}", origin=origin) from error


def _extras(text: str, origin: Origin) -> list[str]:
    found = [extra.strip() for extra in text.split(",") if extra.strip()]
    for extra in found:
        if not _EXTRAS.match(extra):
            raise ManifestError(f"not an extra: {extra!r}", origin=origin)
    return found


def _location(place: str, reading: Reading, origin: Origin) -> _Location:
    address, _, fragment = place.partition("#")
    said = dict(parse_qsl(fragment, keep_blank_values=True))
    keep = f"#subdirectory={said['subdirectory']}" if said.get("subdirectory") else ""
    hashes = tuple(f"{kind}:{said[kind].lower()}" for kind in ("sha256", "sha384", "sha512") if kind in said)
    for value in hashes:
        check_hash(value, origin)
    return _Location(url=_address(address, reading, origin) + keep, egg=said.get("egg"), hashes=hashes)


def _address(address: str, reading: Reading, origin: Origin) -> str:
    """A URL as it is, or the ``file://`` URL of a local path. Schemes that nothing here can fetch are errors."""
    if re.search(r"\s", address):
        raise ManifestError(f"a space in the location {address!r}", origin=origin, hint="write it as %20")
    is_local = not (url := _URL.match(address)) or url["scheme"].lower() == "file"
    if is_local and _NOT_PORTABLE.search(address):
        raise ManifestError(
            f"not a path that means the same on every machine: {address!r}",
            origin=origin,
            hint="write it relative to this file, with '/'",
        )
    if url is None or is_local:
        return reading.file_url(address)
    vcs, plus, transport = url["scheme"].lower().partition("+")
    if (vcs in _VCS and transport in _VCS_TRANSPORTS) if plus else vcs in _WEB:
        return address
    known = (
        "only git, of the version control systems, is known"
        if vcs in _OTHER_VCS
        else "known are https, git+https, git+ssh"
    )
    raise ManifestError(f"unknown kind of URL {url['scheme']}://", origin=origin, hint=known)


def _name_of(
    name: str | None, location: _Location, place: str, reading: Reading, origin: Origin
) -> tuple[str, list[str]]:
    """The project's name, and extras that ``#egg=name[extra]`` holds. What the requirement says comes first."""
    if name is not None:
        return name, []
    if location.egg:
        requirement = parse_pep508(location.egg, origin)
        return requirement.name, list(requirement.extras)
    address = location.url.partition("#")[0]
    file_name = unquote(posixpath.basename(address.partition("?")[0]))
    if file_name.lower().endswith(_ARCHIVE) and not address.startswith("git+"):
        return _name_in_file_name(file_name, origin), []
    if address.startswith("file://"):
        return _name_in_project(place.partition("#")[0], reading, origin), []
    raise ManifestError("the URL does not tell the project's name", origin=origin, hint="write 'name @ URL'")


def _name_in_file_name(file_name: str, origin: Origin) -> str:
    try:
        if file_name.endswith(".whl"):
            return parse_wheel_filename(file_name)[0]
        return parse_sdist_filename(file_name)[0]
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise ManifestError(
            f"the file name {file_name!r} does not tell the project's name",
            origin=origin,
            hint="write 'name @ ' before the location",
        ) from error


def _name_in_project(place: str, reading: Reading, origin: Origin) -> str:
    """The static ``[project] name`` of a local folder (PEP 621)."""
    path = posixpath.join(reading.beside(place), "pyproject.toml")
    try:
        project = tomllib.loads(reading.open_text(path)).get("project", {})
    except ResolverError as error:
        raise _nameless(place, f"{path} cannot be read ({error.message})", origin) from error
    except tomllib.TOMLDecodeError as error:
        raise _nameless(place, f"{path} is not TOML ({error})", origin) from error
    name = project.get("name") if isinstance(project, dict) else None
    if not isinstance(name, str):
        raise _nameless(place, f"{path} has no [project] name", origin)
    return name


def _nameless(place: str, why: str, origin: Origin) -> ManifestError:
    return ManifestError(
        f"the name of the project in {place!r} is not known: {why}",
        origin=origin,
        hint="write 'name @ file:PATH', or put #egg=name behind the path",
    )
