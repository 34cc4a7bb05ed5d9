"""``pyproject.toml``: ``[project]`` (PEP 621), ``[dependency-groups]`` (PEP 735), and the tables of tools that
declare conda packages: ``[tool.samebox.conda]`` and ``[tool.conda-lock]`` (``pyproject_conda``).

``[project] dependencies`` are in the group ``main``; each extra and each dependency group is a group of its name
(where both have one name, they share it). The project itself is not part of its environment, as in conda-lock.
"""

from __future__ import annotations

import re
import tomllib

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from resolver.errors import ManifestError
from resolver.manifests.pyproject_conda import read_conda_tables
from resolver.manifests.pyproject_groups import ProjectGroups
from resolver.manifests.pyproject_tables import ProjectTables
from resolver.manifests.reading import ManifestReader, OpenText, Reading, no_includes
from resolver.model import EnvironmentSpec
from resolver.settings.toml_lines import TomlLines

__all__ = ["READER", "parse_pyproject"]

_LINE_IN_MESSAGE = re.compile(r"\(at line (\d+), column \d+\)")


def parse_pyproject(
    text: str,
    *,
    source: str,
    open_text: OpenText = no_includes,
    root: str = "/",
    extras: tuple[str, ...] | None = None,
    groups: tuple[str, ...] | None = None,
) -> EnvironmentSpec:
    """The environment that a pyproject.toml declares.

    ``extras`` and ``groups`` say which extras and dependency groups are read. ``None``: those that
    ``[tool.samebox]`` names under these keys, else no extras and all groups. Raises ``ManifestError`` with file
    and line.
    """
    reading = Reading(source=source, open_text=open_text, root=root, extras=extras, groups=groups)
    return _parse(text, reading)


def _parse(text: str, reading: Reading) -> EnvironmentSpec:
    tables = ProjectTables(document=_document(text, reading), lines=TomlLines.of(text), reading=reading)
    conda = read_conda_tables(tables)
    project = ProjectGroups(tables=tables)
    return EnvironmentSpec(
        name=tables.optional_text(("project", "name")),
        channels=conda.channels,
        platforms=conda.platforms,
        conda=conda.specs,
        pip=(*project.requirements(), *conda.pip.requirements),
        index=conda.pip.index,
        requires_python=_requires_python(tables),
        sources=(reading.source,),
    )


def _document(text: str, reading: Reading) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE_IN_MESSAGE.search(str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ManifestError(f"not TOML: {error}", origin=reading.origin(line)) from error
    except RecursionError as error:
        raise ManifestError("not TOML: nested too deeply", origin=reading.origin()) from error


def _requires_python(tables: ProjectTables) -> str | None:
    path = ("project", "requires-python")
    text = tables.optional_text(path)
    if text is None:
        return None
    try:
        return ",".join(sorted(str(part) for part in SpecifierSet(text)))
    except InvalidSpecifier as error:
        raise tables.error(path, f"not a version specifier: {text!r}", hint="write it as '>=3.11'") from error


READER = ManifestReader(
    name="pyproject.toml",
    matches=lambda file_name: file_name == "pyproject.toml",
    parse=_parse,
)
