"""The tables of a pyproject.toml, asked for by path and checked for their type, with errors that know the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from resolver.errors import ManifestError
from resolver.manifests.reading import Reading
from resolver.model import Origin
from resolver.settings.toml_lines import TomlLines
from resolver.values import dataclass

__all__ = ["ProjectTables"]

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTables:
    """A parsed document, the lines of its text, and the circumstances of reading it."""

    document: Mapping[str, object]
    lines: TomlLines
    reading: Reading

    def origin(self, path: Path, value: str | None = None, nth: int = 0) -> Origin:
        return self.reading.origin(self.lines.line(path, value, nth=nth))

    def error(self, path: Path, message: str, *, hint: str | None = None, value: str | None = None) -> ManifestError:
        return ManifestError(message, origin=self.origin(path, value), field=".".join(path), hint=hint)

    def get(self, path: Path) -> object:
        """The value at a path, ``None`` where there is none. A value amid the path that is no table is an error."""
        value: object = self.document
        for depth, key in enumerate(path):
            if not isinstance(value, dict):
                raise self.error(path[:depth], "expected a table")
            if key not in value:
                return None
            value = value[key]
        return value

    def table(self, path: Path) -> Mapping[str, object]:
        """The table at a path; empty where there is none."""
        value = self.get(path)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(path, "expected a table")
        return value

    def optional_text(self, path: Path) -> str | None:
        value = self.get(path)
        if value is not None and not isinstance(value, str):
            raise self.error(path, "expected a string")
        return value

    def texts(self, path: Path) -> tuple[str, ...]:
        """The list of strings at a path; empty where there is none."""
        value = self.get(path)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(path, "expected a list of strings")
        return tuple(value)

    def texts_with_lines(self, path: Path) -> tuple[tuple[str, int | None], ...]:
        """The list of strings at a path, each with its line; of equal ones, each has its own."""
        seen: Counter[str] = Counter()
        found = []
        for text in self.texts(path):
            found.append((text, self.lines.line(path, text, nth=seen[text])))
            seen[text] += 1
        return tuple(found)
