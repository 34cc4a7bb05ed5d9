"""METADATA → ``CoreMetadata`` (the core metadata specification, any version)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from resolver.indexes.protocol import CoreMetadata, InvalidMetadata

if TYPE_CHECKING:
    from email.message import Message

__all__ = ["parse_built_metadata", "parse_core_metadata", "why_not_static"]

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_NEEDED = ("requires-dist", "requires-python", "provides-extra")


def parse_core_metadata(content: bytes, *, filename: str) -> CoreMetadata:
    """Read the METADATA of the wheel ``filename``, or the PKG-INFO of the sdist.

    Raises ``InvalidMetadata`` naming project and file where name or version are not those of the file name,
    or where a ``Requires-Dist`` or ``Requires-Python`` cannot be parsed: guessing what a requirement meant
    would lock something that nobody asked for.
    """
    headers = _headers(content, filename)
    name, version = _name_and_version(headers, filename)
    return CoreMetadata(
        name=name,
        version=version,
        requires_python=_requires_python(headers, name, filename),
        requires_dist=tuple(_requirement(line, name, filename) for line in _all(headers, "Requires-Dist")),
        provides_extra=tuple(_all(headers, "Provides-Extra")),
    )


def parse_built_metadata(content: bytes, where: str) -> CoreMetadata:
    """Read the METADATA that a build gave, of whatever project and version. Raises ``InvalidMetadata``."""
    headers = _headers(content, where)
    names, versions = _all(headers, "Name"), _all(headers, "Version")
    if len(names) != 1 or len(versions) != 1:
        raise InvalidMetadata(f"{where}: its METADATA lacks a name or a version")
    name = canonicalize_name(names[0])
    try:
        version = str(Version(versions[0]))
    except InvalidVersion as error:
        raise InvalidMetadata(f"{name}: {where} has the version {versions[0]!r}: not PEP 440") from error
    return CoreMetadata(
        name=name,
        version=version,
        requires_python=_requires_python(headers, name, where),
        requires_dist=tuple(_requirement(line, name, where) for line in _all(headers, "Requires-Dist")),
        provides_extra=tuple(_all(headers, "Provides-Extra")),
    )


def why_not_static(content: bytes, *, filename: str) -> str | None:
    """Why a PKG-INFO does not promise that a build would say the same (PEP 643); ``None`` if it does."""
    headers = _headers(content, filename)
    version = _all(headers, "Metadata-Version") or ["1.0"]
    major, _, minor = version[0].partition(".")
    if not (major.isdecimal() and minor.isdecimal() and (int(major), int(minor)) >= (2, 2)):
        return f"its metadata are of version {version[0]}, before there were static ones"
    dynamic = sorted({field.lower() for field in _all(headers, "Dynamic")} & set(_NEEDED))
    return f"its {dynamic[0]} is dynamic" if dynamic else None


def _headers(content: bytes, filename: str) -> Message:
    from email.parser import HeaderParser  # what the cache has is not parsed again

    end = _END_OF_HEADERS.search(content)
    head = content[: end.start()] if end else content
    try:
        return HeaderParser().parsestr(head.decode("utf-8-sig") + "\n")
    except UnicodeDecodeError:
        # Old wheels hold authors' names in latin-1; names, versions and requirements are ASCII in either.
        return HeaderParser().parsestr(head.decode("latin-1") + "\n")


def _all(headers: Message, field: str) -> list[str]:
    values = (" ".join(str(value).split()) for value in headers.get_all(field, []))
    return [value for value in values if value and value != "UNKNOWN"]


def _name_and_version(headers: Message, filename: str) -> tuple[str, str]:
    expected_name, expected_version = _expected(filename)
    names, versions = _all(headers, "Name"), _all(headers, "Version")
    if len(names) != 1 or len(versions) != 1:
        raise InvalidMetadata(f"{expected_name}: the METADATA of {filename} lacks a name or a version")
    if canonicalize_name(names[0]) != expected_name:
        raise InvalidMetadata(f"{expected_name}: the METADATA of {filename} is of another project, {names[0]}")
    try:
        version = Version(versions[0])
    except InvalidVersion as error:
        raise InvalidMetadata(f"{expected_name}: {filename} has the version {versions[0]!r}: not PEP 440") from error
    if version != expected_version:
        raise InvalidMetadata(f"{expected_name}: the METADATA of {filename} is of another version, {version}")
    return expected_name, str(version)


def _expected(filename: str) -> tuple[str, Version]:
    """The project and version in the name of a wheel or an sdist."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[:2]
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        kind = "wheel" if filename.endswith(".whl") else "source distribution"
        raise InvalidMetadata(f"{filename}: not a {kind} by its name: {error}") from error


def _requires_python(headers: Message, name: str, filename: str) -> str | None:
    lines = _all(headers, "Requires-Python")
    if not lines:
        return None
    try:
        SpecifierSet(lines[0])
    except InvalidSpecifier as error:
        raise InvalidMetadata(f"{name}: {filename} has an invalid Requires-Python: {lines[0]!r}") from error
    return lines[0]


def _requirement(line: str, name: str, filename: str) -> str:
    try:
        Requirement(line)
    except InvalidRequirement as error:
        raise InvalidMetadata(f"{name}: {filename} has an invalid Requires-Dist: {line!r}") from error
    return line
