"""Conda packages in a pyproject.toml.

    [tool.samebox.conda]                [tool.conda-lock]
    dependencies = ["gdal >=3.8"]       channels = ["conda-forge"]
    channels = ["conda-forge"]          platforms = ["linux-64"]
                                        dependencies = { gdal = ">=3.8", numpy = { version = "*", build = "x" } }

Of ``[tool.conda-lock]`` the tables are read, not its habits: ``[project] dependencies`` stay Python
requirements, where conda-lock would look for conda packages of a like name first.
"""

from __future__ import annotations

from collections.abc import Callable

from resolver.errors import ManifestError
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.manifests.requirement import parse_requirement
from resolver.manifests.requirement_lines import Requirements, read_line
from resolver.model import CondaSpec
from resolver.settings.places import channel_problem, nearest, platform_problem
from resolver.values import dataclass, field

__all__ = ["CondaTables", "read_conda_tables"]

_SAMEBOX = ("tool", "samebox", "conda")
_CONDA_LOCK = ("tool", "conda-lock")
_SAMEBOX_KEYS = ("channels", "dependencies", "platforms")
_CONDA_LOCK_KEYS = ("channels", "dependencies", "pip-repositories", "platforms")
_DEPENDENCY_KEYS = ("build", "channel", "extras", "source", "version")


@dataclass(slots=True, kw_only=True)
class CondaTables:
    """What the two tables say together."""

    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    specs: tuple[CondaSpec, ...] = ()
    pip: Requirements = field(default_factory=Requirements)


def read_conda_tables(tables: ProjectTables) -> CondaTables:
    """Read both tables. Keys that are not known, and channels or platforms that differ, are errors."""
    _check_keys(tables, _SAMEBOX, _SAMEBOX_KEYS)
    _check_keys(tables, _CONDA_LOCK, _CONDA_LOCK_KEYS)
    found = CondaTables(
        channels=_said_once(tables, "channels", channel_problem),
        platforms=_said_once(tables, "platforms", platform_problem),
    )
    path = (*_SAMEBOX, "dependencies")
    own = [
        parse_conda_spec(text, origin=tables.reading.origin(line), group=tables.reading.group)
        for text, line in tables.texts_with_lines(path)
    ]
    found.specs = (*own, *_conda_lock_dependencies(tables, found.pip))
    for url, line in tables.texts_with_lines((*_CONDA_LOCK, "pip-repositories")):
        read_line(f"--extra-index-url {url}", tables.reading, line or 1, found.pip)
    return found


def _check_keys(tables: ProjectTables, path: Path, known: tuple[str, ...]) -> None:
    for key in tables.table(path):
        if key not in known:
            hint = nearest(key, known) or f"known are: {', '.join(known)}"
            raise tables.error((*path, key), f"unknown key {key!r}", hint=hint)


def _said_once(tables: ProjectTables, key: str, problem_of: Callable[[str], str | None]) -> tuple[str, ...]:
    said = []
    for path in ((*_SAMEBOX, key), (*_CONDA_LOCK, key)):
        values = tuple(value.rstrip("/") for value in tables.texts(path))
        for value in values:
            problem = problem_of(value)
            if problem:
                raise tables.error(path, problem, value=value)
        if values:
            said.append(tuple(value for value in values if value != "nodefaults"))
    if len(said) == 2 and said[0] != said[1]:
        other = tables.origin((*_SAMEBOX, key))
        raise tables.error((*_CONDA_LOCK, key), f"differs from the {key} at {other}", hint="say it once")
    return said[0] if said else ()


def _conda_lock_dependencies(tables: ProjectTables, pip: Requirements) -> list[CondaSpec]:
    found = []
    path = (*_CONDA_LOCK, "dependencies")
    for name, value in tables.table(path).items():
        here = (*path, name)
        entry = {"version": value} if isinstance(value, str) else value
        if not isinstance(entry, dict):
            raise tables.error(here, "expected a version or a table")
        fields = _fields(tables, here, entry)
        if fields.pop("source", "conda") == "pypi":
            _add_pypi(tables, here, entry, fields, pip)
        else:
            found.append(_conda_dependency(tables, here, fields))
    return found


def _fields(tables: ProjectTables, path: Path, entry: dict[str, object]) -> dict[str, str]:
    fields = {}
    for key, value in entry.items():
        if key not in _DEPENDENCY_KEYS:
            hint = nearest(key, _DEPENDENCY_KEYS) or f"known are: {', '.join(_DEPENDENCY_KEYS)}"
            raise tables.error((*path, key), f"unknown key {key!r}", hint=hint)
        if key == "extras":
            continue
        if not isinstance(value, str):
            raise tables.error((*path, key), "expected a string")
        fields[key] = value
    if fields.get("source", "conda") not in ("conda", "pypi"):
        raise tables.error((*path, "source"), f"expected 'conda' or 'pypi', got {fields['source']!r}")
    return fields


def _conda_dependency(tables: ProjectTables, path: Path, fields: dict[str, str]) -> CondaSpec:
    channel = f"{fields['channel']}::" if "channel" in fields else ""
    version, build = fields.get("version", "*"), fields.get("build", "*")
    origin = tables.origin(path)
    if "'" in version + build:
        raise ManifestError("a quote in a version or a build", origin=origin, field=".".join(path))
    text = f"{channel}{path[-1]}[version='{version or '*'}',build='{build}']"
    return parse_conda_spec(text, origin=origin, group=tables.reading.group)


def _add_pypi(
    tables: ProjectTables, path: Path, entry: dict[str, object], fields: dict[str, str], pip: Requirements
) -> None:
    extras = tables.texts((*path, "extras")) if "extras" in entry else ()
    for key in ("build", "channel"):
        if key in fields:
            raise tables.error((*path, key), f"a PyPI project has no {key}")
    version = fields.get("version", "*").strip()
    specifier = "" if version == "*" else version if version[:1] in "=<>!~" else f"=={version}"
    named = f"{path[-1]}[{','.join(extras)}]" if extras else path[-1]
    line = tables.origin(path).line
    pip.add(parse_requirement(f"{named}{specifier}", tables.reading, line))
