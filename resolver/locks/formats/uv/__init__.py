"""uv's lock (``uv.lock``, version 1), read as a source of pins.

It holds the resolution for all platforms and Pythons at once: packages with the files of each, and between them
dependencies with markers; a package that has several versions has each for other environments. The walk starts at the
project that the lock belongs to (of a workspace without one, at all its members; of a script, at its requirements).
``[project] dependencies`` are the group ``main``, each extra and each dependency group is one of its name.

- Revisions of version 1 only add fields (so its documentation); all of them are read.
- The project itself is no package of its lock. What is ``virtual`` is not installed, but what it needs is.
- The file of a package is the best one for the platform, and for the newest Python that the lock allows and has all
  files for.
- Extras and groups that conflict are read one at a time (``uv_conflicts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

import msgspec

from resolver.errors import LockFormatError
from resolver.locks.formats.distributions import Entry, Place, locked
from resolver.locks.formats.protocol import ANYTHING, Asked, LockFormat
from resolver.locks.formats.targets import Target, locked_platforms, specifiers, targets_for
from resolver.locks.formats.toml_reader import read_toml
from resolver.locks.formats.uv.conflicts import conflicting, group_name, names_of, with_active
from resolver.locks.formats.uv.document import Dependency, Document, Requirement, entry_of
from resolver.locks.formats.walk import Reached, Step, walk
from resolver.model import MAIN, Aspect, Lock, LockedPackage, Origin
from resolver.platforms import Platform

__all__ = ["FORMAT"]

_VERSION = 1
_SILENT_ON: frozenset[Aspect] = frozenset({"channels", "content_hash", "evidence", "sources"})


class _Versioned(msgspec.Struct):
    version: int


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``uv.lock`` for the platforms that are asked for. Raises ``LockFormatError``."""
    version = read_toml(text, source, _Versioned).version
    if version != _VERSION:
        raise LockFormatError(
            f"this lock has version {version} of uv's format, and this release reads version {_VERSION}",
            origin=Origin(source=source),
            field="version",
            hint="update samebox" if version > _VERSION else "run `uv lock` with a newer uv",
        )
    document = read_toml(text, source, Document)
    if document.distribution is not None:
        raise LockFormatError(
            "[[distribution]] is from before the format was settled",
            origin=Origin(source=source),
            field="distribution",
            hint="run `uv lock` with a newer uv",
        )
    pythons = (specifiers(document.requires_python, source, "requires-python"),)

    supported = document.supported_markers

    def targets_on(platform: Platform) -> Iterator[Target]:
        for target in targets_for(platform, pythons, source, asked=asked):
            if not supported or any(target.holds(marker) for marker in supported):
                yield target

    graph = _Graph(document=document, source=source)
    made_for = "; ".join(supported)[:500]
    platforms = locked_platforms(asked, targets_on, partial(_packages, graph), source, made_for=made_for)
    return Lock(name=graph.name, platforms=platforms, silent_on=_SILENT_ON)


def _packages(graph: _Graph, target: Target) -> Iterator[LockedPackage]:
    """What each group reaches, put together."""
    found: dict[int, tuple[set[str], set[int]]] = {}
    always: Reached = {}
    for group, (active, starts) in graph.groups.items():
        reached = graph.reached(starts, target, active)
        if group == MAIN:
            always = reached
        elif graph.conflicting:
            graph.refuse_others(group, {*always, *reached}, target)
        for index, below in reached.items():
            groups, needed = found.setdefault(index, (set(), set()))
            groups.add(group)
            needed |= below
    for index, (groups, needed) in found.items():
        if graph.document.package[index].source.virtual is None:
            names = {graph.document.package[other].name for other in needed}
            yield locked(graph.entry(index), target, groups=groups, dependencies=((n, "") for n in names))


