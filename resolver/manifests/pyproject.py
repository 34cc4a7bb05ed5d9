"""``pyproject.toml``: ``[project]`` (PEP 621), ``[dependency-groups]`` (PEP 735), and the tables of tools that
declare conda packages: ``[tool.samebox.conda]`` and ``[tool.conda-lock]`` (``pyproject_conda``).

``[project] dependencies`` are in the group ``main``; each extra and each dependency group is a group of its name
(where both have one name, they share it). The project itself is not part of its environment, as in conda-lock.
``[tool.uv]`` adds sources, constraints and development dependencies (``uv_project``, ``uv_sources``), ``[tool.pixi]``
all that a pixi.toml can say (``pixi_project``).
"""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from resolver.manifests.pixi_project import read_pixi_project
from resolver.manifests.pyproject_conda import read_conda_tables
from resolver.manifests.pyproject_groups import ProjectGroups
from resolver.manifests.pyproject_tables import ProjectTables
from resolver.manifests.reading import ManifestReader, OpenText, Reading, no_includes
from resolver.manifests.toml_document import toml_document
from resolver.manifests.uv_project import read_uv_project, refuse_conflicts
from resolver.manifests.uv_sources import UvSources
from resolver.model import EnvironmentSpec
from resolver.settings.toml_lines import TomlLines

__all__ = ["READER", "parse_pyproject"]


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
    tables = ProjectTables(document=toml_document(text, reading), lines=TomlLines(text), reading=reading)
    return read_pixi_project(tables, _project)


def _project(tables: ProjectTables) -> EnvironmentSpec:
    conda = read_conda_tables(tables)
    read_uv_project(tables, conda.pip)
    UvSources(tables=tables).check()
    project = ProjectGroups(tables=tables).requirements()
    refuse_conflicts(tables, project)
    return EnvironmentSpec(
        name=tables.optional_text(("project", "name")),
        channels=conda.channels,
        platforms=conda.platforms,
        conda=conda.specs,
        pip=(*project, *conda.pip.requirements),
        constraints=tuple(conda.pip.constraints),
        index=conda.pip.index,
        requires_python=_requires_python(tables),
        sources=(tables.reading.source,),
    )


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
