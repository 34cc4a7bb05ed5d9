"""The joint solve: one SAT problem over conda and PyPI, in which conda may step back.

It is asked where the fast path (conda first, then the walk with conda's projects fixed) met anything in dispute.

    for each Python, the one that conda alone chose first:
        rule out what cannot be ─▶ descend to the best of what can ─▶ learn the metadata of what that met ─▶ again;
        where nothing is left to be learned: encode ─▶ solve ─▶ learn the metadata of what was chosen ─▶ again,
        until all of it is known

Where there is no conda and nobody has to step back, the descent's end is the answer already.

Order is policy. Python is decided first, then pip's requests, then conda's, each sorted by name. pip's come before
conda's because conda has many builds close to each other, while a PyPI release that is passed over for one without an
upper bound is often years away.

A first attempt leaves each project with the world that owned it when conda was solved alone. If that has no solution,
a second lets every project come from either world; if that has none for any Python, there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from resolver.conda import (
    CondaProblem,
    CondaRecord,
    MixedProblem,
    MixedSolution,
    conda_records,
    record_matches,
    solve_mixed,
)
from resolver.errors import NoSolution
from resolver.indexes import DistributionFile
from resolver.names import NamesMap
from resolver.platforms import PythonTarget
from resolver.roots import pep440_of
from resolver.solver.answer import Choice, PypiSolution, Request, needs_of, read_answer
from resolver.solver.joint.descent import descend
from resolver.solver.joint.encoding import Encoding
from resolver.solver.joint.entries import CondaPackage
from resolver.solver.joint.graph import Graph
from resolver.solver.joint.listing import Listing
from resolver.solver.joint.lookout import Lookout
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import NO_PINS, Pins
from resolver.solver.projects import Projects
from resolver.solver.targets import Target
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.conda.channels import Channels

__all__ = ["JointProblem", "JointSolution", "JointSolver"]

_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JointProblem:
    """``conda`` has no specs where the environment has none. ``owned`` are the projects of conda's own solution,
    ``python`` its Python (or the one that wheels are chosen for), ``pins`` what an earlier lock holds."""

    conda: CondaProblem
    requests: tuple[Request, ...]
    constraints: Mapping[str, Sequence[str]]
    owned: Mapping[str, str]
    python: PythonTarget
    names: NamesMap
    prereleases: bool = False
    pins: Pins = NO_PINS


@dataclass(frozen=True, slots=True, kw_only=True)
class JointSolution:
    """The records and projects that were chosen, and the Python that they were chosen for."""

    records: tuple[CondaRecord, ...]
    pypi: PypiSolution
    python: PythonTarget


class JointSolver:
    """Solves variants of one problem (with roots left out, say) without asking anything twice."""

    def __init__(self, channels: Callable[[], Channels], projects: Projects) -> None:
        self.channels = channels
        self._projects = projects
        self._knowledge: dict[PythonTarget, Knowledge] = {}
        self._records: dict[str, tuple[CondaRecord, ...]] = {}

    def begin_with(self, knowledge: Knowledge) -> None:
        """Start from what the fast path has learned."""
        self._knowledge[knowledge.target.python] = knowledge

    def solve(self, problem: JointProblem) -> JointSolution | None:
        """The solution, or ``None`` where there is none. Raises ``NoSolution`` without a conflict where the search
        ended at its bound, and what channels and indexes raise."""
        worlds = (False, True) if problem.conda.specs else (False,)  # without conda there is one world only
        for both in worlds:
            for python in self._pythons(problem):
                solution = self._solve_for(problem, python, both)
                if solution is not None:
                    return solution
        for python in self._patches(problem):
            for both in worlds:
                solution = self._solve_for(problem, python, both, exactly=True)
                if solution is not None:
                    return solution
        return None

    # ---- one Python

    def _solve_for(
        self, problem: JointProblem, python: PythonTarget, both: bool, *, exactly: bool = False
    ) -> JointSolution | None:
        this_python = f"python {python.version if exactly else python.minor}.*"
        limited = set(problem.owned)
        knowledge = self.knowing(problem, python)
        graph = Graph(
            knowledge=knowledge,
            requests=problem.requests,
            listing=Listing(
                knowledge=knowledge,
                requests=problem.requests,
                constraints=problem.constraints,
                owned=problem.owned,
                prereleases=problem.prereleases,
                both=both,
                pins=problem.pins,
            ),
            providers=_Providers(self, problem).of,
        )
        lookout = Lookout(graph, knowledge)
        for _ in range(_MOST_ROUNDS):
            descent = descend(graph, problem.constraints)
            if graph.possible.failed:
                return None
            if lookout.learn(descent.nodes()):
                continue
            if descent.complete and not problem.conda.specs:
                return self._solution(problem, graph, descent.chosen, python, ())
            encoding = Encoding(graph, problem.constraints)
            limits = (this_python, *self._limits(problem, limited))
            answer = solve_mixed(
                self.channels(),
                MixedProblem(conda=problem.conda, records=encoding.records, specs=encoding.specs, constraints=limits),
            )
            if not isinstance(answer, MixedSolution):
                return None
            owned = _owned_by(answer.records, problem.names)
            if not owned.isdisjoint(problem.constraints.keys() - limited):
                limited |= owned
                continue
            chosen = encoding.chosen(answer.ranks)
            if not lookout.learn(chosen.items()):
                ranks = {name: rank for (name, extra), rank in chosen.items() if not extra}
                return self._solution(problem, graph, ranks, python, answer.records)
        raise NoSolution(
            f"{problem.conda.platform.subdir}: the joint solve was given up after {_MOST_ROUNDS} rounds",
            hint="pin some of the requirements to narrow the search",
        )

    def _solution(
        self,
        problem: JointProblem,
        graph: Graph,
        chosen: Mapping[str, int],
        python: PythonTarget,
        records: tuple[CondaRecord, ...],
    ) -> JointSolution:
        choices = {name: _choice(graph, name, rank) for name, rank in chosen.items()}
        return JointSolution(
            records=records,
            pypi=read_answer(problem.requests, choices, partial(needs_of, self.knowing(problem, python))),
            python=_python_of(records) or python,
        )

    def knowing(self, problem: JointProblem, python: PythonTarget) -> Knowledge:
        """What is known about projects for one Python."""
        if python not in self._knowledge:
            target = Target(platform=problem.conda.platform, python=python, cut_off=problem.conda.cut_off)
            self._knowledge[python] = Knowledge(self._projects, target)
        return self._knowledge[python]

    def _pythons(self, problem: JointProblem) -> Iterator[PythonTarget]:
        """The Python that conda alone chose, then one of each other minor version that the channels have, newest
        first. Where python is not conda's there is no choice."""
        yield problem.python
        newest = {target.minor: target for target in self._all_pythons(problem)}
        newest.pop(problem.python.minor, None)
        yield from sorted(newest.values(), key=lambda t: t.release, reverse=True)

    def _patches(self, problem: JointProblem) -> list[PythonTarget]:
        """The other Pythons, newest first, for which some ``Requires-Python`` that was met says something else than
        for the tried one of the same minor version (``!=3.9.7`` is not rare)."""
        pythons = list(self._pythons(problem))
        tried = {python.minor: self.knowing(problem, python).target for python in pythons}
        others = [p for p in self._all_pythons(problem) if p not in pythons and tried[p.minor].differs_for(p)]
        return sorted(dict.fromkeys(others), key=lambda t: t.release, reverse=True)

    def _all_pythons(self, problem: JointProblem) -> list[PythonTarget]:
        """Those of the channels that the specs admit, oldest first."""
        specs = [str(spec) for spec in problem.conda.specs if spec.name == "python"]
        records = self.conda_records(problem.conda, ["python"])["python"] if specs else ()
        found = [
            PythonTarget.from_conda(record.version, record.build)
            for record in records
            if "pypy" not in record.build and all(record_matches(spec, record) for spec in specs)
        ]
        return [target for target in found if target.free_threaded == problem.python.free_threaded]

    def _limits(self, problem: JointProblem, projects: Set[str]) -> tuple[str, ...]:
        """The constraints on these projects as constraints on the conda packages that would provide them."""
        limits = []
        for project in sorted(problem.constraints.keys() & projects):
            specifiers = problem.constraints[project]
            admitted: dict[str, dict[str, bool]] = {}
            for record in _Providers(self, problem).of(project):
                version = pep440_of(record.version)
                fits = all(SpecifierSet(s).contains(version, prereleases=True) for s in specifiers)
                admitted.setdefault(record.name, {})[record.version] = fits
            for name, versions in admitted.items():
                out = [f"!={version}" for version, fits in versions.items() if not fits]
                limits += [f"{name}[version='{','.join(out)}']"] if out else []
        return tuple(limits)

    def conda_records(self, problem: CondaProblem, names: Sequence[str]) -> dict[str, tuple[CondaRecord, ...]]:
        """All records of these conda packages, oldest first."""
        if not problem.specs:
            return dict.fromkeys(names, ())
        new = [name for name in names if name not in self._records]
        if new:
            self._records.update(conda_records(self.channels(), problem, new))
        return {name: self._records[name] for name in names}


