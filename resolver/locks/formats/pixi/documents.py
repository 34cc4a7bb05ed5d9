"""The document of a pixi.lock, as its version has it.

3 is conda-lock's format with lists; 4 and 5 list environments, and packages by ``kind``; 6 leaves out what a
package's place tells; 7 has named platforms. Fields that nothing here needs are left alone, as pixi itself does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from resolver.errors import LockFormatError
from resolver.locks.formats.yaml_reader import read_yaml
from resolver.model import MAIN, Origin

__all__ = ["Document", "Document3", "Package", "Package3", "Selector", "read_document"]

_OLDEST, _NEWEST = 3, 7
_VERSION = re.compile(r"^version:[ \t]*([0-9]{1,9})[ \t]*$", re.MULTILINE)


class Channel(msgspec.Struct):
    url: str


class Hash(msgspec.Struct):
    md5: str | None = None
    sha256: str | None = None


class Metadata3(msgspec.Struct):
    channels: list[Channel]
    platforms: list[str]


class Package3(msgspec.Struct):
    platform: str
    name: str
    version: str
    manager: Literal["conda", "pip", "pypi"]
    url: str
    hash: Hash | None = None
    category: str = MAIN
    dependencies: list[str] | dict[str, str | None] = []
    requires_dist: list[str] = []
    build: str | None = None
    subdir: str | None = None
    size: int | None = None


class Document3(msgspec.Struct):
    metadata: Metadata3
    package: list[Package3]


class Selector(msgspec.Struct):
    conda: str | None = None
    pypi: str | None = None
    conda_source: str | None = None


class Environment(msgspec.Struct):
    channels: list[Channel]
    packages: dict[str, list[Selector]]


class Package(msgspec.Struct):
    """A package of version 4 and later: 4 and 5 say ``kind`` and ``url`` or ``path``, 6 and 7 the world itself."""

    kind: Literal["conda", "pypi"] | None = None
    url: str | None = None
    path: str | None = None
    conda: str | None = None
    pypi: str | None = None
    conda_source: str | None = None
    name: str | None = None
    version: str | None = None
    build: str | None = None
    subdir: str | None = None
    sha256: str | None = None
    md5: str | None = None
    depends: list[str] = []
    requires_dist: list[str] = []
    size: int | None = None


class Platform(msgspec.Struct):
    name: str
    subdir: str | None = None


class Document(msgspec.Struct):
    environments: dict[str, Environment]
    packages: list[Package]
    platforms: list[Platform] = []


def read_document(text: str, source: str) -> Document | Document3:
    """The document as its version has it, which stands in the first lines of every lock that pixi writes."""
    written = _VERSION.search(text)
    expected = int(written[1]) if written else _NEWEST

    def judge(document: object) -> None:
        version = document.get("version") if isinstance(document, Mapping) else None
        number = version if isinstance(version, int) else int(str(version)) if _is_number(version) else None
        if number is None:
            raise LockFormatError("no version in the form of a number", origin=Origin(source=source), field="version")
        if not _OLDEST <= number <= _NEWEST or number != expected:
            raise LockFormatError(
                f"this lock has format version {number}, and this release reads versions {_OLDEST} to {_NEWEST}",
                origin=Origin(source=source),
                field="version",
                hint="update samebox, or lock again" if number > _NEWEST else "lock again",
            )

    if expected == _OLDEST:
        return read_yaml(text, source, Document3, judge=judge)
    return read_yaml(text, source, Document, judge=judge)


def _is_number(version: object) -> bool:
    return isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 10
