"""``pyproject.toml``, edited by tomlkit: ``[project] dependencies``, ``[dependency-groups]``, and for conda packages
``[tool.samebox.conda] dependencies``. What is not edited stays as it is, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import tomlkit
from packaging.utils import canonicalize_name
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import Array, String
from tomlkit.toml_document import TOMLDocument

from resolver.errors import ManifestError
from resolver.manifests import pyproject
from resolver.manifests.editing.edits import Addition, ManifestEditor, Removal, conda_name, place_for, project_name
from resolver.model import MAIN, Origin

__all__ = ["EDITOR"]

_Path = tuple[str, ...]

_PROJECT: _Path = ("project", "dependencies")
_CONDA: _Path = ("tool", "samebox", "conda", "dependencies")
_CONDA_LOCK: _Path = ("tool", "conda-lock", "dependencies")


def _add(text: str, source: str, addition: Addition) -> str:
    document = _document(text, source)
    items = _list_for(document, source, addition)
    names = [(project_name if addition.is_pip else conda_name)(str(item)) for item in items if isinstance(item, str)]
    same = [n for n, name in enumerate(names) if name == addition.name]
    if len(same) > 1:
        raise ManifestError(
            f"{addition.name} stands there {len(same)} times",
            origin=Origin(source=source),
            hint="edit the one that is meant by hand",
        )
    if same:
        items[same[0]] = _string(addition.text)
    else:
        items.insert(_place(items, addition), _string(addition.text))
    return _rendered(document, source)


def _place(items: Array, addition: Addition) -> int:
    name_of = project_name if addition.is_pip else conda_name
    return place_for(str(addition.name), [name_of(item) if isinstance(item, str) else None for item in items])


def _list_for(document: TOMLDocument, source: str, addition: Addition) -> Array:
    """The list that the addition belongs to, made where it is missing."""
    if not addition.is_pip:
        if addition.group not in (None, MAIN):
            raise ManifestError(
                "conda packages in a pyproject.toml have no groups",
                origin=Origin(source=source),
                hint="--pip adds a Python requirement to a group",
            )
        return _array(document, source, _CONDA)
    if addition.group not in (None, MAIN):
        return _array(document, source, ("dependency-groups", _spelled(document, str(addition.group))))
    project = document.get("project")
    if project is None or "dependencies" in project.get("dynamic", ()):
        reason = "there is no [project] table" if project is None else "the dependencies are dynamic"
        raise ManifestError(
            f"{reason} to add {addition.text} to", origin=Origin(source=source), hint="name a group with --group"
        )
    return _array(document, source, _PROJECT)


def _spelled(document: TOMLDocument, group: str) -> str:
    """The group as the file spells it."""
    there = document.get("dependency-groups", {})
    return next((name for name in there if canonicalize_name(name) == canonicalize_name(group)), group)


def _array(document: TOMLDocument, source: str, path: _Path) -> Array:
    table: MutableMapping[str, Any] = document
    for number, key in enumerate(path[:-1]):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=number < len(path) - 2)
        table = table[key]
    if path[-1] not in table:
        table[path[-1]] = tomlkit.array()
    found = table[path[-1]]
    if not isinstance(found, Array):
        raise ManifestError("expected a list", origin=Origin(source=source), field=".".join(path))
    return found


def _string(text: str) -> String:
    """A basic string, or a literal one where that spares escapes."""
    return tomlkit.string(text, literal='"' in text and "'" not in text)


def _remove(text: str, source: str, removal: Removal) -> str:
    document = _document(text, source)
    for path, items in _lists(document):
        if removal.group is not None and _group_of(path) != canonicalize_name(removal.group):
            continue
        meant = removal.is_conda if path == _CONDA else removal.is_project
        name_of = conda_name if path == _CONDA else project_name
        for place in range(len(items) - 1, -1, -1):
            item = items[place]
            if isinstance(item, str) and meant(name_of(item)):
                del items[place]
    by_name = _at(document, _CONDA_LOCK)
    if isinstance(by_name, MutableMapping) and removal.group in (None, MAIN):
        for name in [name for name in by_name if removal.is_conda(name.lower())]:
            del by_name[name]
    return _rendered(document, source)


def _lists(document: TOMLDocument) -> Iterator[tuple[_Path, Array]]:
    """All lists of requests."""
    tables = [("project", "optional-dependencies"), ("dependency-groups",)]
    within = [(*path, name) for path in tables for name in (_at(document, path) or ())]
    for path in (_PROJECT, *within, _CONDA):
        found = _at(document, path)
        if isinstance(found, Array):
            yield path, found


def _group_of(path: _Path) -> str:
    return MAIN if path in (_PROJECT, _CONDA) else canonicalize_name(path[-1])


def _at(document: TOMLDocument, path: _Path) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, MutableMapping) or key not in value:
            return None
        value = value[key]
    return value


def _names(text: str, source: str) -> tuple[str, ...]:
    document = _document(text, source)
    found = [
        (conda_name if path == _CONDA else project_name)(item)
        for path, items in _lists(document)
        for item in items
        if isinstance(item, str)
    ]
    by_name = _at(document, _CONDA_LOCK)
    return tuple(name for name in (*found, *(by_name or ())) if name is not None)


def _document(text: str, source: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise ManifestError(f"not TOML: {error}", origin=Origin(source=source, line=error.line)) from error


def _rendered(document: TOMLDocument, source: str) -> str:
    try:
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ManifestError(f"cannot be written: {error}", origin=Origin(source=source)) from error


EDITOR = ManifestEditor(
    name=pyproject.READER.name,
    matches=pyproject.READER.matches,
    add=_add,
    remove=_remove,
    names=_names,
)
