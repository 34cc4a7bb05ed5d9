"""The keys of the settings, as data: what each is called, which field it fills, and how its value is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resolver.settings import converters as convert
from resolver.settings import pypi_converters as pypi
from resolver.settings.converters import Converter, Place
from resolver.settings.places import nearest
from resolver.settings.values import METADATA_CHOICES, SettingsLayer

__all__ = ["SETTINGS", "read_layer"]


def _authentication(value: object, place: Place) -> object:
    from resolver.settings.auth_converter import authentication

    return authentication(value, place)


def _docker(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        raise place.expected("a table", value)
    from resolver.settings.docker_schema import DOCKER

    return tuple(sorted(_read_table(value, DOCKER, place).items()))


SETTINGS: Mapping[str, Converter] = {
    "sources": convert.texts(),
    "platforms": convert.texts(convert.platform),
    "channels": convert.texts(convert.channel),
    "lockfile": convert.file_name,
    "python": convert.python_version,
    "exclude-newer": convert.cut_off,
    "index-url": convert.index_url,
    "extra-index-urls": convert.texts(convert.index_url),
    "find-links": convert.texts(pypi.find_links),
    "index-for": pypi.index_for,
    "index-strategy": pypi.one_of("first-index", "unsafe-best-match"),
    "only-binary": convert.texts(pypi.project),
    "no-binary": convert.texts(pypi.project),
    "allow-builds": pypi.allow_builds,
    "overrides": convert.texts(pypi.override),
    "repodata-filters": convert.texts(convert.match_spec),
    "channel-priority": pypi.one_of("strict", "flexible", "disabled"),
    "missing-time": pypi.one_of("refuse", "take"),
    "metadata": convert.texts(pypi.one_of(*METADATA_CHOICES)),
    "extras": convert.texts(),
    "groups": convert.texts(),
    "mirrors": convert.mirrors,
    "auth": _authentication,
    "keyring-provider": pypi.one_of("disabled", "subprocess"),
    "virtual-packages": convert.virtual_packages,
    "names": convert.names,
    "docker": _docker,
}
"""The keys that both the top of the settings and each ``[environments.NAME]`` may have, each with the function that
reads its value. The field of a key is its name with underscores."""


def read_layer(table: Mapping[str, object], place: Place, *, beside: tuple[str, ...] = ()) -> SettingsLayer:
    """What a table says. ``beside`` are keys that the caller reads itself. Raises ``SettingsError``."""
    own = {key: value for key, value in table.items() if key not in beside}
    return SettingsLayer(**_read_table(own, SETTINGS, place, also_known=beside))


def _read_table(
    table: Mapping[str, object], keys: Mapping[str, Converter], place: Place, *, also_known: tuple[str, ...] = ()
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        here = place.below(name)
        if name not in keys:
            every = sorted((*keys, *also_known))
            raise here.error(f"unknown key {name!r}", hint=nearest(name, every) or f"known are: {', '.join(every)}")
        values[name.replace("-", "_")] = keys[name](value, here)
    return values
