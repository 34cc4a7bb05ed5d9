"""From a TOML value to the value of a setting: one function a type, each told the ``Place`` it stands in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from resolver.errors import SettingsError
from resolver.model import Origin
from resolver.plain import normalize
from resolver.platforms import virtual_version_problem
from resolver.settings.places import channel_problem, platform_problem, python_problem, secret_problem
from resolver.settings.toml_lines import TomlLines
from resolver.values import dataclass, replace

__all__ = [
    "Converter",
    "Place",
    "channel",
    "command",
    "cut_off",
    "docker_prefix",
    "file_name",
    "index_url",
    "match_spec",
    "mirrors",
    "names",
    "platform",
    "python_version",
    "table",
    "table_of",
    "text",
    "texts",
    "virtual_packages",
]


_VIRTUAL = r"__[a-z0-9_]+\Z"
_CONDA_NAME = r"[a-z0-9_][a-z0-9_.-]*\Z"
_PYPI_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z"
_CHANNELS = "https://conda.anaconda.org/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands: the file with its folder and its lines, the path of the key inside it, and the
    string itself where the value is one of several."""

    source: str
    lines: TomlLines
    path: tuple[str, ...]
    directory: str
    item: str | None = None

    def below(self, key: str) -> Place:
        return replace(self, path=(*self.path, key))

    def error(self, message: str, *, hint: str | None = None) -> SettingsError:
        origin = Origin(source=self.source, line=self.lines.line(self.path, self.item))
        return SettingsError(message, origin=origin, field=".".join(self.path), hint=hint)

    def expected(self, what: str, value: object) -> SettingsError:
        return self.error(f"expected {what}, got {_kind(value)}")


Converter = Callable[[object, Place], object]


def text(value: object, place: Place) -> str:
    if not isinstance(value, str):
        raise place.expected("a string", value)
    if not value:
        raise place.error("is empty")
    return value


def texts(item: Callable[[object, Place], str] = text) -> Callable[[object, Place], tuple[str, ...]]:
    """A list of strings, each read by ``item``; said twice is an error."""

    def convert(value: object, place: Place) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise place.expected("a list of strings", value)
        found = tuple(item(entry, replace(place, item=entry)) for entry in value)
        for n, entry in enumerate(found):
            if entry in found[:n]:
                raise place.error(f"{entry!r} stands there twice")
        return found

    return convert


def command(value: object, place: Place) -> tuple[str, ...]:
    """A command as a list of its words; a word may be empty, and stand there twice."""
    if not isinstance(value, list):
        raise place.expected("a list of strings", value)
    if not all(isinstance(word, str) for word in value):
        raise place.error("expected a list of strings, got a list with something else in it")
    return tuple(value)


def platform(value: object, place: Place) -> str:
    return _without_problem(text(value, place), platform_problem, place)


def channel(value: object, place: Place) -> str:
    return _without_problem(text(value, place), channel_problem, place).rstrip("/")


def match_spec(value: object, place: Place) -> str:
    """A MatchSpec, of which py-rattler judges the syntax where it is used."""
    return _without_problem(text(value, place).strip(), secret_problem, place)


def index_url(value: object, place: Place) -> str:
    url = _without_problem(text(value, place), secret_problem, place)
    if not url.startswith(("https://", "http://", "file://")):
        raise place.error(f"expected a URL, got {url!r}", hint="a folder is written as file:///…, or in [mirrors]")
    return url


def file_name(value: object, place: Place) -> str:
    """A file below the folder of the settings, ``/``-separated."""
    path = posixpath.normpath(text(value, place))
    if posixpath.isabs(path) or path == "." or path.split("/")[0] == "..":
        raise place.error(f"expected a file below the folder of the settings, got {value!r}")
    return path


def python_version(value: object, place: Place) -> str:
    version = text(value, place)
    problem = python_problem(version)
    if problem:
        raise place.error(problem, hint='write "3.12" or "3.12.7"')
    return version


