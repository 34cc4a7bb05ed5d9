"""How a contradiction comes about: from roots that cannot hold together to the package on which they disagree.

Each root is a demand on a package. What a package needs is read off the best version that all demands on it so far
admit, and makes the next demands. As soon as no version of some package meets all demands on it, the demands that
matter are told, each with the way to it. This follows what is known and asks nothing; that the roots have no solution
is known before it begins, so a chain shows one way in which they fail and proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.version import Version

from resolver.conda import record_matches
from resolver.indexes import CoreMetadata
from resolver.model import CondaSpec
from resolver.solver.answer import Request
from resolver.solver.knowledge import Knowledge
from resolver.solver.why_not.candidates import Candidate, World, contains
from resolver.solver.why_not.explain import CONDA_PROVIDES_IT, shown
from resolver.values import dataclass, field

__all__ = ["Contradiction", "Demand", "claims_of", "find_contradiction"]

_CONDA = "conda:"
"""Before the name of a conda package that provides no project."""

_OF_PYTHON = ("python", "python_abi")
_MOST_DEMANDS = 1_000
_MOST_VERSIONS = 5
_MOST_RESTARTS = 50

Root = CondaSpec | Request


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """A claim on one package: ``what`` is asked by ``who``, who is there because of ``parent`` (``None``: a root).

    ``spec`` is a MatchSpec where ``is_conda``, else a PEP 440 set.
    """

    name: str
    spec: str
    is_conda: bool
    what: str
    who: str
    extras: tuple[str, ...] = ()
    exactly: Version | None = None
    parent: Demand | None = None

    def way(self) -> tuple[Demand, ...]:
        """The demands from the root to this one."""
        return (*self.parent.way(), self) if self.parent is not None else (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Demands on ``name`` that no version meets together. ``provided`` are the versions of conda's package, newest
    first, where it is conda that provides the project and none of them will do."""

    name: str
    demands: tuple[Demand, ...]
    provided: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.name.removeprefix(_CONDA)


@dataclass(slots=True, kw_only=True)
class _Search:
    """One walk from the roots. ``limits`` are demands that an earlier walk met too late to choose by."""

    world: World
    limits: dict[str, list[Demand]]
    demands: dict[str, list[Demand]] = field(default_factory=dict)
    chosen: dict[str, Candidate] = field(default_factory=dict)


def find_contradiction(roots: Sequence[Root], world: World) -> Contradiction | None:
    """The first contradiction in breadth, or ``None`` where following the best versions meets none."""
    limits: dict[str, list[Demand]] = {}
    for _ in range(_MOST_RESTARTS):
        search = _Search(world=world, limits=limits)
        found = _walk(search, [_root(root) for root in roots])
        if isinstance(found, Contradiction):
            return found
        if found is None:
            return None
        for key in _keys(world, found):
            limits.setdefault(key, []).append(found)
    return None


def claims_of(found: Contradiction) -> tuple[tuple[str, str], ...]:
    """What is asked by whom, from the roots on, each step once."""
    claims = [(step.what, step.who) for demand in found.demands for step in demand.way()]
    if found.provided:
        claims.append((f"{found.subject} {', '.join(found.provided[:_MOST_VERSIONS])}", CONDA_PROVIDES_IT))
    return tuple(dict.fromkeys(claims))


def _root(root: Root) -> Demand:
    if isinstance(root, CondaSpec):
        return Demand(name=root.name, spec=str(root), is_conda=True, what=shown(root), who=str(root.origin))
    return Demand(
        name=root.name,
        spec=root.specifier,
        is_conda=False,
        what=str(root),
        who=root.origin,
        extras=root.extras,
        exactly=Version(root.direct.metadata.version) if root.direct is not None else None,
    )


def _walk(search: _Search, roots: list[Demand]) -> Contradiction | Demand | None:
    """A contradiction, or a demand that refuses a version by which the walk has gone already, or ``None``."""
    waiting: list[Demand] = []
    for demand in roots:
        met = _meet(search, demand, waiting)
        if met is not None:
            return met
    for demand in waiting:  # it grows as it is walked
        for new in _needs(search, demand):
            met = _meet(search, new, waiting)
            if met is not None or len(waiting) > _MOST_DEMANDS:
                return met
    return None


def _meet(search: _Search, demand: Demand, waiting: list[Demand]) -> Contradiction | Demand | None:
    """Take up a demand, unless an equal one is known."""
    for key in _keys(search.world, demand):
        known = search.demands.setdefault(key, [])
        if any(_kind(demand) == _kind(other) for other in known):
            continue
        known.append(demand)
        if not _fitting(search.world, key, known):
            return _contradiction(search.world, key, known)
        if key in search.chosen and not _admits(demand, search.chosen[key]):
            return demand
        waiting.append(demand)
    return None


def _kind(demand: Demand) -> tuple[object, ...]:
    return demand.name, demand.spec, demand.is_conda, demand.extras


def _contradiction(world: World, key: str, demands: Sequence[Demand]) -> Contradiction:
    """Leave out demands, the last ones last, for as long as no version meets the rest."""
    core = list(demands)
    for demand in tuple(core[:-1]):
        rest = [other for other in core if other is not demand]
        if not _fitting(world, key, rest):
            core = rest
    asked = [d for d in core if not d.is_conda]
    if len(asked) == len(core):
        return Contradiction(name=key, demands=tuple(core))
    return Contradiction(name=key, demands=tuple(core), provided=_provided(world, key, core))


