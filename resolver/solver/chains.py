"""How a contradiction comes about: from roots that cannot hold together to the package on which they disagree.

Each root is a demand on a package. What a package needs is read off the best version that all demands on it so far
admit, and makes the next demands. As soon as no version of some package meets all demands on it, the demands that
matter are told, each with the way to it. This follows what is known and asks nothing; that the roots have no solution
is known before it begins, so a chain shows one way in which they fail and proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaRecord, record_matches
from resolver.indexes import CoreMetadata
from resolver.model import CondaSpec
from resolver.names import NamesMap
from resolver.roots import pep440_of
from resolver.solver.answer import Request
from resolver.solver.explain import shown
from resolver.solver.knowledge import Knowledge, dependencies_of

__all__ = ["Contradiction", "Demand", "World", "find_contradiction"]

_MOST_DEMANDS = 2_000
_MOST_RESTARTS = 50

Root = CondaSpec | Request


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where candidates come from. ``records`` gives a conda package's, oldest first; ``owned`` are the projects that
    conda alone provided, ``constraints`` the version limits on projects."""

    knowledge: Knowledge
    names: NamesMap
    records: Callable[[str], Sequence[CondaRecord]]
    python: CondaRecord | None
    owned: frozenset[str]
    constraints: dict[str, tuple[str, ...]]


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
    first, where it is conda that provides the project and none of them will do; ``refusal`` is why a version that
    would do cannot be used."""

    name: str
    demands: tuple[Demand, ...]
    provided: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A version of a package with what it needs: a conda record, or a wheel (``None`` where that is not known)."""

    version: Version
    said: str
    record: CondaRecord | None = None
    metadata: CoreMetadata | None = None


@dataclass(slots=True, kw_only=True)
class _Search:
    """One walk from the roots. ``limits`` are demands that an earlier walk met too late to choose by."""

    world: World
    limits: dict[str, list[Demand]]
    demands: dict[str, list[Demand]] = field(default_factory=dict)
    chosen: dict[str, _Candidate] = field(default_factory=dict)


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
    waiting = list(roots)
    for demand in roots:
        contradiction = _register(search, demand)
        if contradiction is not None:
            return contradiction
    for demand in waiting:  # it grows as it is walked
        if len(waiting) > _MOST_DEMANDS:
            return None
        for new in _needs(search, demand):
            contradiction = _register(search, new)
            if contradiction is not None:
                return contradiction
            if any(not _admits(new, search.chosen[key]) for key in _keys(search.world, new) if key in search.chosen):
                return new
            waiting.append(new)
    return None


def _register(search: _Search, demand: Demand) -> Contradiction | None:
    for key in _keys(search.world, demand):
        known = search.demands.setdefault(key, [])
        if any((d.spec, d.is_conda, d.extras) == (demand.spec, demand.is_conda, demand.extras) for d in known):
            continue
        known.append(demand)
        if not _fitting(search.world, key, known):
            return _contradiction(search.world, key, known)
    return None


def _contradiction(world: World, key: str, demands: Sequence[Demand]) -> Contradiction:
    """Leave out demands, the last ones last, for as long as no version meets the rest."""
    core = list(demands)
    for demand in tuple(core[:-1]):
        rest = [other for other in core if other is not demand]
        if not _fitting(world, key, rest):
            core = rest
    provided: tuple[str, ...] = ()
    asked = [d for d in core if not d.is_conda]
    by_conda = [d for d in core if d.is_conda]
    if asked and by_conda:
        there = _candidates(world, key, by_conda[:1])
        if not any(_admits(d, candidate) for candidate in there for d in asked):
            versions = [c for c in there if all(_admits(d, c) for d in by_conda)]
            provided = tuple(dict.fromkeys(c.record.version for c in reversed(versions) if c.record))
    return Contradiction(
        name=key, demands=tuple(core), provided=provided, refusal=None if by_conda else _refusal(world, key, asked)
    )


# ---------------------------------------------------------------------------------------------- candidates


def _keys(world: World, demand: Demand) -> tuple[str, ...]:
    """What a demand is on: a project, or a conda package that provides none."""
    if not demand.is_conda:
        return (demand.name,)
    records = world.records(demand.name)
    provided = _provided(world, records[-1]) if records else ()
    return provided or (f"conda:{demand.name}",)


def _provided(world: World, record: CondaRecord) -> tuple[str, ...]:
    return world.names.provides(record.name, depends=record.depends, noarch=record.noarch)


def _fitting(world: World, key: str, demands: Sequence[Demand]) -> list[_Candidate]:
    return [c for c in _candidates(world, key, demands) if all(_admits(demand, c) for demand in demands)]


