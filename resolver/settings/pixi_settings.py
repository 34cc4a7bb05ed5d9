"""pixi's manifest as settings: what it says stands below what ``samebox.toml`` or ``[tool.samebox]`` says.

``system-requirements`` are virtual packages, ``channel-priority`` and ``exclude-newer`` of the workspace are ours, and
so are overrides and the index that one dependency names. The rest belongs to the manifest (``manifests.pixi``).
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from resolver.platforms import SUBDIRS, Platform, virtual_version_problem
from resolver.settings.converters import Place, cut_off, table, text
from resolver.settings.pypi_converters import override
from resolver.settings.toml_lines import TomlLines
from resolver.settings.toml_text import parse_toml
from resolver.settings.values import SettingsLayer

__all__ = ["PLATFORM_KEYS", "pixi_layer"]

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_SPAN = re.compile(r"(?P<count>\d{1,6})\s*(?P<unit>h|hr|hour|d|day|w|week)s?\Z", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}
_PRIORITIES = ("strict", "flexible", "disabled")
_STRATEGIES = {"first-index": "first-index", "unsafe-best-match": "unsafe-best-match"}
_SYSTEMS = {
    "archspec": ("__archspec", ("linux", "osx", "win")),
    "cuda": ("__cuda", ("linux", "win")),
    "libc": ("__glibc", ("linux",)),
    "linux": ("__linux", ("linux",)),
    "macos": ("__osx", ("osx",)),
}
"""What a system requirement says, and of which systems."""

PLATFORM_KEYS = {
    "archspec": "__archspec",
    "cuda": "__cuda",
    "glibc": "__glibc",
    "linux": "__linux",
    "macos": "__osx",
    "osx": "__osx",
    "windows": "__win",
}
"""What a platform of the workspace may say of its machines: ``{platform = "linux-64", cuda = "12"}``."""


def pixi_layer(content: str, source: str, *, directory: str = "/") -> SettingsLayer:
    """What a pixi.toml, or ``[tool.pixi]`` of a pyproject.toml, says as far as it is a setting; ``directory`` is the
    absolute folder of the file. Raises ``SettingsError`` with the line. A text that is not TOML, or has no workspace,
    says nothing: its other readers will tell."""
    try:
        document = parse_toml(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return SettingsLayer()
    base = ("tool", "pixi") if source.rpartition("/")[2] == "pyproject.toml" else ()
    pixi: object = document
    for key in base:
        pixi = pixi.get(key) if isinstance(pixi, dict) else None
    if not isinstance(pixi, dict):
        return SettingsLayer()
    place = Place(source=source, lines=TomlLines(content), path=base, directory=directory)
    return _layer(pixi, place)


def _layer(pixi: Mapping[str, Any], place: Place) -> SettingsLayer:
    key = "workspace" if "workspace" in pixi else "project"
    workspace, here = _part(pixi, key, place), place.below(key)
    options = [(_part(pixi, "pypi-options", place), place.below("pypi-options"))]
    options.append((_part(workspace, "pypi-options", here), here.below("pypi-options")))
    overrides = tuple(found for table_, at in options for found in _overrides(table_, at))
    strategies = [(t["index-strategy"], at.below("index-strategy")) for t, at in options if "index-strategy" in t]
    return SettingsLayer(
        channel_priority=_one_of(workspace, "channel-priority", here, _PRIORITIES),
        exclude_newer=_exclude_newer(workspace, here),
        virtual_packages=_virtual_packages(pixi, workspace, place) or None,
        index_for=tuple(sorted(set(_index_for(pixi, place)))) or None,
        index_strategy=_strategy(*strategies[0]) if strategies else None,
        overrides=overrides or None,
    )


def _part(mapping: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
    return table(mapping[key], place.below(key)) if key in mapping else {}


def _one_of(workspace: Mapping[str, Any], key: str, place: Place, known: tuple[str, ...]) -> str | None:
    if key not in workspace:
        return None
    value = text(workspace[key], place.below(key))
    if value not in known:
        raise place.below(key).error(f"{value!r} cannot be honoured here", hint=f"known are {', '.join(known)}")
    return value


def _strategy(value: object, place: Place) -> str:
    written = text(value, place)
    if written not in _STRATEGIES:
        raise place.error(f"{written!r} cannot be honoured here", hint=f"known are {', '.join(_STRATEGIES)}")
    return written


def _exclude_newer(workspace: Mapping[str, Any], place: Place) -> str | None:
    """pixi's date is the whole day, where ours is its start."""
    here = place.below("exclude-newer")
    value = workspace.get("exclude-newer")
    if value is None:
        return None
    written = value.isoformat() if isinstance(value, datetime.date) else text(value, here)
    if _DATE.match(written):
        try:
            day = datetime.date.fromisoformat(written) + datetime.timedelta(days=1)
        except (ValueError, OverflowError) as error:
            raise here.error(f"not a date: {written!r}") from error
        return f"{day.isoformat()}T00:00:00Z"
    span = _SPAN.match(written)
    return f"{int(span['count']) * _HOURS[span['unit'][0]]} hours" if span else cut_off(written, here)