def _provided(world: World, key: str, demands: Sequence[Demand]) -> tuple[str, ...]:
    """conda's versions, newest first, where none at all would do: then its own specs do not tell why."""
    by_conda = [d for d in demands if d.is_conda]
    asked = [d for d in demands if not d.is_conda]
    there = _candidates(world, key, by_conda)
    if not asked or any(all(_admits(d, c) for d in asked) for c in there):
        return ()
    newest = reversed(_fitting(world, key, by_conda))
    return tuple(dict.fromkeys(c.record.version for c in newest if c.record is not None))


def _keys(world: World, demand: Demand) -> tuple[str, ...]:
    """What a demand is on: a project, or a conda package that provides none."""
    if not demand.is_conda:
        return (demand.name,)
    return world.provided(demand.name) or (f"{_CONDA}{demand.name}",)


def _fitting(world: World, key: str, demands: Sequence[Demand]) -> list[Candidate]:
    """The candidates that all demands admit: those beside the Python that is meant, else the others."""
    fitting = [c for c in _candidates(world, key, demands) if all(_admits(demand, c) for demand in demands)]
    return [c for c in fitting if c.beside] or fitting


def _candidates(world: World, key: str, demands: Sequence[Demand]) -> tuple[Candidate, ...]:
    """Where conda is asked for the package, no wheel of it may be there."""
    direct = next((d.exactly for d in demands if d.exactly is not None), None)
    if direct is not None:
        return (Candidate(version=direct, said=f"{key} {direct}"),)
    asked = next((demand.name for demand in demands if demand.is_conda), None)
    return world.of_conda(asked) if asked is not None else world.of_project(key)


def _admits(demand: Demand, candidate: Candidate) -> bool:
    if not demand.is_conda:
        return demand.exactly is not None or contains(demand.spec, candidate.version)
    return candidate.record is not None and (
        candidate.record.name != demand.name or record_matches(demand.spec, candidate.record)
    )


# --------------------------------------------------------------------------------------------------- needs


def _needs(search: _Search, demand: Demand) -> Iterator[Demand]:
    """What the best version for all demands on a package needs."""
    for key in _keys(search.world, demand):
        known = search.demands[key]
        fitting = _fitting(search.world, key, known)
        limited = _fitting(search.world, key, [*known, *search.limits.get(key, ())])
        best = search.chosen.setdefault(key, (limited or fitting)[-1])
        others = len({c.version for c in fitting} - {best.version})
        if best.record is not None:
            yield from _of_record(search.world, best, best.record.depends, demand, others)
        elif best.metadata is not None and search.world.knowledge is not None:
            yield from _of_wheel(search.world.knowledge, best, best.metadata, demand, others)


def _of_record(world: World, best: Candidate, depends: Sequence[str], demand: Demand, others: int) -> Iterator[Demand]:
    for spec in depends:
        name = spec.split()[0]
        # without a Python that is meant, its builds are of any, and one that disagrees with another proves nothing
        if world.python is not None or name not in _OF_PYTHON:
            told = f"python {pythons}" if name == "python" and (pythons := _built_for(world, best)) else spec
            what = _with_others(told, others)
            yield Demand(name=name, spec=spec, is_conda=True, what=what, who=best.said, parent=demand)


def _built_for(world: World, best: Candidate) -> str:
    """The Pythons that a version has builds for, where these are several: each build needs one of them."""
    minors = {
        need.split()[1].removesuffix(".*")
        for other in (world.of_conda(best.record.name) if best.record is not None else ())
        if other.record is not None and other.version == best.version and not other.beside
        for need in other.record.depends
        if need.startswith("python_abi ")
    }
    ordered = sorted(minors, key=Version) if all(minor.replace(".", "").isdigit() for minor in minors) else []
    return f"{', '.join(ordered[:-1])} or {ordered[-1]}" if len(ordered) > 1 and not best.beside else ""


def _of_wheel(
    knowledge: Knowledge, best: Candidate, metadata: CoreMetadata, demand: Demand, others: int
) -> Iterator[Demand]:
    for extra in ("", *demand.extras):
        for need in knowledge.dependencies(metadata, extra):
            extras = f"[{','.join(need.extras)}]" if need.extras else ""
            yield Demand(
                name=need.name,
                spec=need.specifier,
                is_conda=False,
                what=_with_others(f"{need.name}{extras}{need.specifier}", others, _override(knowledge, need.name)),
                who=f"{best.said}[{extra}]" if extra else best.said,
                extras=need.extras,
                parent=demand,
            )


def _override(knowledge: Knowledge, name: str) -> str:
    """Where it is settled what all packages need of a project, whatever they say themselves."""
    overrides = knowledge.projects.policy.overrides.get(name, ())
    return " by an override" if any(knowledge.target.applies(o.marker) for o in overrides) else ""


def _with_others(what: str, others: int, by: str = "") -> str:
    """The chain follows one version; that the others end no better is known from the solve."""
    if not others:
        return f"{what}{by}"
    return f"{what}{by} ({'another version does' if others == 1 else f'{others} other versions do'} not fit either)"
