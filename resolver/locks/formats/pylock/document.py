"""The tables of a ``pylock.toml`` (PEP 751) as values, read strictly: validated by ``packaging.pylock``, and typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
from packaging.pylock import Pylock, PylockValidationError

from resolver.errors import LockFormatError
from resolver.locks.formats.toml_reader import read_toml
from resolver.model import Origin

__all__ = [
    "PLAIN_VERSION",
    "Document",
    "FileRow",
    "OwnLock",
    "OwnPackage",
    "PackageRow",
    "is_valid",
    "own",
    "read_document",
]

_T = TypeVar("_T")

_VERSION = "1.0"
PLAIN_VERSION = re.compile(r"[A-Za-z0-9._+!*-]{1,256}\Z", re.ASCII)
"""A version that PEP 751 has no key for: that of a source tree, which need not be one of PEP 440."""

_VERSION_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9}){0,9}\Z", re.ASCII)

_LONGEST = 65_536
"""No name, version, marker or URL of a lock is longer, and some patterns that check them would take long."""


_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}\Z", re.ASCII)
_MOST_TAGS = 1000
"""A wheel's name stands for the product of its three sets of tags."""


class FileRow(msgspec.Struct, rename="kebab"):
    hashes: dict[str, str]
    name: str | None = None
    url: str | None = None
    path: str | None = None
    size: int | None = None
    subdirectory: str | None = None


class _Vcs(msgspec.Struct, rename="kebab"):
    type: str
    commit_id: str
    url: str | None = None
    path: str | None = None
    subdirectory: str | None = None


class _Directory(msgspec.Struct, rename="kebab"):
    path: str
    subdirectory: str | None = None


class PackageRow(msgspec.Struct, rename="kebab"):
    name: str
    version: str | None = None
    marker: str | None = None
    dependencies: list[dict[str, Any]] | None = None
    vcs: _Vcs | None = None
    directory: _Directory | None = None
    archive: FileRow | None = None
    sdist: FileRow | None = None
    wheels: list[FileRow] = []
    tool: dict[str, Any] = {}


class Document(msgspec.Struct, rename="kebab"):
    packages: list[PackageRow]
    environments: list[str] = []
    requires_python: str | None = None
    extras: list[str] = []
    dependency_groups: list[str] = []
    default_groups: list[str] = []
    tool: dict[str, Any] = {}


class OwnPackage(msgspec.Struct, rename="kebab"):
    """``[packages.tool.samebox]``: what of a package the other keys have no place for."""

    dependencies: list[tuple[str, str]] = []
    file_name: str | None = None
    name: str | None = None
    tree: str | None = None
    url: str | None = None
    version: str | None = None


class OwnLock(msgspec.Struct, rename="kebab"):
    """``[tool.samebox]``. ``digest`` is for people and other tools: nothing here depends on it."""

    platforms: list[str]
    digest: str | None = None
    name: str | None = None
    channels: list[str] = []
    sources: list[str] = []
    content_hash: dict[str, str] = {}
    evidence: dict[str, str] = {}


def read_document(text: str, source: str) -> tuple[Document, OwnLock | None]:
    """The document, and what Samebox wrote about it. Raises ``LockFormatError`` with the line or field at fault."""
    plain = read_toml(text, source, dict[str, Any])
    for field, value in _strings(plain.get("packages"), "packages"):
        problem = _problem(value)
        if problem:
            raise LockFormatError(problem, origin=Origin(source=source), field=field)
    _validate(plain, source)
    document = _typed(plain, Document, source, "")
    for key in ("dependency-groups", "default-groups", "extras"):
        for number, name in enumerate(plain.get(key, ())):
            if not _GROUP.match(name):
                raise LockFormatError(
                    f"not the name of a group: {name[:200]!r}", origin=Origin(source=source), field=f"{key}[{number}]"
                )
    return document, own(document.tool, OwnLock, source, "")


def _problem(value: str) -> str | None:
    """What would take the validation long."""
    if len(value) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if ".whl" not in value.lower():
        return None
    file_name = unquote(value.partition("#")[0].partition("?")[0]).rpartition("/")[2]
    tags = prod(part.count(".") + 1 for part in file_name.removesuffix(".whl").split("-")[-3:])
    return f"a wheel with more than {_MOST_TAGS} tags" if tags > _MOST_TAGS else None


def own(tool: Mapping[str, Any], type_: type[_T], source: str, field: str) -> _T | None:
    """What stands in the table ``samebox`` of a ``tool`` table."""
    if "samebox" not in tool:
        return None
    return _typed(tool["samebox"], type_, source, f"{field}.tool.samebox".removeprefix("."))


def _typed(plain: object, type_: type[_T], source: str, field: str) -> _T:
    try:
        return msgspec.convert(plain, type_, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        inside = path.strip("`").removeprefix("$")
        raise LockFormatError(
            message, origin=Origin(source=source), field=f"{field}{inside}".removeprefix(".") or None
        ) from error


def _validate(plain: Mapping[str, Any], source: str) -> None:
    version = plain.get("lock-version")
    if isinstance(version, str) and version != _VERSION and _VERSION_NUMBER.match(version):
        raise LockFormatError(
            f"this lock has format version {version}, and this release reads version {_VERSION}",
            origin=Origin(source=source),
            field="lock-version",
            hint="update samebox, or lock again",
        )
    try:
        Pylock.from_dict(plain)
    except PylockValidationError as error:
        message = error.message.split("\n")[0][:400]
        raise LockFormatError(message, origin=Origin(source=source), field=error.context) from error


def is_valid(row: Mapping[str, Any]) -> bool:
    """Whether PEP 751 takes this entry of ``packages``."""
    try:
        Pylock.from_dict({"lock-version": _VERSION, "created-by": "samebox", "packages": [row]})
    except PylockValidationError:
        return False
    return True


def _strings(value: object, field: str) -> Iterator[tuple[str, str]]:
    """Every string in a value, with its place."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{field}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{field} (a key)", key
            yield from _strings(item, f"{field}.{key[:64]}")