def _virtual_packages(
    pixi: Mapping[str, Any], workspace: Mapping[str, Any], place: Place
) -> tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...]:
    """What is asked of all systems of a kind, under what a platform says itself."""
    here = place.below("system-requirements")
    asked = {key: _version(key, value, here.below(key)) for key, value in _part(pixi, here.path[-1], place).items()}
    own = _of_platforms(workspace.get("platforms"), place)
    found = []
    for subdir in own or SUBDIRS:
        system = Platform.of(subdir).system
        packages = {_SYSTEMS[key][0]: version for key, version in asked.items() if system in _SYSTEMS[key][1]}
        packages |= own.get(subdir, {})
        if packages:
            found.append((subdir, tuple(sorted(packages.items()))))
    return tuple(sorted(found))


def _of_platforms(listed: object, place: Place) -> dict[str, dict[str, str]]:
    """The platforms of the workspace that are known here, with what each says of its machines."""
    here = Place(source=place.source, lines=place.lines, path=(*place.path, "workspace", "platforms"), directory="/")
    found: dict[str, dict[str, str]] = {}
    for entry in listed if isinstance(listed, list) else ():
        table_ = entry if isinstance(entry, dict) else {"platform": entry}
        subdir = table_.get("platform", table_.get("name"))
        if subdir in SUBDIRS:
            names = {key: PLATFORM_KEYS[key] for key in table_ if key in PLATFORM_KEYS}
            said = {name: _checked(name, table_[key], here) for key, name in names.items()}
            found.setdefault(str(subdir), {}).update(said)
    return found


def _checked(name: str, value: object, place: Place) -> str:
    written = text(value, place)
    problem = virtual_version_problem(name, written)
    if problem:
        raise place.error(problem)
    return written


def _version(key: str, value: object, place: Place) -> str:
    """The version that a requirement asks for; ``libc = {family = "glibc", version = "2.28"}`` has it inside."""
    if key not in _SYSTEMS:
        raise place.error(f"unknown system requirement {key!r}", hint=f"known are {', '.join(_SYSTEMS)}")
    if isinstance(value, dict) and key == "libc":
        family = value.get("family", "glibc")
        if family != "glibc" or not set(value) <= {"family", "version"}:
            raise place.error("only glibc can be told", hint="say the rest in the setting `virtual-packages`")
        value = value.get("version")
    return _checked(_SYSTEMS[key][0], value, place)


def _index_for(pixi: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    """The index that a dependency names, in any table of the manifest."""
    owners = [(pixi, place)]
    features = _part(pixi, "feature", place)
    owners += [(_part(features, name, place.below("feature")), place.below("feature").below(name)) for name in features]
    for owner, at in owners:
        targets = _part(owner, "target", at)
        tables = [(owner, at), *((_part(targets, t, at.below("target")), at.below("target").below(t)) for t in targets)]
        for holder, here in tables:
            for name, value in _part(holder, "pypi-dependencies", here).items():
                if isinstance(value, dict) and "index" in value:
                    index = text(value["index"], here.below("pypi-dependencies").below(name))
                    yield str(canonicalize_name(name)), index


def _overrides(options: Mapping[str, Any], place: Place) -> Iterator[str]:
    """``dependency-overrides = { numpy = ">=2" }`` as requirements."""
    here = place.below("dependency-overrides")
    for name, value in _part(options, "dependency-overrides", place).items():
        entry = value if isinstance(value, dict) else {"version": value}
        if not set(entry) <= {"version", "extras"}:
            raise here.below(name).error("expected a version", hint="an override cannot name a place")
        version = text(entry.get("version", "*"), here.below(name))
        extras = f"[{','.join(map(str, entry['extras']))}]" if entry.get("extras") else ""
        yield override(f"{name}{extras}{'' if version == '*' else version}", here.below(name))
