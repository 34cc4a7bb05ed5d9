"""``[tool.uv]`` as settings: what it says stands below what ``[tool.samebox]`` says.

Indexes, the cut-off, overrides, formats and platforms are settings; sources, constraints and development dependencies
belong to the manifest (``manifests.uv_project``).
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier

from resolver.errors import ResolverError, SettingsError
from resolver.model import Origin
from resolver.platforms import SUBDIRS, Platform, PythonTarget, newest_python
from resolver.settings.converters import Place, cut_off, text, texts
from resolver.settings.pypi_converters import ALL_PROJECTS, override, project
from resolver.settings.toml_lines import TomlLines
from resolver.settings.uv_indexes import index_for, uv_indexes
from resolver.settings.uv_keys import refuse_what_cannot_be_honoured
from resolver.settings.values import SettingsLayer

__all__ = ["uv_layer"]

_TABLE = ("tool", "uv")
_COMMON = ("linux-64", "osx-arm64", "win-64")
"""What a system stands for where a marker says nothing about the machine."""

_DURATION = re.compile(r"P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?(?:T(?:(?P<hours>\d{1,6})H)?)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def uv_layer(content: str, source: str, *, directory: str = "/") -> SettingsLayer:
    """What ``[tool.uv]`` of a pyproject.toml says, as far as it is a setting; ``directory`` is the absolute folder of
    the file. Raises ``SettingsError`` with the line for what is wrong, and for what cannot be honoured. A text that is
    not TOML says nothing: its other readers will tell."""
    try:
        document = tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return SettingsLayer()
    tool = document.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    if uv is None:
        return SettingsLayer()
    if not isinstance(uv, dict):
        raise SettingsError("expected a table", origin=Origin(source=source), field=".".join(_TABLE))
    place = Place(source=source, lines=TomlLines(content), path=_TABLE, directory=directory)
    samebox = tool.get("samebox") if isinstance(tool, dict) else None
    builds = bool(samebox.get("allow-builds")) if isinstance(samebox, dict) else False
    refuse_what_cannot_be_honoured(uv, place, builds=builds)
    return _layer(document, uv, place)


def _layer(document: Mapping[str, Any], uv: Mapping[str, object], place: Place) -> SettingsLayer:
    indexes = uv_indexes(uv, place)
    strategy, keyring = uv.get("index-strategy"), uv.get("keyring-provider")
    return SettingsLayer(
        index_url=indexes.main,
        extra_index_urls=indexes.extra or None,
        find_links=indexes.find_links or None,
        index_for=index_for(document, indexes, place) or None,
        index_strategy=strategy if isinstance(strategy, str) else None,
        keyring_provider=keyring if isinstance(keyring, str) else None,
        only_binary=_formats(uv, "no-build", place),
        no_binary=_formats(uv, "no-binary", place),
        overrides=_overrides(uv, place),
        exclude_newer=_exclude_newer(uv, place),
        platforms=_platforms(document, uv, place),
    )


def _formats(uv: Mapping[str, object], key: str, place: Place) -> tuple[str, ...] | None:
    """``no-build = true`` takes wheels only, ``no-binary = true`` sdists only; ``…-package`` names projects."""
    every = uv.get(key, False)
    if not isinstance(every, bool):
        raise place.below(key).expected("true or false", every)
    named = texts(project)(uv.get(f"{key}-package", []), place.below(f"{key}-package"))
    found = (ALL_PROJECTS,) if every else tuple(str(name) for name in named)
    return found or None


def _overrides(uv: Mapping[str, object], place: Place) -> tuple[str, ...] | None:
    found = texts(override)(uv.get("override-dependencies", []), place.below("override-dependencies"))
    return found or None


def _exclude_newer(uv: Mapping[str, object], place: Place) -> str | None:
    """uv's date is the whole day, where ours is its start; a span may be written as ISO 8601 has it."""
    here = place.below("exclude-newer")
    value = uv.get("exclude-newer")
    if value is None:
        return None
    written = value.isoformat() if isinstance(value, datetime.date) else text(value, here)
    if _DATE.match(written):
        try:
            day = datetime.date.fromisoformat(written) + datetime.timedelta(days=1)
        except (ValueError, OverflowError) as error:
            raise here.error(f"not a date: {written!r}") from error
        return f"{day.isoformat()}T00:00:00Z"
    duration = _DURATION.match(written)
    if duration and any(duration.groupdict().values()):
        count = {unit: int(number or 0) for unit, number in duration.groupdict().items()}
        return f"{(count['weeks'] * 7 + count['days']) * 24 + count['hours']} hours"
    return cut_off(written, here)


def _platforms(document: Mapping[str, Any], uv: Mapping[str, object], place: Place) -> tuple[str, ...] | None:
    """The platforms that ``environments`` (else ``required-environments``) mean. A marker that says nothing about the
    machine means the commonest one of each system."""
    key = "environments" if uv.get("environments") else "required-environments"
    here = place.below(key)
    value = uv.get(key, [])
    markers = texts()([value] if isinstance(value, str) else value, here)
    if not markers:
        return None
    python = _python(document)
    found = {subdir for marker in markers for subdir in _meant(marker, python, here)}
    if not found:
        raise here.error("no platform that is known here is meant", hint=f"known are: {', '.join(SUBDIRS)}")
    return tuple(sorted(found))


def _meant(marker: str, python: PythonTarget, place: Place) -> Iterator[str]:
    try:
        parsed = Marker(marker)
    except (InvalidMarker, RecursionError) as error:
        raise place.error(f"not a marker: {marker[:200]!r}") from error
    for subdir in SUBDIRS if "platform_machine" in marker else _COMMON:
        if parsed.evaluate({**Platform.of(subdir).markers(python), "extra": ""}):
            yield subdir


def _python(document: Mapping[str, Any]) -> PythonTarget:
    """The Python that markers are judged by. A wrong ``requires-python`` is the manifest's to tell."""
    project_table = document.get("project")
    wanted = project_table.get("requires-python") if isinstance(project_table, dict) else None
    try:
        return newest_python(wanted if isinstance(wanted, str) else None)
    except (ResolverError, InvalidSpecifier):
        return newest_python(None)
