"""``pixi.toml``, edited by tomlkit: ``[dependencies]`` and ``[pypi-dependencies]``, and those of the feature that makes
an environment. What is not edited stays as it is, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.toml_document import TOMLDocument

from resolver.errors import ManifestError
from resolver.manifests import pixi
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.manifests.editing.edits import Addition, ManifestEditor, Removal
from resolver.model import MAIN, Origin

__all__ = ["EDITOR"]

_Path = tuple[str, ...]

_CONDA = ("dependencies", "host-dependencies", "build-dependencies")
_PYPI = ("pypi-dependencies",)


def _add(text: str, source: str, addition: Addition) -> str:
    document = _document(text, source)
    key = _PYPI[0] if addition.is_pip else _CONDA[0]
    table = _table(document, source, (*_owner(document, source, addition), key))
    value = _requirement(addition, source) if addition.is_pip else _spec(addition)
    named = next((name for name in table if _same(name, str(addition.name), addition.is_pip)), str(addition.name))
    table[named] = value
    return _rendered(document, source)


def _owner(document: TOMLDocument, source: str, addition: Addition) -> _Path:
    """Where the tables of a group are: of ``main`` at the top, of an environment in the feature of its name."""
    if addition.group in (None, MAIN):
        return ()
    group = str(addition.group)
    declared = document.get("environments", {}).get(group)
    features = declared.get("features") if isinstance(declared, MutableMapping) else declared
    if features is None or group not in features:
        raise ManifestError(
            f"no environment {group!r} with a feature of its name",
            origin=Origin(source=source),
            hint=f'write {group} = ["{group}"] under [environments]',
        )
    return ("feature", group)


def _spec(addition: Addition) -> Any:
    spec = parse_conda_spec(addition.text, origin=Origin(source="<option>"))
    more = {
        "build": spec.build,
        "build-number": spec.build_number,
        "channel": spec.channel,
        "subdir": spec.subdir,
        "md5": spec.md5,
        "sha256": spec.sha256,
    }
    given = {key: value for key, value in more.items() if value is not None}
    return _inline({"version": spec.version or "*", **given}) if given else spec.version or "*"


def _requirement(addition: Addition, source: str) -> Any:
    try:
        requirement = Requirement(addition.text)
    except ValueError as error:
        raise ManifestError(f"not one requirement: {addition.text!r}", origin=Origin(source=source)) from error
    if requirement.url or requirement.marker:
        raise ManifestError(
            f"a location or a condition cannot be added: {addition.text!r}",
            origin=Origin(source=source),
            hint="write it into the manifest by hand",
        )
    specifier = str(requirement.specifier) or "*"
    extras = sorted(requirement.extras)
    return _inline({"version": specifier, "extras": extras}) if extras else specifier


def _inline(values: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _table(document: TOMLDocument, source: str, path: _Path) -> MutableMapping[str, Any]:
    table: MutableMapping[str, Any] = document
    for number, key in enumerate(path):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=number < len(path) - 1)
        table = table[key]
        if not isinstance(table, MutableMapping):
            raise ManifestError("expected a table", origin=Origin(source=source), field=".".join(path))
    return table


def _remove(text: str, source: str, removal: Removal) -> str:
    document = _document(text, source)
    for group, is_pip, table in _tables(document):
        if removal.group is None or removal.group == group:
            for name in [name for name in table if _same(name, removal.name, is_pip)]:
                del table[name]
    return _rendered(document, source)


def _tables(document: TOMLDocument) -> Iterator[tuple[str, bool, MutableMapping[str, Any]]]:
    """All tables of dependencies: the feature that has it, and whether it is of PyPI."""
    features = document.get("feature", {})
    for group, owner in ((MAIN, document), *features.items()):
        targets = owner.get("target", {}) if isinstance(owner, MutableMapping) else {}
        for place in (owner, *targets.values()):
            for key in (*_CONDA, *_PYPI):
                table = place.get(key) if isinstance(place, MutableMapping) else None
                if isinstance(table, MutableMapping):
                    yield group, key in _PYPI, table


def _names(text: str, source: str) -> tuple[str, ...]:
    tables = _tables(_document(text, source))
    return tuple(str(canonicalize_name(n)) if is_pip else n.lower() for _, is_pip, table in tables for n in table)


def _same(one: str, other: str, is_pip: bool) -> bool:
    return canonicalize_name(one) == canonicalize_name(other) if is_pip else one.lower() == other.lower()


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
    name=pixi.READER.name,
    matches=pixi.READER.matches,
    add=_add,
    remove=_remove,
    names=_names,
)
