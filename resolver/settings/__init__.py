"""The settings of a project: ``samebox.toml`` beside the manifest, or ``[tool.samebox]`` in pyproject.toml.

``read_settings`` reads a folder, ``parse_settings`` a text; ``Settings.for_environment`` lays the table of
one environment over the rest, and ``Settings.merged_with_options`` the command line over both.

A name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module

from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolver.settings.cut_off import parse_cut_off
    from resolver.settings.manifest_layers import manifest_layer
    from resolver.settings.reader import SETTINGS_FILE, parse_settings, read_settings
    from resolver.settings.sources import DEFAULT_SOURCES, HAVE_SETTINGS, find_sources
    from resolver.settings.uv_settings import uv_layer
    from resolver.settings.values import Settings, SettingsLayer

__all__ = [
    "DEFAULT_SOURCES",
    "HAVE_SETTINGS",
    "SETTINGS_FILE",
    "Settings",
    "SettingsLayer",
    "find_sources",
    "manifest_layer",
    "parse_cut_off",
    "parse_settings",
    "read_settings",
    "uv_layer",
]

_HOMES = {
    "DEFAULT_SOURCES": "sources",
    "HAVE_SETTINGS": "sources",
    "SETTINGS_FILE": "reader",
    "Settings": "values",
    "SettingsLayer": "values",
    "find_sources": "sources",
    "manifest_layer": "manifest_layers",
    "parse_cut_off": "cut_off",
    "parse_settings": "reader",
    "read_settings": "reader",
    "uv_layer": "uv_settings",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
