"""From ``[docker.application]`` of the settings to ``model.Application``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from resolver.errors import ResolverError
from resolver.model import Application, HealthCheck, Origin
from resolver.settings.converters import Converter, Place, command, docker_prefix, file_name, table, text
from resolver.settings.places import nearest, secret_problem
from resolver.settings.pypi_converters import one_of

__all__ = ["application"]

_T = TypeVar("_T")
_SECONDS = re.compile(r"(?=\d)(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?\Z", re.ASCII)
_LARGEST = 86_400
"""Seconds in a day: nobody waits longer for a health check."""


def application(value: object, place: Place) -> Application:
    """Raises ``SettingsError``. Folders are made absolute, from that of the settings."""
    said = table(value, place)
    values = _read(said, _KEYS, place)
    if "server" in said and said.get("preset") != "serve":
        raise place.below("server").error("a server belongs to the preset serve")
    origin = _origin(place.below("server" if "server" in said else "preset"))
    return _made(lambda: Application(**values, origin=origin), place)


def _read(said: Mapping[str, object], keys: Mapping[str, Converter], place: Place) -> dict[str, Any]:
    values = {}
    for name, value in said.items():
        here = place.below(name)
        if name not in keys:
            hint = nearest(name, keys) or f"known are: {', '.join(sorted(keys))}"
            raise here.error(f"unknown key {name!r}", hint=hint)
        values[name.replace("-", "_")] = keys[name](value, here)
    return values


def _made(make: Callable[[], _T], place: Place) -> _T:
    """What the value itself refuses, told with its place in the settings."""
    try:
        return make()
    except ResolverError as error:
        raise place.error(error.message, hint=error.hint) from error


def _origin(place: Place) -> Origin:
    return Origin(source=place.source, line=place.lines.line(place.path))


def _source(value: object, place: Place) -> str:
    """A folder: that of the settings, or one below it."""
    path = posixpath.normpath(text(value, place))
    if posixpath.isabs(path) or path.split("/")[0] == "..":
        raise place.error(f"expected a folder below that of the settings, got {value!r}")
    return posixpath.normpath(posixpath.join(place.directory, path))


def _model(value: object, place: Place) -> str:
    """A file or folder, wherever it lies: a model is often kept beside the project."""
    return posixpath.normpath(posixpath.join(place.directory, text(value, place)))


def _variables(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    found = table(value, place)
    return tuple(sorted((name, _variable(found[name], place.below(name))) for name in found))


def _variable(value: object, place: Place) -> str:
    if not isinstance(value, str):
        raise place.expected("a string", value)
    problem = secret_problem(value)
    if problem:
        raise place.error(problem, hint="an image is no place for a secret: give it when the container starts")
    return value


def _ports(value: object, place: Place) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise place.expected("a list of ports", value)
    for port in value:
        if isinstance(port, bool) or not isinstance(port, int):
            raise place.expected("a list of ports as integers", port)
    return tuple(value)


def _health_check(value: object, place: Place) -> HealthCheck:
    """A command, or a table of the command and its times."""
    said = {"command": value} if isinstance(value, list) else table(value, place)
    values = _read(said, _HEALTH_KEYS, place)
    return _made(lambda: HealthCheck(**values), place)


def _words(value: object, place: Place) -> tuple[str, ...]:
    words = command(value, place)
    if not words:
        raise place.error("is empty")
    return words


def _seconds(least: int) -> Converter:
    """A duration as the Dockerfile reference writes it (``30s``, ``1m30s``), or a number of seconds."""

    def convert(value: object, place: Place) -> int:
        match = _SECONDS.match(value) if isinstance(value, str) else None
        if match is not None:
            value = sum(int(match[unit] or 0) * size for unit, size in (("h", 3600), ("m", 60), ("s", 1)))
        return _number(least, "a duration", 'write "30s" or "1m30s"')(value, place)

    return convert


def _number(least: int, what: str, hint: str | None = None) -> Callable[[object, Place], int]:
    def convert(value: object, place: Place) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
            told = value if isinstance(value, str | int) else "something else"
            raise place.error(f"expected {what} from {least} to {_LARGEST}, got {told!r}", hint=hint)
        return value

    return convert


def _server(value: object, place: Place) -> str:
    """A requirement without URL and marker: it is asked for on each platform of the image."""
    from packaging.requirements import InvalidRequirement, Requirement

    written = text(value, place)
    try:
        requirement = Requirement(written)
    except InvalidRequirement as error:
        raise place.error(f"not a requirement: {written!r}: {str(error).splitlines()[0]}") from error
    if requirement.url is not None or requirement.marker is not None:
        raise place.error(f"expected a project and versions, got {written!r}", hint='write "waitress>=3"')
    return written


_KEYS: Mapping[str, Converter] = {
    "source": _source,
    "preset": one_of("train", "serve"),
    "entry": file_name,
    "arguments": command,
    "variables": _variables,
    "workdir": docker_prefix,
    "ports": _ports,
    "health-check": _health_check,
    "model": _model,
    "server": _server,
}
"""The keys of ``[docker.application]``."""

_HEALTH_KEYS: Mapping[str, Converter] = {
    "command": _words,
    "interval": _seconds(1),
    "timeout": _seconds(1),
    "start-period": _seconds(0),
    "retries": _number(1, "a number"),
}