@dataclass(frozen=True, kw_only=True)
class _Graph:
    """The packages by their number in the file, and the dependencies between them."""

    document: Document
    source: str
    _entries: dict[int, Entry] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, package in enumerate(self.document.package):
            found.setdefault(self.place(number).name(package.name), []).append(number)
        return found

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """The project, else all members. Raises ``LockFormatError`` where there is nothing to start from."""
        packages = self.document.package
        for number, package in enumerate(packages):
            if "." in (package.source.editable, package.source.virtual, package.source.directory):
                return (number,)
        members = frozenset(self.document.manifest.members)
        found = tuple(number for number, package in enumerate(packages) if package.name in members)
        manifest = self.document.manifest
        if packages and not (found or manifest.requirements or manifest.dependency_groups):
            raise LockFormatError("no package is the project's own", origin=Origin(source=self.source), field="package")
        return found

    @property
    def name(self) -> str | None:
        return self.document.package[self.roots[0]].name if len(self.roots) == 1 else None

    @cached_property
    def groups(self) -> dict[str, tuple[set[str], list[Dependency | Requirement]]]:
        """Group → (what it is called in markers, what it asks for). ``main`` is the first."""
        manifest = self.document.manifest
        found: dict[str, tuple[set[str], list[Dependency | Requirement]]] = {MAIN: (set(), [*manifest.requirements])}
        for root in self.roots:
            package = self.document.package[root]
            found[MAIN][1].extend(package.dependencies)
            for kind, table in (("extra", package.optional_dependencies), ("group", package.dev_dependencies)):
                for name, asked in table.items():
                    self._check_group(root, name)
                    names, everything = found.setdefault(name, (set(), []))
                    names.add(group_name(kind, package.name, name))
                    everything.extend(asked)
        for name, requirements in manifest.dependency_groups.items():
            found.setdefault(name, (set(), []))[1].extend(requirements)
        return found

    @cached_property
    def conflicting(self) -> frozenset[str]:
        return conflicting(self.document, self.source)

    def _check_group(self, root: int, name: str) -> None:
        if name == MAIN:
            raise self.place(root).error(f"an extra or group is called {MAIN}, which is what the dependencies are")
        self.place(root).name(name)

    def refuse_others(self, group: str, expected: set[int], target: Target) -> None:
        """A group that changes what the dependencies themselves install cannot be told apart by groups."""
        names, asked = self.groups[group]
        together = self.reached([*self.groups[MAIN][1], *asked], target, names)
        changed = expected ^ set(together)
        if changed:
            told = ", ".join(sorted({self.document.package[number].name for number in changed})[:10])
            raise LockFormatError(
                f"with {group} the dependencies of the project themselves are others ({told})",
                origin=Origin(source=self.source),
                field="conflicts",
                hint=f"lock the environment with {group} on its own",
            )

    def reached(self, asked: Iterable[Dependency | Requirement], target: Target, names: Iterable[str]) -> Reached:
        """What is reached from some requests. Each extra on the way that excludes others may make markers hold that did
        not hold before, so the walk is repeated until there is no more of them."""
        everything = list(asked)
        packages = self.document.package
        roots = (name for root in self.roots for name in names_of(packages[root], Step(index=root)))
        active = self.conflicting.intersection((*names, *roots))
        while True:
            passed: set[Step] = set()
            found = walk(
                self._wanted(everything, target, active),
                partial(self._needs, target=target, active=active, passed=passed),
            )
            on_the_way = {name for step in passed for name in names_of(packages[step.index], step)}
            more = active | self.conflicting.intersection(on_the_way)
            if more == active:
                return found
            active = more

    def _needs(self, step: Step, target: Target, active: frozenset[str], passed: set[Step]) -> Iterator[Step]:
        """What a package needs, or one of its extras."""
        passed.add(step)
        package = self.document.package[step.index]
        # an extra that a package does not have is no error, for uv neither
        of_extra = package.optional_dependencies.get(step.extra or "", [])
        return self._wanted(package.dependencies if step.extra is None else of_extra, target, active)

    def _wanted(
        self, asked: Iterable[Dependency | Requirement], target: Target, active: frozenset[str]
    ) -> Iterator[Step]:
        """Where those of some requests lead that hold here."""
        for one in asked:
            marker = with_active(one.marker, active) if one.marker and self.conflicting else one.marker
            if target.holds(marker):
                yield from self._steps(one, target)

    def _steps(self, asked: Dependency | Requirement, target: Target) -> Iterator[Step]:
        index = self._index(asked, target)
        yield Step(index=index)
        extras = asked.extra if isinstance(asked, Dependency) else asked.extras
        yield from (Step(index=index, extra=extra) for extra in extras)

    def _index(self, asked: Dependency | Requirement, target: Target) -> int:
        found = self.by_name.get(asked.name, [])
        if isinstance(asked, Dependency):
            found = [n for n in found if asked.version is None or self.document.package[n].version == asked.version]
            found = [n for n in found if asked.source is None or self.document.package[n].source == asked.source]
        elif len(found) > 1:
            wanted = specifiers(asked.specifier, self.source, "manifest.requirements")
            found = [n for n in found if wanted.contains(self.document.package[n].version or "0", prereleases=True)]
        if len(found) > 1:
            found = [n for n in found if self._is_for(n, target)]
        if len(found) != 1:
            what = "not locked" if not found else "locked several times, and the lock does not say which one is meant"
            name = Place(source=self.source, field="package.dependencies").name(asked.name)
            raise LockFormatError(
                f"{name} is needed on {target.platform} and {what}",
                origin=Origin(source=self.source),
                field="package",
                hint="run `uv lock`",
            )
        return found[0]

    def _is_for(self, number: int, target: Target) -> bool:
        markers = self.document.package[number].resolution_markers
        return not markers or any(target.holds(marker) for marker in markers)

    def place(self, number: int) -> Place:
        return Place(source=self.source, field=f"package[{number}]")

    def entry(self, number: int) -> Entry:
        if number not in self._entries:
            self._entries[number] = entry_of(self.document.package[number], self.place(number))
        return self._entries[number]


FORMAT = LockFormat(
    name="uv", file_names=("uv.lock", "*.uv.lock", "*.py.lock"), parse=parse, write=None, silent_on=_SILENT_ON
)
