"""The keys of the settings, as data: what each is called, which field it fills, and how its value is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resolver.settings import base_converters as bases
from resolver.settings import converters as convert
from resolver.settings import pypi_converters as pypi
from resolver.settings import registry_converters as registries
from resolver.settings.application_converter import application
from resolver.settings.auth_converter import authentication
from resolver.settings.converters import Converter, Place
from resolver.settings.places import nearest
from resolver.settings.values import METADATA_CHOICES, Pairs, SettingsLayer
from resolver.values import dataclass

__all__ = ["DOCKER", "SETTINGS", "Key", "read_layer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table: its name there, and the function that reads its value."""

    name: str
    read: Converter

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")


DOCKER = (
    Key(name="base-image", read=convert.text),
    Key(name="build-image", read=convert.text),
    Key(name="gpu-base-image", read=convert.text),
    Key(name="gpu", read=bases.gpu),
    Key(name="base-dockerfile", read=bases.base_dockerfile),
    Key(name="user-managed", read=registries.boolean),
    Key(name="interpreter-path", read=convert.docker_prefix),
    Key(name="required-packages", read=convert.texts(bases.required_package)),
    Key(name="apt", read=convert.texts(bases.apt_package)),
    Key(name="apt-snapshot", read=bases.apt_snapshot),
    Key(name="apt-mirror", read=bases.apt_mirror),
    Key(name="user", read=convert.text),
    Key(name="prefix", read=convert.docker_prefix),
    Key(name="workdir", read=convert.docker_prefix),
    Key(name="command", read=convert.command),
    Key(name="labels", read=convert.table_of(convert.text)),
    Key(name="resolve-base", read=registries.boolean),
    Key(name="insecure-registries", read=convert.texts(registries.registry_host)),
    Key(name="cache-mounts", read=registries.boolean),
    Key(name="lend-netrc", read=registries.boolean),
    Key(name="application", read=application),
)
"""The keys of ``[docker]``: the fields of ``model.DockerSection``."""


def _docker(value: object, place: Place) -> Pairs:
    if not isinstance(value, dict):
        raise place.expected("a table", value)
    return tuple(sorted(_read_table(value, DOCKER, place).items()))


SETTINGS = (
    Key(name="sources", read=convert.texts()),
    Key(name="platforms", read=convert.texts(convert.platform)),
    Key(name="channels", read=convert.texts(convert.channel)),
    Key(name="lockfile", read=convert.file_name),
    Key(name="python", read=convert.python_version),
    Key(name="exclude-newer", read=convert.cut_off),
    Key(name="index-url", read=convert.index_url),
    Key(name="extra-index-urls", read=convert.texts(convert.index_url)),
    Key(name="find-links", read=convert.texts(pypi.find_links)),
    Key(name="index-for", read=pypi.index_for),
    Key(name="index-strategy", read=pypi.one_of("first-index", "unsafe-best-match")),
    Key(name="only-binary", read=convert.texts(pypi.project)),
    Key(name="no-binary", read=convert.texts(pypi.project)),
    Key(name="allow-builds", read=pypi.allow_builds),
    Key(name="overrides", read=convert.texts(pypi.override)),
    Key(name="repodata-filters", read=convert.texts(convert.match_spec)),
    Key(name="channel-priority", read=pypi.one_of("strict", "flexible", "disabled")),
    Key(name="missing-time", read=pypi.one_of("refuse", "take")),
    Key(name="metadata", read=convert.texts(pypi.one_of(*METADATA_CHOICES))),
    Key(name="extras", read=convert.texts()),
    Key(name="groups", read=convert.texts()),
    Key(name="mirrors", read=convert.mirrors),
    Key(name="auth", read=authentication),
    Key(name="keyring-provider", read=pypi.one_of("disabled", "subprocess")),
    Key(name="virtual-packages", read=convert.virtual_packages),
    Key(name="names", read=convert.names),
    Key(name="docker", read=_docker),
)
"""The keys that both the top of the settings and each ``[environments.NAME]`` may have."""


def read_layer(table: Mapping[str, object], place: Place, *, beside: tuple[str, ...] = ()) -> SettingsLayer:
    """What a table says. ``beside`` are keys that the caller reads itself. Raises ``SettingsError``."""
    own = {key: value for key, value in table.items() if key not in beside}
    return SettingsLayer(**_read_table(own, SETTINGS, place, also_known=beside))


def _read_table(
    table: Mapping[str, object], keys: tuple[Key, ...], place: Place, *, also_known: tuple[str, ...] = ()
) -> dict[str, Any]:
    known = {key.name: key for key in keys}
    values: dict[str, Any] = {}
    for name, value in table.items():
        here = place.below(name)
        if name not in known:
            every = sorted((*known, *also_known))
            raise here.error(f"unknown key {name!r}", hint=nearest(name, every) or f"known are: {', '.join(every)}")
        values[known[name].field] = known[name].read(value, here)
    return values