def _candidates(world: World, key: str, demands: Sequence[Demand]) -> list[_Candidate]:
    """Ascending. Where conda is asked for the package, no wheel of it may be there."""
    direct = next((d.exactly for d in demands if d.exactly is not None), None)
    if direct is not None:
        return [_Candidate(version=direct, said=f"{key} {direct}")]
    asked = next((demand.name for demand in demands if demand.is_conda), None)
    if asked is not None:
        return [_from_record(record) for record in _of_this_python(world, world.records(asked))]
    wheels = _wheels(world, key)
    from_conda = [
        _from_record(record)
        for name in world.names.conda_names(key)
        for record in _of_this_python(world, world.records(name))
        if key in _provided(world, record)
    ]
    both = (wheels, from_conda) if key in world.owned else (from_conda, wheels)
    limits = world.constraints.get(key, ())
    return [c for c in (*both[0], *both[1]) if all(_contains(limit, c.version) for limit in limits)]


def _from_record(record: CondaRecord) -> _Candidate:
    said = f"conda's {record.name} {record.version}"
    return _Candidate(version=pep440_of(record.version), said=said, record=record)


def _of_this_python(world: World, records: Sequence[CondaRecord]) -> list[CondaRecord]:
    """The records that may stand beside the Python that is meant; all of them, if none may."""
    python = world.python
    if python is None:
        return list(records)
    fitting = [r for r in records if all(record_matches(d, python) for d in r.depends if d.split()[0] == "python")]
    return fitting or list(records)


def _wheels(world: World, project: str) -> list[_Candidate]:
    wheels = world.knowledge.wheels(project)
    found = []
    for final in (False, True):
        for rank, version in enumerate(wheels.project.ranked.versions):
            file = wheels.best(rank)
            known = world.knowledge.known(file) if file is not None else None
            if file is not None and not isinstance(known, str) and version.is_prerelease != final:
                found.append(_Candidate(version=version, said=f"{project} {version}", metadata=known))
    return found


def _refusal(world: World, project: str, demands: Sequence[Demand]) -> str | None:
    """Why the newest version that all demands admit cannot be used, where its metadata says so."""
    wheels = world.knowledge.wheels(project)
    for rank in range(len(wheels.project.ranked.versions) - 1, -1, -1):
        file = wheels.best(rank)
        known = world.knowledge.known(file) if file is not None else None
        version = wheels.project.ranked.versions[rank]
        if isinstance(known, str) and all(_contains(demand.spec, version) for demand in demands):
            return known
    return None


def _admits(demand: Demand, candidate: _Candidate) -> bool:
    if not demand.is_conda:
        return demand.exactly is not None or _contains(demand.spec, candidate.version)
    return candidate.record is not None and (
        candidate.record.name != demand.name or record_matches(demand.spec, candidate.record)
    )


def _contains(specifier: str, version: Version) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


# --------------------------------------------------------------------------------------------------- needs


def _needs(search: _Search, demand: Demand) -> Iterator[Demand]:
    """What the best version for all demands on a package needs, once for each demand of another kind."""
    for key in _keys(search.world, demand):
        known = [*search.demands.get(key, ()), *search.limits.get(key, ())]
        fitting = _fitting(search.world, key, known)
        if not fitting:
            continue
        best = search.chosen.setdefault(key, fitting[-1])
        others = {c.version for c in fitting} - {best.version}
        yield from _of_record(best, demand, len(others)) if best.record else _of_wheel(
            search.world, best, demand, len(others)
        )


def _of_record(best: _Candidate, demand: Demand, others: int) -> Iterator[Demand]:
    depends = best.record.depends if best.record is not None else ()
    for spec in depends:
        name = spec.split()[0]
        if not name.startswith("__"):
            yield Demand(
                name=name, spec=spec, is_conda=True, what=_with_others(spec, others), who=best.said, parent=demand
            )


def _of_wheel(world: World, best: _Candidate, demand: Demand, others: int) -> Iterator[Demand]:
    if best.metadata is None:
        return
    for extra in ("", *demand.extras):
        for need in dependencies_of(best.metadata, world.knowledge.target, extra):
            extras = f"[{','.join(need.extras)}]" if need.extras else ""
            yield Demand(
                name=need.name,
                spec=need.specifier,
                is_conda=False,
                what=_with_others(f"{need.name}{extras}{need.specifier}", others),
                who=f"{best.said}[{extra}]" if extra else best.said,
                extras=need.extras,
                parent=demand,
            )


def _with_others(what: str, others: int) -> str:
    """The chain follows one version; that the others end no better is known from the solve."""
    if not others:
        return what
    return f"{what} ({'another version does' if others == 1 else f'{others} other versions do'} not fit either)"
