"""The fast path: each project gets the version that is preferred, for as long as nobody objects.

    what is most certain first ─▶ its preferred version ─▶ what that needs ─▶ again, until all have one

This is what a backtracking resolver does until the first time that it would have to go back, and in most environments
that never comes. Where it does the walk ends, and the joint solve decides: a search that goes back can take for ever.
A project that nobody asked for by name may change its version once more, when a later requirement limits it. What it
needed is then forgotten, and the answer counts only if every project has the preferred version of the answer as a
whole, not of some state on the way to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from resolver.light_typing import TYPE_CHECKING, NamedTuple
from resolver.solver.answer import Choice, read_answer
from resolver.solver.lookup import Unusable
from resolver.solver.preference import Asked, hashes_of
from resolver.solver.problem import limits_of, requests_of

if TYPE_CHECKING:
    from resolver.solver.answer import PypiSolution
    from resolver.solver.direct import DirectFile
    from resolver.solver.lookup import Lookup
    from resolver.solver.problem import PypiProblem
    from resolver.solver.requirements import Dependency

__all__ = ["walk"]

_MOST_CHANGES = 200
"""So often projects may change their versions: two that want each other older would never end."""

_Who = tuple[str, str]
"""Who needs something: a project and one of its extras (``""``: the project itself)."""

_THE_MANIFEST: _Who = ("", "")


class _Disputed(Exception):
    """Something would have to be given up."""


class _Need(NamedTuple):
    """What someone needs of one project."""

    specifier: str = ""
    extras: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    direct: DirectFile | None = None


class _Project:
    """One project on the way: who needs it and how, what was chosen for it, and which projects that needs, by extra.
    ``order`` is its place among those that wait, once it was asked for."""

    __slots__ = ("children", "choice", "needs", "order")

    def __init__(self) -> None:
        self.needs: dict[_Who, list[_Need]] = {}
        self.choice: Choice | None = None
        self.children: dict[str, list[str]] = {}
        self.order: tuple[object, ...] | None = None

    def all_needs(self) -> list[_Need]:
        return [need for needs in self.needs.values() for need in needs]

    def extras(self) -> list[str]:
        """Those that someone asks for."""
        return sorted({extra for need in self.all_needs() for extra in need.extras})


def walk(problem: PypiProblem, lookup: Lookup) -> PypiSolution | None:
    """The solution, or ``None`` where something was in dispute: then there may be one all the same. Raises what the
    indexes raise."""
    try:
        choices = _Walk(problem, lookup).choices()
    except _Disputed:
        return None
    return read_answer(requests_of(problem), choices, lookup.needs)


class _Walk:
    """One walk. ``_waiting`` are the projects that have no version yet."""

    def __init__(self, problem: PypiProblem, lookup: Lookup) -> None:
        self._fixed = problem.fixed
        self._pins = problem.pins.projects
        self._prereleases = problem.prereleases
        self._limits: Mapping[str, Sequence[str]] = limits_of(problem)
        self._requests = requests_of(problem)
        self._lookup = lookup
        self._projects: dict[str, _Project] = {}
        self._waiting: set[str] = set()
        self._loosened: set[str] = set()
        self._changes = 0

    def choices(self) -> dict[str, Choice]:
        self._lookup.prefetch(r.name for r in self._requests if r.name not in self._fixed)
        for request in self._requests:
            need = _Need(request.specifier, request.extras, request.hashes, request.direct)
            self._add(_THE_MANIFEST, request.name, need)
        self._look_ahead(request.name for request in self._requests)
        while self._waiting or self._reconsidered():
            name = min(self._waiting, key=self._order_of)
            self._waiting.remove(name)
            self._choose(name)
        return {name: project.choice for name, project in self._projects.items() if project.choice is not None}

    def _order_of(self, name: str) -> tuple[object, ...]:
        project = self._projects[name]
        if project.order is None:
            project.order = self._order(name, project)
        return project.order

    def _order(self, name: str, project: _Project) -> tuple[object, ...]:
        """What is given, then what the manifest asks for in its order (it is what "the best answer" means), then what
        leaves least choice."""
        needs = project.all_needs()
        root = _THE_MANIFEST in project.needs
        return (
            name not in self._fixed and not any(need.direct for need in needs),
            not root,
            root and name not in self._pins,
            not root and not any("==" in need.specifier and "*" not in need.specifier for need in needs),
            not root and not any(need.specifier for need in needs),
            name,
        )

    # ---- choosing

    def _choose(self, name: str) -> None:
        project = self._projects[name]
        project.choice = self._preferred(name)
        self._add_needs(name, ("", *project.extras()))

    def _preferred(self, name: str) -> Choice:
        needs = self._projects[name].all_needs()
        direct = next((need.direct for need in needs if need.direct is not None), None)
        if name in self._fixed:
            choice = Choice(version=str(self._fixed[name]))
        elif direct is not None:
            choice = Choice(version=direct.metadata.version, direct=direct)
        else:
            found = self._lookup.first(name, self._asked(name, needs), self._pins.get(name))
            if found is None:
                raise _Disputed
            return found
        limits = [_Need(limit) for limit in self._limits.get(name, ())]
        if not all(self._fits(name, choice, need) for need in (*needs, *limits)):
            raise _Disputed
        return choice

    def _asked(self, name: str, needs: Iterable[_Need]) -> Asked:
        limits = self._limits.get(name, ())
        by_people = [need.specifier for need in self._projects[name].needs.get(_THE_MANIFEST, ())]
        return Asked(
            specifiers=[*(need.specifier for need in needs), *limits],
            by_people=[*by_people, *limits],
            hashes=hashes_of(need.hashes for need in needs),
            prereleases=self._prereleases,
        )

    def _fits(self, name: str, choice: Choice, need: _Need) -> bool:
        if need.direct is not None:
            return choice.direct is not None and choice.direct.url == need.direct.url
        if choice.file is None:
            from packaging.specifiers import SpecifierSet

            return SpecifierSet(need.specifier).contains(choice.version, prereleases=True)
        if need.hashes and f"sha256:{choice.file.sha256}" not in need.hashes:
            return False
        return self._lookup.admits(name, need.specifier, choice)

    def _look_ahead(self, names: Iterable[str]) -> None:
        """Ask already what will be asked if nothing else comes up: then the metadata of the answer is on its way."""
        for name in names:
            if name in self._waiting and name not in self._fixed:
                needs = self._projects[name].all_needs()
                if not any(need.direct for need in needs):
                    self._lookup.first(name, self._asked(name, needs), self._pins.get(name))

    # ---- what is needed

    def _add_needs(self, name: str, extras: Iterable[str]) -> None:
        project = self._projects[name]
        choice = project.choice
        for extra in extras:
            if choice is None or extra in project.children:
                continue
            try:
                needs = self._lookup.needs(name, extra, choice)
            except Unusable as error:
                raise _Disputed from error
            project.children[extra] = [need.name for need in needs]
            self._lookup.prefetch(need.name for need in needs if need.name not in self._projects)
            for need in needs:
                self._add((name, extra), need.name, _as_need(need))
                if project.choice is not choice:  # it was given up for what it needs itself
                    return
            self._look_ahead(need.name for need in needs)

    def _add(self, who: _Who, name: str, need: _Need) -> None:
        project = self._projects.setdefault(name, _Project())
        project.needs.setdefault(who, []).append(need)
        project.order = None
        if project.choice is None:
            self._waiting.add(name)
        elif not self._fits(name, project.choice, need):
            self._give_up(name)
        else:
            self._add_needs(name, need.extras)

    # ---- what is given up

    def _give_up(self, name: str) -> None:
        """Let a project wait once more. What the manifest asks for must not get older in this way."""
        self._changes += 1
        if _THE_MANIFEST in self._projects[name].needs or self._changes > _MOST_CHANGES:
            raise _Disputed
        self._forget(name)
        if name in self._projects:
            self._waiting.add(name)

    def _forget(self, name: str) -> None:
        project = self._projects[name]
        project.choice = None
        children, project.children = project.children, {}
        for extra, names in children.items():
            for child in names:
                self._withdraw((name, extra), child)

    def _withdraw(self, who: _Who, name: str) -> None:
        """Take back what someone needs of a project. One that nobody needs any more is gone, and so are the needs of an
        extra that nobody asks for."""
        project = self._projects.get(name)
        if project is None or project.needs.pop(who, None) is None:
            return
        project.order = None
        if not project.needs:
            self._leave_out(name)
            return
        self._loosened.add(name)
        for extra in [extra for extra in project.children if extra and extra not in project.extras()]:
            for child in project.children.pop(extra):
                self._withdraw((name, extra), child)

    def _leave_out(self, name: str) -> None:
        self._forget(name)
        self._waiting.discard(name)
        self._projects.pop(name, None)

    def _unreached(self) -> list[str]:
        """Projects that only others need that nobody needs: what was forgotten may have gone in a circle."""
        reached: set[str] = set()
        waiting = [request.name for request in self._requests]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(child for names in self._projects[name].children.values() for child in names)
        return sorted(self._projects.keys() - reached)

    def _reconsidered(self) -> bool:
        """Whether a project that fewer have demands on than when it was chosen would now be another version."""
        for name in self._unreached() if self._changes else ():
            if name in self._projects:
                self._leave_out(name)
        loosened, self._loosened = sorted(self._loosened), set()
        for name in loosened:
            project = self._projects.get(name)
            if project is not None and project.choice is not None and project.choice != self._preferred(name):
                self._give_up(name)
        return bool(self._waiting)


def _as_need(dependency: Dependency) -> _Need:
    if dependency.url is not None:
        raise _Disputed  # only a manifest may ask for a place
    return _Need(dependency.specifier, dependency.extras)
