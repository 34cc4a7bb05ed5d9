"""The slow and obvious way to solve: try every choice of versions, and check each from the definitions.

Nothing here comes from the solver: requirements, specifiers and markers are ``packaging``'s, the universe is plain
data, and every wheel is for every platform.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

__all__ = ["LINUX_312", "Oracle"]

LINUX_312 = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_release": "5.10",
    "platform_version": "",
    "python_version": "3.12",
    "python_full_version": "3.12.4",
    "implementation_name": "cpython",
    "implementation_version": "3.12.4",
    "platform_python_implementation": "CPython",
}


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """One problem: an index as ``MemoryIndex`` takes it, roots and constraints as text."""

    universe: Mapping[str, Mapping[str, Mapping[str, object]]]
    roots: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: LINUX_312)

    def first_answer(self) -> dict[str, str] | None:
        """Any choice of versions that has no problems, or ``None``: there is no solution."""
        return next(self._answers(), None)

    def best_for_the_roots(self) -> list[Version] | None:
        """The versions of the roots, by name, in an answer in which the first is the newest, then the second, …"""
        roots = sorted({canonicalize_name(Requirement(root).name) for root in self.roots})
        return max(([Version(answer[root]) for root in roots] for answer in self._answers()), default=None)

    def _answers(self) -> Iterator[dict[str, str]]:
        names = sorted(self.universe)
        for versions in itertools.product(*([None, *self.universe[name]] for name in names)):
            choice = {name: version for name, version in zip(names, versions, strict=True) if version is not None}
            if next(self.problems(choice), None) is None:
                yield choice

    def problems(self, choice: Mapping[str, str]) -> Iterator[str]:
        """All that is wrong with a choice of one version for some projects."""
        asked = self._asked(choice)
        for name in sorted(asked.keys() - choice.keys()):
            yield f"{name} is needed and not chosen"
        for name in sorted(choice.keys() - asked.keys()):
            yield f"{name} is chosen and not needed"
        for name in sorted(choice.keys() & asked.keys()):
            limits = [Requirement(c) for c in self.constraints]
            specifiers = asked[name] + [str(c.specifier) for c in limits if canonicalize_name(c.name) == name]
            if choice[name] not in self._admissible(name, specifiers):
                yield f"{name} {choice[name]} is not what {specifiers} admit"

    def newest(self, choice: Mapping[str, str]) -> dict[str, str]:
        """For each project of a choice the newest version that all who ask for it in this choice admit."""
        found = {}
        for name, specifiers in self._asked(choice).items():
            limits = [str(Requirement(c).specifier) for c in self.constraints if Requirement(c).name == name]
            found[name] = str(max(map(Version, self._admissible(name, [*specifiers, *limits]))))
        return found

    def _asked(self, choice: Mapping[str, str]) -> dict[str, list[str]]:
        """The specifiers on each project that is reached from the roots, through the extras that are asked for."""
        asked: dict[str, list[str]] = {}
        seen: set[tuple[str, str]] = set()
        waiting = [Requirement(root) for root in self.roots if self._applies(Requirement(root), [""])]
        while waiting:
            requirement = waiting.pop()
            name = canonicalize_name(requirement.name)
            asked.setdefault(name, []).append(str(requirement.specifier))
            for extra in ("", *map(canonicalize_name, requirement.extras)):
                if name in choice and (name, extra) not in seen:
                    seen.add((name, extra))
                    waiting.extend(self._needs(name, choice[name], extra))
        return asked

    def _needs(self, name: str, version: str, extra: str) -> Iterable[Requirement]:
        listed = self.universe[name][version].get("requires_dist", ())
        assert isinstance(listed, (list, tuple))
        return [r for r in map(Requirement, listed) if self._applies(r, [extra])]

    def _applies(self, requirement: Requirement, extras: list[str]) -> bool:
        if requirement.marker is None:
            return True
        return any(requirement.marker.evaluate({**self.environment, "extra": extra}) for extra in extras)

    def _admissible(self, name: str, specifiers: list[str]) -> set[str]:
        """The versions that a set of specifiers admits: PEP 440 on pre-releases, PEP 592 on yanked ones."""
        combined = SpecifierSet(",".join(s for s in specifiers if s))
        pinned = {s.removeprefix("==") for s in specifiers if s.startswith("==") and "," not in s and "*" not in s}
        usable = [v for v, release in self.universe[name].items() if self._usable(release, v, pinned)]
        return {str(v) for v in combined.filter([Version(v) for v in usable])}

    def _usable(self, release: Mapping[str, object], version: str, pinned: set[str]) -> bool:
        if release.get("invalid") or (release.get("yanked") and version not in pinned):
            return False
        python = release.get("requires_python")
        return python is None or SpecifierSet(str(python)).contains(self.environment["python_full_version"])
