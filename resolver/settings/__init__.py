"""The settings of a project: ``samebox.toml`` beside the manifest, or ``[tool.samebox]`` in pyproject.toml.

``read_settings`` reads a folder, ``parse_settings`` a text; ``Settings.for_environment`` lays the table of
one environment over the rest, and ``Settings.merged_with_options`` the command line over both.
"""

from __future__ import annotations

from resolver.settings.cut_off import parse_cut_off
from resolver.settings.manifest_layers import HAVE_SETTINGS, manifest_layer
from resolver.settings.reader import SETTINGS_FILE, parse_settings, read_settings
from resolver.settings.sources import DEFAULT_SOURCES, find_sources
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
