"""Reading the settings of a project: ``samebox.toml``, or ``[tool.samebox]`` of ``pyproject.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from resolver.errors import SettingsError
from resolver.files import read_text
from resolver.light_typing import TYPE_CHECKING, Any
from resolver.model import Origin
from resolver.settings.values import Settings, SettingsLayer

if TYPE_CHECKING:
    from resolver.settings.converters import Place

__all__ = ["PYPROJECT_TABLE", "SETTINGS_FILE", "parse_settings", "read_settings"]

SETTINGS_FILE = "samebox.toml"
PYPROJECT_TABLE = ("tool", "samebox")

_MANIFEST_KEYS = ("conda",)
"""Keys of ``[tool.samebox]`` that belong to the manifest, not to the settings."""

_NOTHING = SettingsLayer()
_ENVIRONMENT_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z"
_LINE_IN_MESSAGE = r"\(at line (\d+), column \d+\)"


def read_settings(directory: Path, *, under: SettingsLayer = _NOTHING) -> Settings:
    """The settings of the project in ``directory``; the defaults where it has none. ``under`` is what another tool's
    table says (``uv_layer``): it stands over the defaults, and below what the settings say.

    Raises ``SettingsError`` where both files hold settings, or for anything in them that is not right, and
    ``ResolverError`` where a file cannot be read.
    """
    own, pyproject = directory / SETTINGS_FILE, directory / "pyproject.toml"
    folder = directory.absolute().as_posix()
    project_text = read_text(pyproject) if pyproject.is_file() else ""
    if not own.is_file():
        return parse_settings(project_text, "pyproject.toml", table=PYPROJECT_TABLE, directory=folder, under=under)
    said = sorted(set(_table(_parsed(project_text, "pyproject.toml"), PYPROJECT_TABLE)) - set(_MANIFEST_KEYS))
    if said:
        from resolver.settings.toml_lines import TomlLines

        line = TomlLines(project_text).line((*PYPROJECT_TABLE, said[0]))
        raise SettingsError(
            f"settings stand in {SETTINGS_FILE} and here too ({', '.join(said)})",
            origin=Origin(source="pyproject.toml", line=line),
            field=".".join(PYPROJECT_TABLE),
            hint="keep them in one of the two files",
        )
    return parse_settings(read_text(own), SETTINGS_FILE, directory=folder, under=under)


def parse_settings(
    text: str,
    source: str,
    *,
    table: tuple[str, ...] = (),
    directory: str = "/",
    under: SettingsLayer = _NOTHING,
) -> Settings:
    """The settings in a TOML text: its top, or the ``table`` inside it. An absent table gives the defaults.

    ``directory`` is the absolute folder of the file, which mirrors that are folders are relative to.
    """
    values = _table(_parsed(text, source), table)
    if not values:
        return Settings().merged_with_options(under)
    from resolver.settings.converters import Place
    from resolver.settings.schema import read_layer
    from resolver.settings.toml_lines import TomlLines

    place = Place(source=source, lines=TomlLines(text), path=table, directory=directory)
    manifest_keys = _MANIFEST_KEYS if table else ()
    layer = read_layer(values, place, beside=("environments", *manifest_keys))
    environments = _environments(values.get("environments", {}), place.below("environments"))
    return Settings(environments=environments, source=source).merged_with_options(under).merged_with_options(layer)


def _environments(value: object, place: Place) -> tuple[tuple[str, SettingsLayer], ...]:
    if not isinstance(value, dict):
        raise place.expected("a table of environments", value)
    from resolver.settings.schema import read_layer

    found = []
    for name, table in value.items():
        here = place.below(name)
        if not re.match(_ENVIRONMENT_NAME, name):
            raise here.error(f"not a name for an environment: {name!r}")
        if not isinstance(table, dict):
            raise here.expected("a table", table)
        found.append((name, read_layer(table, here)))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _parsed(text: str, source: str) -> Mapping[str, Any]:
    if not text:
        return {}
    import tomllib  # a project without settings need not wait for it

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(_LINE_IN_MESSAGE, str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise SettingsError(f"not TOML: {error}", origin=Origin(source=source, line=line)) from error
    except RecursionError as error:
        raise SettingsError("not TOML: nested too deeply", origin=Origin(source=source)) from error


def _table(document: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """The table at ``path``, empty where there is none."""
    for key in path:
        value = document.get(key, {})
        if not isinstance(value, dict):
            return {}
        document = value
    return document
