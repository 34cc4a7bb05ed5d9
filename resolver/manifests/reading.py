"""What a reader is given besides the text, and the paths that follow from it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from resolver.errors import ManifestError, ResolverError
from resolver.model import MAIN, EnvironmentSpec, Origin
from resolver.values import dataclass, replace

__all__ = ["ManifestReader", "OpenText", "Reading", "local_path", "no_includes"]

OpenText = Callable[[str], str]
"""Gives the text of another file by its path, relative to the root or absolute; raises ``ResolverError``."""


def no_includes(path: str) -> str:
    """The ``OpenText`` of a text that stands alone: nothing else can be opened."""
    raise ManifestError(f"{path}: a text that stands alone cannot refer to other files", hint="read it from its folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The circumstances of one text.

    ``source`` is its path relative to ``root`` (an absolute folder), ``/``-separated; ``group`` and
    ``platforms`` are those that everything in it gets unless it says otherwise; ``extras`` and ``groups`` are
    the ones to read from a pyproject.toml (``None``: its own choice); ``including`` are the files that led here.
    """

    source: str
    root: str = "/"
    open_text: OpenText = no_includes
    group: str = MAIN
    platforms: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    including: tuple[str, ...] = ()

    def origin(self, line: int | None = None) -> Origin:
        return Origin(source=self.source, line=line)

    def beside(self, path: str) -> str:
        """A path in this text, which is relative to the folder of this text, as a path relative to the root."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.source), local_path(path)))

    def file_url(self, path: str) -> str:
        """The absolute ``file://`` URL of a path in this text."""
        return "file://" + quote(posixpath.normpath(posixpath.join(self.root, self.beside(path))), safe="/")

    def include(self, path: str, origin: Origin) -> tuple[str, Reading]:
        """The text of an included file, and the circumstances to read it in. A circle is an error."""
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path) and not path.startswith("file://"):
            raise ManifestError(
                f"includes {path}, which is not a local file", origin=origin, hint="download it and include the copy"
            )
        source = self.beside(path)
        chain = (*self.including, self.source)
        if source in chain:
            circle = " → ".join((*chain[chain.index(source) :], source))
            raise ManifestError(f"the files include each other: {circle}", origin=origin)
        try:
            text = self.open_text(source)
        except ResolverError as error:
            raise ManifestError(f"includes a file that cannot be read: {error.message}", origin=origin) from error
        return text, replace(self, source=source, including=chain)


def local_path(path: str) -> str:
    """The path in a ``file:`` URL, or the path itself."""
    if path.startswith("file:"):
        return unquote(re.sub(r"file:(?://(?:localhost)?(?=/))?", "", path))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestReader:
    """One manifest format: its name, whether a file name is one of its own, and the function that reads it."""

    name: str
    matches: Callable[[str], bool]
    parse: Callable[[str, Reading], EnvironmentSpec]
