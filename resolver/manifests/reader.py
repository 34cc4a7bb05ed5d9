"""Reading manifests from files: the one place in this room that opens any."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from resolver.errors import ManifestError
from resolver.light_typing import TYPE_CHECKING
from resolver.manifests.merge import merge
from resolver.manifests.reading import ManifestReader, Reading
from resolver.model import EnvironmentSpec, Origin

if TYPE_CHECKING:
    READERS: tuple[ManifestReader, ...]
    """The formats that can be read. The first that knows a file's name reads it."""

__all__ = ["READERS", "read_manifests"]

_HOMES = {
    "environment_yml": (".yml", ".yaml"),
    "pyproject": ("pyproject.toml",),
    "pixi": ("pixi.toml",),
    "requirements_txt": (".in", ".txt"),
}
"""The modules of the formats, each with how the names of its files end: it is imported for such a file only."""

_DECLARATION = rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_manifests(
    paths: Sequence[Path | str],
    *,
    root: Path,
    platforms: tuple[str, ...] | None = None,
    extras: tuple[str, ...] | None = None,
    groups: tuple[str, ...] | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> EnvironmentSpec:
    """The environment that the manifests at ``paths`` declare together (see ``merge``).

    Relative paths are relative to ``root``, and origins are told relative to it. ``platforms`` stand in for
    those in the manifests; ``extras`` and ``groups`` are those to read from a pyproject.toml; ``texts`` stand in for
    what the files at these paths (as in ``EnvironmentSpec.sources``) hold. Raises ``ManifestError`` for a file that
    cannot be read, or that holds what it should not.
    """
    folder = root.absolute()

    def text_of(source: str) -> str:
        return texts[source] if source in texts else _text_of(folder, source)

    specs = []
    for path in paths:
        source = Path(os.path.relpath(folder / path, folder)).as_posix()
        reading = Reading(
            source=source,
            root=folder.as_posix(),
            open_text=text_of,
            extras=extras,
            groups=groups,
        )
        specs.append(_reader_of(source).parse(text_of(source), reading))
    return merge(specs, platforms=platforms)


def _reader_of(source: str) -> ManifestReader:
    name = source.rpartition("/")[2]
    for module, endings in _HOMES.items():
        if name.endswith(endings):
            reader = _reader_in(module)
            if reader.matches(name):
                return reader
    raise ManifestError(
        "not a manifest that is known by its name",
        origin=Origin(source=source),
        hint=f"known are: {', '.join(_reader_in(module).name for module in _HOMES)}",
    )


def _reader_in(module: str) -> ManifestReader:
    reader: ManifestReader = import_module(f"resolver.manifests.{module}").READER
    return reader


def __getattr__(name: str) -> tuple[ManifestReader, ...]:
    if name != "READERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(map(_reader_in, _HOMES))


def _text_of(folder: Path, source: str) -> str:
    origin = Origin(source=source)
    try:
        content = (folder / source).read_bytes()
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", origin=origin) from error
    return _decoded(content, origin)


def _decoded(content: bytes, origin: Origin) -> str:
    """The text in the encoding of its byte order mark, else of its declaration (PEP 263), else in UTF-8."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded_as(encoding, content.removeprefix(mark), origin)
    for line in content.split(b"\n", 2)[:2]:
        declared = re.match(_DECLARATION, line) if b"coding" in line else None
        if declared:
            return _decoded_as(declared[1].decode("ascii"), content, origin)
    return _decoded_as("utf-8", content, origin)


def _decoded_as(encoding: str, content: bytes, origin: Origin) -> str:
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise ManifestError(f"declares an unknown encoding: {encoding}", origin=origin) from error
    except UnicodeError as error:
        hint = "save the file as UTF-8, or declare its encoding in the first line"
        raise ManifestError(f"not {encoding.upper()} text: {error}", origin=origin, hint=hint) from error
