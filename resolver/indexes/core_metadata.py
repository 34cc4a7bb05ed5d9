"""METADATA → ``CoreMetadata`` (the core metadata specification, any version)."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from resolver.indexes.protocol import CoreMetadata, InvalidMetadata

__all__ = ["parse_core_metadata"]

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def parse_core_metadata(content: bytes, *, filename: str) -> CoreMetadata:
    """Read the METADATA of the wheel ``filename``.

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


def _headers(content: bytes, filename: str) -> Message:
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
    try:
        expected_name, expected_version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise InvalidMetadata(f"{filename}: not a wheel by its name: {error}") from error
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
