"""Which packages of a ``poetry.lock`` of version 1.1 or 2.0 a platform installs. These versions do not tell what the
project asks for, so it is inferred (see ``poetry``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from packaging.version import Version

from resolver.locks.formats.distributions import Place
from resolver.locks.formats.poetry.document import Constraint, Document, constraints, sets
from resolver.locks.formats.targets import Target
from resolver.locks.formats.walk import Step, likely_roots, walk
from resolver.model import MAIN

__all__ = ["groups_by_requests"]

_NAME_OF_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)")


def groups_by_requests(document: Document, target: Target, source: str) -> dict[int, set[str]]:
    """The groups of each package by its number in the file; none for what is not for this target."""
    reading = _Reading(document=document, target=target, source=source)
    groups: dict[int, set[str]] = {number: set() for number in range(len(document.package))}
    for number in walk((Step(index=root) for root in reading.roots()), reading.needs):
        package = document.package[number]
        groups[number].add(reading.place(number).name(package.category or MAIN))
    for extra, names in document.extras.items():
        place = Place(source=source, field="extras")
        found = [number for name in names for number in reading.by_name.get(place.name(name), ())]
        for number in walk((Step(index=number) for number in found), reading.needs):
            groups[number].add(place.name(extra))
    return groups


@dataclass(frozen=True, kw_only=True)
class _Reading:
    document: Document
    target: Target
    source: str
    _constraints: dict[int, tuple[tuple[str, Constraint], ...]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """The packages that the target's Python allows, by their names."""
        found: dict[str, list[int]] = {}
        for number, package in enumerate(self.document.package):
            place = self.place(number)
            allowed = sets(package.python_versions, place.below("python-versions"))
            if any(self.target.python.version in some for some in allowed):
                found.setdefault(place.name(package.name), []).append(number)
        return found

    def roots(self) -> list[int]:
        """What is taken as asked for. Optional packages belong to extras, which name theirs."""
        usable = {number for numbers in self.by_name.values() for number in numbers}
        roots = likely_roots(len(self.document.package), self._whatever_needed)
        return [root for root in roots if root in usable and not self.document.package[root].optional]

    def _whatever_needed(self, number: int) -> Iterator[int]:
        for name, _ in self.constraints(number):
            yield from self.by_name.get(name, ())

    def needs(self, step: Step) -> Iterator[Step]:
        package = self.document.package[step.index]
        active = self._extras(step.index)
        for name, asked in self.constraints(step.index):
            by_marker = any(self.target.holds(asked.markers, extra=extra) for extra in ("", *active))
            if by_marker and (not asked.optional or name in self._added(package.extras, active)):
                for number in self._candidates(name, asked):
                    yield Step(index=number)

    def _candidates(self, name: str, asked: Constraint) -> list[int]:
        found = self.by_name.get(name, [])
        if len(found) < 2:
            return found
        allowed = sets(asked.version, Place(source=self.source, field=f"package {name}"))
        fitting = []
        for number in found:
            version = Version(self.place(number).version(self.document.package[number].version))
            if any(some.contains(version, prereleases=True) for some in allowed):
                fitting.append(number)
        return fitting

    def _extras(self, number: int) -> list[str]:
        """The extras of a package of which all is locked: the lock does not tell which were asked for."""
        extras = self.document.package[number].extras
        return [extra for extra in extras if all(n in self.by_name for n in self._added(extras, [extra]))]

    def _added(self, extras: dict[str, list[str]], active: list[str]) -> set[str]:
        """The names that extras add."""
        place = Place(source=self.source, field="package.extras")
        written = (_NAME_OF_REQUIREMENT.match(text) for extra in active for text in extras[extra])
        return {place.name(match[1]) for match in written if match is not None}

    def constraints(self, number: int) -> tuple[tuple[str, Constraint], ...]:
        if number not in self._constraints:
            self._constraints[number] = tuple(constraints(self.document.package[number], self.place(number)))
        return self._constraints[number]

    def place(self, number: int) -> Place:
        return Place(source=self.source, field=f"package[{number}]")
