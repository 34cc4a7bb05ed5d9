"""What a pyproject.toml says of a project without anything being run (PEP 621)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from resolver.indexes import CoreMetadata, InvalidMetadata, NeedsBuild

__all__ = ["static_metadata"]

_NEEDED = ("name", "version", "dependencies", "optional-dependencies", "requires-python")


def static_metadata(text: str | None, where: str) -> CoreMetadata:
    """The metadata in the text of a pyproject.toml (``None``: there is none).

    Raises ``NeedsBuild`` where one of the needed fields is dynamic or not there, and ``InvalidMetadata`` for what is
    no TOML, version or requirement.
    """
    if text is None:
        raise NeedsBuild(f"{where} has no pyproject.toml")
    try:
        project = tomllib.loads(text).get("project")
    except tomllib.TOMLDecodeError as error:
        raise InvalidMetadata(f"{where}: its pyproject.toml is not TOML: {error}") from error
    if not isinstance(project, dict):
        raise NeedsBuild(f"the pyproject.toml of {where} has no [project] table")
    dynamic = project.get("dynamic", [])
    made = [field for field in _NEEDED if isinstance(dynamic, list) and field in dynamic]
    if made or "name" not in project or "version" not in project:
        raise NeedsBuild(f"the pyproject.toml of {where} leaves {made[0] if made else 'the version'} to a build")
    try:
        return _metadata(project)
    except (InvalidVersion, InvalidRequirement, InvalidSpecifier, TypeError, AttributeError) as error:
        raise InvalidMetadata(f"{where}: its [project] table is not as PEP 621 has it: {error}") from error


def _metadata(project: Mapping[str, Any]) -> CoreMetadata:
    python = project.get("requires-python")
    return CoreMetadata(
        name=canonicalize_name(project["name"]),
        version=str(Version(project["version"])),
        requires_python=str(SpecifierSet(python)) if python is not None else None,
        requires_dist=tuple(_requirements(project)),
        provides_extra=tuple(project.get("optional-dependencies", {})),
    )


def _requirements(project: Mapping[str, Any]) -> Iterator[str]:
    for text in project.get("dependencies", []):
        yield str(Requirement(text))
    for extra, texts in project.get("optional-dependencies", {}).items():
        for text in texts:
            requirement = Requirement(text)
            own = f"({requirement.marker}) and " if requirement.marker else ""
            requirement.marker = Marker(f'{own}extra == "{canonicalize_name(extra)}"')
            yield str(requirement)
