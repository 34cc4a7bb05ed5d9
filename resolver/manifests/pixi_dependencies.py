"""The tables of dependencies in a pixi manifest: one entry each as a ``CondaSpec`` or a ``PypiRequirement``.

python = "3.12.*"                                     numpy = ">=1.26,<2"       # a MatchSpec without its name
gdal = { version = ">=3.8", build = "py312*", channel = "conda-forge" }

httpx = ">=0.27"                                      rich = "*"                # PEP 440
torch = { version = "*", extras = ["opt"] }           tools = { git = "https://…", tag = "v1", subdirectory = "x" }
local = { path = ".", editable = true }               wheel = { url = "https://…/wheel-1.0-py3-none-any.whl" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from resolver.errors import ManifestError
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.manifests.requirement import parse_requirement
from resolver.model import CondaSpec, PypiRequirement
from resolver.settings.places import nearest
from resolver.values import replace

__all__ = ["conda_dependency", "pypi_dependency"]

_CONDA_KEYS = ("build", "build-number", "channel", "md5", "sha256", "subdir", "version")
_SOURCES = ("branch", "git", "lfs", "package", "path", "rev", "subdirectory", "tag", "url")
_CONDA_REFUSED = {
    **dict.fromkeys(_SOURCES, "a conda package that pixi builds from source; publish it to a channel"),
    **dict.fromkeys(("extras", "features", "flags", "license", "license-family", "track-features", "when"), None),
    "file-name": "name its version and build",
    "workspace": "write the spec out",
}
_PYPI_KEYS = (
    "branch",
    "editable",
    "env-markers",
    "extras",
    "git",
    "index",
    "path",
    "rev",
    "subdirectory",
    "tag",
    "url",
    "version",
)
_PYPI_REFUSED = {
    "lfs": "a commit holds no files of Git LFS",
    "workspace": "write the requirement out",
}
_REVISIONS = ("rev", "tag", "branch")
_PLACES = ("git", "path", "url", "version")


def conda_dependency(tables: ProjectTables, path: Path, value: object) -> CondaSpec:
    """The spec at ``path``, whose last part is the name. Raises ``ManifestError``."""
    name, origin = path[-1], tables.origin(path)
    if isinstance(value, str):
        text = f"{name} {value}".strip()
        return parse_conda_spec(text, origin=origin, group=tables.reading.group)
    fields = _fields(tables, path, value, _CONDA_KEYS, _CONDA_REFUSED)
    for key, written in fields.items():
        if not isinstance(written, str) or any(sign in written for sign in "'\"[]"):
            raise tables.error((*path, key), f"expected a {key} as a string")
    channel = f"{fields.pop('channel')}::" if "channel" in fields else ""
    pairs = ",".join(f"{key.replace('-', '_')}='{written}'" for key, written in fields.items())
    return parse_conda_spec(
        f"{channel}{name}[{pairs}]" if pairs else f"{channel}{name}", origin=origin, group=tables.reading.group
    )


def pypi_dependency(tables: ProjectTables, path: Path, value: object) -> PypiRequirement:
    """The requirement at ``path``, whose last part is the name. Raises ``ManifestError``."""
    fields = {"version": value} if isinstance(value, str) else _fields(tables, path, value, _PYPI_KEYS, _PYPI_REFUSED)
    places = [key for key in _PLACES if key in fields]
    if len(places) > 1:
        raise tables.error((*path, places[1]), f"has both {places[0]} and {places[1]}")
    extras = tables.texts((*path, "extras")) if "extras" in fields else ()
    named = f"{path[-1]}[{','.join(extras)}]" if extras else path[-1]
    marker = f" ; {_text(tables, (*path, 'env-markers'), fields['env-markers'])}" if "env-markers" in fields else ""
    if not places or places == ["version"]:
        _refuse_keys(tables, path, fields, (*_REVISIONS, "subdirectory", "editable"))
        what = _specifier(tables, path, _text(tables, (*path, "version"), fields.get("version", "*")))
    else:
        _refuse_keys(tables, path, fields, ("index",))
        what = f" @ {_place(tables, path, fields, places[0])}"
    editable = fields.get("editable", False)
    if not isinstance(editable, bool) or (editable and places != ["path"]):
        raise tables.error((*path, "editable"), "expected true or false, beside a path")
    requirement = parse_requirement(f"{named}{what}{marker}", tables.reading, tables.origin(path).line)
    return replace(requirement, editable=editable)


def _specifier(tables: ProjectTables, path: Path, version: str) -> str:
    written = version.strip()
    if written not in ("", "*") and written[:1] not in "=<>!~":
        hint = f"write it as '=={written}' or '>={written}'"
        raise tables.error(path, f"not a version specifier: {version!r}", hint=hint)
    return "" if written == "*" else written


def _place(tables: ProjectTables, path: Path, fields: Mapping[str, object], kind: str) -> str:
    """The location as pip writes it."""
    place = _text(tables, (*path, kind), fields[kind])
    folder = _text(tables, (*path, "subdirectory"), fields["subdirectory"]) if "subdirectory" in fields else ""
    inside = f"#subdirectory={folder}" if folder else ""
    if kind != "git":
        _refuse_keys(tables, path, fields, _REVISIONS)
    if kind == "path":
        local = "/".join(part for part in (place.rstrip("/") or "/", folder) if part)
        if re.match(r"[A-Za-z]:|~|\\", place):
            raise tables.error(path, f"not a path that means the same on every machine: {place!r}", hint="use '/'")
        return f"file:{quote(local)}"
    if kind == "url":
        return f"{place}{inside}"
    revisions = [key for key in _REVISIONS if key in fields]
    if len(revisions) > 1:
        raise tables.error((*path, revisions[1]), f"has both {revisions[0]} and {revisions[1]}")
    at = f"@{_text(tables, (*path, revisions[0]), fields[revisions[0]])}" if revisions else ""
    return f"{place if place.startswith('git+') else f'git+{place}'}{at}{inside}"


def _refuse_keys(tables: ProjectTables, path: Path, fields: Mapping[str, object], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in fields:
            raise tables.error((*path, key), f"{key} says nothing here")


def _fields(
    tables: ProjectTables, path: Path, value: object, known: tuple[str, ...], refused: Mapping[str, str | None]
) -> dict[str, object]:
    if not isinstance(value, dict):
        raise tables.error(path, "expected a version or a table")
    for key in value:
        if key in refused:
            raise tables.error((*path, key), f"{key!r} cannot be asked for here", hint=refused[key])
        if key not in known:
            hint = nearest(key, known) or f"known are: {', '.join(known)}"
            raise tables.error((*path, key), f"unknown key {key!r}", hint=hint)
    return dict(value)


def _text(tables: ProjectTables, path: Path, value: object) -> str:
    if not isinstance(value, str):
        raise ManifestError("expected a string", origin=tables.origin(path), field=".".join(path))
    return value
