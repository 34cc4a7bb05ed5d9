"""What ``[tool.uv]`` adds to a project: constraints, pre-releases, and groups that exclude each other.

``[tool.uv.sources]`` are in ``uv_sources``, ``dev-dependencies`` are read with the groups (``pyproject_groups``), and
what is a setting is read by ``settings.uv_settings``. ``default-groups`` says what uv installs, not what it locks.
"""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from resolver.manifests.pyproject_tables import ProjectTables
from resolver.manifests.requirement import parse_requirement
from resolver.manifests.requirement_lines import Requirements
from resolver.model import PypiRequirement

__all__ = ["DEV_DEPENDENCIES", "read_uv_project", "refuse_conflicts"]

DEV_DEPENDENCIES = ("tool", "uv", "dev-dependencies")
"""The list that was the group ``dev`` before PEP 735; uv puts the two together."""

_CONSTRAINTS = ("tool", "uv", "constraint-dependencies")
_CONFLICTS = ("tool", "uv", "conflicts")
_PRERELEASE = ("tool", "uv", "prerelease")


def read_uv_project(tables: ProjectTables, found: Requirements) -> None:
    """Read constraints and the choice of pre-releases into ``found``. Raises ``ManifestError``."""
    for text, line in tables.texts_with_lines(_CONSTRAINTS):
        found.constrain(parse_requirement(text, tables.reading, line))
    if tables.optional_text(_PRERELEASE) == "allow":
        found.pre = True
    default_groups = tables.get(("tool", "uv", "default-groups"))
    if default_groups != "all":
        tables.texts(("tool", "uv", "default-groups"))


def refuse_conflicts(tables: ProjectTables, requirements: Iterable[PypiRequirement]) -> None:
    """Raise ``ManifestError`` where two extras or groups are read that ``conflicts`` says exclude each other: the
    groups of one lock are solved together."""
    read = {str(canonicalize_name(requirement.group)) for requirement in requirements}
    conflicts = tables.get(_CONFLICTS)
    if conflicts is None:
        return
    if not isinstance(conflicts, list) or not all(isinstance(together, list) for together in conflicts):
        raise tables.error(_CONFLICTS, "expected a list of lists of tables")
    for together in conflicts:
        names = [_name(tables, item) for item in together]
        both = [name for name in dict.fromkeys(names) if canonicalize_name(name) in read]
        if len(both) > 1:
            raise tables.error(
                _CONFLICTS,
                f"{' and '.join(both)} exclude each other, and both are read",
                hint="choose with extras and groups in [tool.samebox], or in [tool.samebox.environments.NAME]",
                value=both[0],
            )


def _name(tables: ProjectTables, item: object) -> str:
    if isinstance(item, dict):
        for kind in ("extra", "group"):
            if isinstance(item.get(kind), str):
                return str(item[kind])
    raise tables.error(_CONFLICTS, "expected { extra = NAME } or { group = NAME }")
