"""A pyproject.toml that is a pixi project: ``[tool.pixi]`` beside ``[project]``.

What ``[project]`` asks for is part of pixi's default feature, and each extra and dependency group is a feature of its
name. So an extra or a group is read where an environment has it, and is in the group of that environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from resolver.manifests.merge import merge
from resolver.manifests.pixi import TOOL_PIXI, is_workspace, read_pixi
from resolver.manifests.pixi_features import PixiEnvironment, PixiTables
from resolver.manifests.pyproject_tables import ProjectTables
from resolver.model import MAIN, EnvironmentSpec, PypiRequirement
from resolver.values import replace

__all__ = ["read_pixi_project"]


def read_pixi_project(
    tables: ProjectTables, read_project: Callable[[ProjectTables], EnvironmentSpec]
) -> EnvironmentSpec:
    """What both say together; ``read_project`` reads all but pixi's tables. Raises ``ManifestError``."""
    pixi = PixiTables(tables=tables, base=TOOL_PIXI)
    if not is_workspace(pixi):
        return read_project(tables)
    declared, environments = read_pixi(pixi)
    features = tuple(dict.fromkeys(feature for e in environments for feature in e.features))
    there = {key: tables.table(key) for key in (("project", "optional-dependencies"), ("dependency-groups",))}
    extras, groups = (tuple(feature for feature in features if feature in table) for table in there.values())
    reading = replace(tables.reading, extras=extras, groups=groups)
    project = read_project(replace(tables, reading=reading))
    moved = replace(project, pip=tuple(r for asked in project.pip for r in _in_groups(asked, environments)))
    return replace(merge([declared, moved]), sources=project.sources)


def _in_groups(requirement: PypiRequirement, environments: tuple[PixiEnvironment, ...]) -> Iterator[PypiRequirement]:
    if requirement.group == MAIN:
        yield requirement
        return
    for environment in environments:
        if requirement.group in environment.features:
            yield replace(requirement, group=environment.group)