class _Providers:
    """Which conda records could provide a project, asked of the channels when a project is first met."""

    def __init__(self, solver: JointSolver, problem: JointProblem) -> None:
        self._solver = solver
        self._problem = problem

    def of(self, project: str) -> tuple[CondaRecord, ...]:
        names = self._problem.names
        owner = self._problem.owned.get(project)
        asked = sorted({*names.conda_names(project), *([owner] if owner else [])})
        records = self._solver.conda_records(self._problem.conda, asked)
        return tuple(
            r
            for name in asked
            for r in records[name]
            if project in names.provides(r.name, depends=r.depends, noarch=r.noarch)
        )


def _owned_by(records: Sequence[CondaRecord], names: NamesMap) -> set[str]:
    return {p for r in records for p in names.provides(r.name, depends=r.depends, noarch=r.noarch)}


def _choice(graph: Graph, name: str, rank: int) -> Choice:
    entry, version = graph.entry(name, rank), str(graph.version(name, rank))
    if isinstance(entry, DistributionFile):
        return Choice(version=version, file=entry)
    if entry is None or isinstance(entry, CondaPackage):
        return Choice(version=version)
    return Choice(version=version, direct=entry)


def _python_of(records: Sequence[CondaRecord]) -> PythonTarget | None:
    record = next((r for r in records if r.name == "python"), None)
    return PythonTarget.from_conda(record.version, record.build) if record is not None else None