def cut_off(value: object, place: Place) -> str:
    """The text of a cut-off, of which only the shape is judged here: a span has no meaning without a clock.

    TOML has dates and instants of its own; they are taken too, except those without a time zone."""
    import datetime

    from resolver.settings.cut_off import parse_cut_off

    if isinstance(value, datetime.date):
        value = value.isoformat()
    written = text(value, place)
    try:
        parse_cut_off(written, datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC))  # any instant will do
    except SettingsError as error:
        raise place.error(error.message.removeprefix("exclude-newer: "), hint=error.hint) from error
    return written


def mirrors(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    """Canonical URL prefix → folder (made absolute) or URL. A channel's name stands for its canonical URL."""
    rules = table(value, place)
    return tuple(sorted((_prefix(key, place.below(key)), _mirror(rules[key], place.below(key))) for key in rules))


def virtual_packages(value: object, place: Place) -> tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...]:
    """Subdir → (name → version, or ``false`` to take the package away)."""
    found = []
    for subdir, packages in table(value, place).items():
        here = place.below(platform(subdir, place.below(subdir)))
        entries = table(packages, here)
        found.append((subdir, tuple(sorted((n, _virtual(n, entries[n], here.below(n))) for n in entries))))
    return tuple(sorted(found))


def names(value: object, place: Place) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Conda name → the PyPI projects that the package provides, as a name, a list, or ``[]`` for none."""
    found = []
    for name, projects in table(value, place).items():
        here = place.below(name)
        if not re.match(_CONDA_NAME, name):
            raise here.error(f"not a conda package name: {name!r}")
        written = [projects] if isinstance(projects, str) else projects
        if not isinstance(written, list):
            raise here.expected("a PyPI name or a list of them", projects)
        found.append((name, tuple(sorted(_pypi_name(item, here) for item in written))))
    return tuple(sorted(found))


def docker_prefix(value: object, place: Place) -> str:
    """An absolute folder inside the image."""
    path = text(value, place)
    if not path.startswith("/") or posixpath.normpath(path) != path or path == "/":
        raise place.error(f"expected an absolute folder inside the image, got {path!r}")
    return path


def table_of(item: Callable[[object, Place], str]) -> Callable[[object, Place], tuple[tuple[str, str], ...]]:
    """A table of strings, as sorted pairs."""

    def convert(value: object, place: Place) -> tuple[tuple[str, str], ...]:
        entries = table(value, place)
        return tuple(sorted((key, item(entries[key], place.below(key))) for key in entries))

    return convert


def _prefix(key: str, place: Place) -> str:
    problem = channel_problem(key)
    if problem:
        raise place.error(problem, hint="write a URL prefix or the name of a channel")
    return key.rstrip("/") if "://" in key else f"{_CHANNELS}{key}"


def _mirror(value: object, place: Place) -> str:
    where = _without_problem(text(value, place), secret_problem, place)
    if "://" not in where:
        return posixpath.normpath(posixpath.join(place.directory, where))
    if not where.startswith(("https://", "http://", "file://")):
        raise place.error(f"expected a folder or a URL, got {where!r}")
    return where


def _virtual(name: str, value: object, place: Place) -> str | None:
    if not re.match(_VIRTUAL, name):
        raise place.error("a virtual package begins with two underscores", hint=f"did you mean __{name.lstrip('_')}?")
    if value is False:
        return None
    if not isinstance(value, str) or not value:
        raise place.expected("a version as a string, or false", value)
    return _without_problem(value, lambda version: virtual_version_problem(name, version), place)


def _pypi_name(value: object, place: Place) -> str:
    if not isinstance(value, str) or not re.match(_PYPI_NAME, value):
        raise place.expected("a PyPI name", value)
    return normalize(value)


def table(value: object, place: Place) -> Mapping[str, object]:
    """A table as it is."""
    if not isinstance(value, dict):
        raise place.expected("a table", value)
    return value


def _without_problem(value: str, problem_of: Callable[[str], str | None], place: Place) -> str:
    problem = problem_of(value)
    if problem:
        raise place.error(problem)
    return value


def _kind(value: object) -> str:
    """What a value is, in TOML's words, with the value itself where it is short and cannot be a secret."""
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    kind = kinds.get(type(value), "a date or time")
    if isinstance(value, (bool, int, float)):
        return f"{kind} ({str(value).lower()})"
    return kind
