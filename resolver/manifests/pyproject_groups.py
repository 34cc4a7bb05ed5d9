"""The requirements of a project: its dependencies, extras (PEP 621) and dependency groups (PEP 735)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from resolver.errors import ManifestError
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.manifests.requirement import parse_requirement
from resolver.manifests.uv_project import DEV_DEPENDENCIES
from resolver.manifests.uv_sources import UvSources
from resolver.model import MAIN, PypiRequirement
from resolver.settings.places import nearest
from resolver.values import dataclass, replace

__all__ = ["ProjectGroups"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_DEPENDENCIES = ("project", "dependencies")
_EXTRAS = ("project", "optional-dependencies")
_GROUPS = ("dependency-groups",)
_DEV = "dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectGroups:
    """The tables that hold Python requirements, read on demand."""

    tables: ProjectTables

    def requirements(self) -> tuple[PypiRequirement, ...]:
        """Everything that is to be read, in the order: dependencies, extras, groups."""
        self._refuse_dynamic("dependencies")
        found = list(self._list(_DEPENDENCIES, MAIN, ()))
        if self.tables.reading.extras or self.tables.get(("tool", "samebox", "extras")):
            self._refuse_dynamic("optional-dependencies")
        for extra in self._chosen(_EXTRAS, "extras", self.tables.reading.extras, ()):
            found += self._extra(extra, group=extra, trail=())
        every = tuple(self._groups())
        for name in self._chosen(_GROUPS, "groups", self.tables.reading.groups, every):
            found += self._group(name, group=name, trail=())
        return tuple(found)

    def _groups(self) -> dict[str, object]:
        """The dependency groups; ``dev`` is one of them where uv's own list holds it."""
        groups = dict(self.tables.table(_GROUPS))
        if self.tables.get(DEV_DEPENDENCIES) is not None and not any(canonicalize_name(n) == _DEV for n in groups):
            groups[_DEV] = []
        return groups

    def _refuse_dynamic(self, name: str) -> None:
        if name in self.tables.texts(("project", "dynamic")):
            raise self.tables.error(
                ("project", "dynamic"),
                f"{name} are dynamic: only a build of the project would tell them",
                hint=f"list the {name} in [project], or name the file that they come from in the setting `sources`",
                value=name,
            )

    def _chosen(
        self, path: Path, key: str, given: tuple[str, ...] | None, otherwise: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The names to read, as the file spells them: given, else in [tool.samebox], else the default."""
        table = self._groups() if path == _GROUPS else self.tables.table(path)
        there = {str(canonicalize_name(name)): name for name in table}
        for name in there.values():
            if not _NAME.match(name):
                raise self.tables.error((*path, name), f"not a name for a group: {name!r}")
        if len(there) < len(table):
            raise self.tables.error(path, "two names are the same but for case and punctuation")
        setting = ("tool", "samebox", key)
        if given is None and self.tables.get(setting) is None:
            return otherwise
        names = given if given is not None else self.tables.texts(setting)
        for name in names:
            if canonicalize_name(name) not in there:
                at = setting if given is None else path
                raise self.tables.error(at, f"there is no {name!r} in [{'.'.join(path)}]", hint=_known(name, there))
        return tuple(there[canonicalize_name(name)] for name in names)

    def _extra(self, name: str, *, group: str, trail: tuple[Path, ...]) -> Iterator[PypiRequirement]:
        yield from self._list((*_EXTRAS, name), group, trail)

    def _group(self, name: str, *, group: str, trail: tuple[Path, ...]) -> Iterator[PypiRequirement]:
        """A dependency group: strings, and tables ``{include-group = NAME}``."""
        path = (*_GROUPS, name)
        trail = self._step(path, trail)
        items = self._groups().get(name)
        if not isinstance(items, list):
            raise self.tables.error(path, "expected a list of requirements")
        if canonicalize_name(name) == _DEV:
            yield from self._list(DEV_DEPENDENCIES, group, ())
        seen: Counter[str] = Counter()
        for item in items:
            if isinstance(item, str):
                yield from self._requirement(item, seen[item], path, group, trail)
                seen[item] += 1
            else:
                yield from self._included(item, path, group, trail)

    def _included(self, item: object, path: Path, group: str, trail: tuple[Path, ...]) -> Iterator[PypiRequirement]:
        name = item.get("include-group") if isinstance(item, dict) and len(item) == 1 else None
        if not isinstance(name, str):
            raise self.tables.error(path, "expected a requirement or {include-group = NAME}")
        there = {str(canonicalize_name(other)): other for other in self._groups()}
        if canonicalize_name(name) not in there:
            message = f"includes {name!r}, which is not in [dependency-groups]"
            raise self.tables.error(path, message, hint=_known(name, there), value=name)
        yield from self._group(there[canonicalize_name(name)], group=group, trail=trail)

    def _list(self, path: Path, group: str, trail: tuple[Path, ...]) -> Iterator[PypiRequirement]:
        trail = self._step(path, trail)
        seen: Counter[str] = Counter()
        for text in self.tables.texts(path):
            yield from self._requirement(text, seen[text], path, group, trail)
            seen[text] += 1

    def _requirement(
        self, text: str, nth: int, path: Path, group: str, trail: tuple[Path, ...]
    ) -> Iterator[PypiRequirement]:
        """The requirement; one on the project itself, ``project[extra]``, stands for what the extra holds."""
        reading = replace(self.tables.reading, group=group)
        line = self.tables.lines.line(path, text, nth=nth)
        requirement = parse_requirement(text, reading, line)
        own_name = self.tables.optional_text(("project", "name"))
        if own_name is None or requirement.name != canonicalize_name(own_name):
            yield from UvSources(tables=self.tables).applied(requirement, path)
            return
        if requirement.marker or requirement.specifier or requirement.url:
            raise ManifestError(
                f"the project requires itself with a condition: {text!r}",
                origin=requirement.origin,
                hint=f"write {own_name}[extra], and put conditions on the requirements of the extra",
            )
        if not requirement.extras and path[0] == "project":
            raise ManifestError("the project requires itself", origin=requirement.origin)
        there = {str(canonicalize_name(name)): name for name in self.tables.table(_EXTRAS)}
        if path[0] != "project":
            yield from self._list(_DEPENDENCIES, group, trail)
        for extra in requirement.extras:
            if extra not in there:
                raise ManifestError(
                    f"the project has no extra {extra!r}", origin=requirement.origin, hint=_known(extra, there)
                )
            yield from self._extra(there[extra], group=group, trail=trail)

    def _step(self, path: Path, trail: tuple[Path, ...]) -> tuple[Path, ...]:
        """The way to ``path``; one that comes back to where it was is an error."""
        if path in trail:
            circle = " → ".join(step[-1] for step in (*trail[trail.index(path) :], path))
            raise self.tables.error(path, f"includes itself: {circle}")
        return (*trail, path)


def _known(name: str, there: dict[str, str]) -> str:
    return nearest(name, there) or (f"there are: {', '.join(sorted(there))}" if there else "there are none")
