"""The keys of ``[docker]``, as data: apart from the others, since few projects have any, and a lock needs none."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.settings import base_converters as bases
from resolver.settings import converters as convert
from resolver.settings import registry_converters as registries
from resolver.settings.application_converter import application
from resolver.settings.converters import Converter

__all__ = ["DOCKER"]

DOCKER: Mapping[str, Converter] = {
    "base-image": convert.text,
    "build-image": convert.text,
    "gpu-base-image": convert.text,
    "gpu": bases.gpu,
    "base-dockerfile": bases.base_dockerfile,
    "user-managed": registries.boolean,
    "interpreter-path": convert.docker_prefix,
    "required-packages": convert.texts(bases.required_package),
    "apt": convert.texts(bases.apt_package),
    "apt-snapshot": bases.apt_snapshot,
    "apt-mirror": bases.apt_mirror,
    "user": convert.text,
    "prefix": convert.docker_prefix,
    "workdir": convert.docker_prefix,
    "command": convert.command,
    "labels": convert.table_of(convert.text),
    "resolve-base": registries.boolean,
    "insecure-registries": convert.texts(registries.registry_host),
    "cache-mounts": registries.boolean,
    "lend-netrc": registries.boolean,
    "application": application,
}
"""The fields of ``model.DockerSection`` by their names in the settings, each with the function that reads its value."""
