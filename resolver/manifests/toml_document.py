"""A TOML text as tables, with the line of what is wrong in it."""

from __future__ import annotations

import re
import tomllib

from resolver.errors import ManifestError
from resolver.manifests.reading import Reading
from resolver.settings.toml_text import parse_toml

__all__ = ["toml_document"]

_LINE_IN_MESSAGE = re.compile(r"\(at line (\d+), column \d+\)")


def toml_document(text: str, reading: Reading) -> dict[str, object]:
    """The tables of the text. Raises ``ManifestError`` with file and line."""
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE_IN_MESSAGE.search(str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ManifestError(f"not TOML: {error}", origin=reading.origin(line)) from error
    except RecursionError as error:
        raise ManifestError("not TOML: nested too deeply", origin=reading.origin()) from error
