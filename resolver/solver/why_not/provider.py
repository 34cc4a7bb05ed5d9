"""The resolvelib provider: what PyPI projects need of each other on one target.

An identifier is a project, or a project with one extra (``requests[socks]``): the extra is a candidate of its own
that needs the same version of its project, and what the extra adds. Projects that conda provides are *fixed*: they
have one candidate, conda's, whose dependencies are conda's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from resolvelib import AbstractProvider
from resolvelib.resolvers import RequirementInformation

from resolver.indexes import CoreMetadata, DistributionFile
from resolver.solver.direct import DirectFile
from resolver.solver.knowledge import Knowledge
from resolver.solver.pins import ProjectPin
from resolver.solver.preference import Asked, hashes_of, preferred_files
from resolver.solver.requirements import Dependency
from resolver.values import dataclass

__all__ = ["Candidate", "Identifier", "Need", "Provider"]

Identifier = tuple[str, str]
"""A normalised project name, and one normalised extra or ``""``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One requirement inside the solver. ``needed_by`` says who makes it, for people: an origin or a candidate.

    ``exactly`` binds an extra to its project's candidate; ``impossible`` is why nothing can satisfy it.
    """

    name: str
    extra: str = ""
    specifier: str = ""
    hashes: tuple[str, ...] = ()
    direct: DirectFile | None = None
    exactly: Version | None = None
    impossible: str | None = None
    needed_by: str
    root: bool = False

    def __str__(self) -> str:
        extra = f"[{self.extra}]" if self.extra else ""
        if self.direct is not None:
            return f"{self.name}{extra} @ {self.direct.url}"
        return f"{self.name}{extra}{self.specifier}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One version of a project (or of its extra). ``file`` is the wheel, ``None`` where conda provides it."""

    name: str
    extra: str
    version: Version
    rank: int
    file: DistributionFile | None
    direct: DirectFile | None = None

    @property
    def identifier(self) -> Identifier:
        return (self.name, self.extra)

    def __str__(self) -> str:
        extra = f"[{self.extra}]" if self.extra else ""
        return f"{self.name}{extra} {self.version}"


class Provider(AbstractProvider[Need, Candidate, Identifier]):
    """``fixed`` maps the projects that conda provides to their versions;
    ``constraints`` maps projects to the specifier sets that limit them without asking for them. ``pins`` are tried
    first, and pinned roots are decided before new ones."""

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        fixed: Mapping[str, Version],
        constraints: Mapping[str, Sequence[str]],
        prereleases: bool = False,
        pins: Mapping[str, ProjectPin] | None = None,
    ) -> None:
        self._knowledge = knowledge
        self._fixed = fixed
        self._constraints = constraints
        self._prereleases = prereleases
        self._pins = pins or {}
        self._candidates: dict[tuple[str, str, int, str], Candidate] = {}
        self._needs: dict[tuple[str, str, int], tuple[Need, ...]] = {}

    # ---- resolvelib's questions, in the order in which it asks them

    def identify(self, requirement_or_candidate: Need | Candidate) -> Identifier:
        return (requirement_or_candidate.name, requirement_or_candidate.extra)

    def get_preference(
        self,
        identifier: Identifier,
        resolutions: Mapping[Identifier, Candidate],
        candidates: Mapping[Identifier, Iterator[Candidate]],
        information: Mapping[Identifier, Iterator[RequirementInformation[Need, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Need, Candidate]],
    ) -> tuple[Any, ...]:
        """What is given, then the roots in their order (it is what "the best answer" means), then what leaves least
        choice."""
        needs = [info.requirement for info in information[identifier]]
        given = identifier[0] in self._fixed or any(n.direct or n.exactly or n.impossible for n in needs)
        root = any(n.root for n in needs)
        causes = {info.requirement.name for info in backtrack_causes}
        return (
            not given,
            not root,
            (identifier[0] not in self._pins, *identifier) if root else (),
            not any("==" in n.specifier and "*" not in n.specifier for n in needs),
            identifier[0] not in causes,
            not any(n.specifier for n in needs),
            identifier,
        )

    def find_matches(
        self,
        identifier: Identifier,
        requirements: Mapping[Identifier, Iterator[Need]],
        incompatibilities: Mapping[Identifier, Iterator[Candidate]],
    ) -> Any:
        name, extra = identifier
        needs = [*requirements.get(identifier, ())]
        if extra:
            needs.extend(requirements.get((name, ""), ()))
        if any(need.impossible for need in needs):
            return []
        tried = {id(candidate) for candidate in incompatibilities.get(identifier, ())}
        direct = next((need.direct for need in needs if need.direct), None)
        if name in self._fixed:
            found: Iterable[Candidate] = [self._fixed_candidate(name, extra)]
        elif direct is not None:
            found = [self._direct_candidate(direct, extra)]
        else:
            return lambda: self._from_index(name, extra, needs, tried)
        return [c for c in found if id(c) not in tried and self._admitted(c, needs)]

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        return self._satisfies(requirement, candidate)

    def get_dependencies(self, candidate: Candidate) -> tuple[Need, ...]:
        key = (candidate.name, candidate.extra, candidate.rank)
        if candidate.direct is not None:
            key = (candidate.name, candidate.extra + "@" + candidate.direct.url, 0)
        if key not in self._needs:
            self._needs[key] = tuple(self._dependencies(candidate))
            self._knowledge.projects.prefetch([n.name for n in self._needs[key] if n.name not in self._fixed])
        return self._needs[key]

    # ---- candidates

    def _from_index(self, name: str, extra: str, needs: Sequence[Need], tried: set[int]) -> Iterator[Candidate]:
        """Candidates in order of preference."""
        limits = self._constraints.get(name, ())
        asked = Asked(
            specifiers=[*(need.specifier for need in needs), *limits],
            by_people=[*(need.specifier for need in needs if need.root), *limits],
            hashes=hashes_of(need.hashes for need in needs),
            prereleases=self._prereleases,
        )
        for rank, file in preferred_files(self._knowledge.files(name), asked, self._pins.get(name)):
            candidate = self._candidate(name, extra, rank, file)
            if id(candidate) not in tried and _exactly(needs, candidate):
                yield candidate

    def _candidate(self, name: str, extra: str, rank: int, file: DistributionFile) -> Candidate:
        key = (name, extra, rank, file.filename)
        if key not in self._candidates:
            version = self._knowledge.files(name).project.ranked.versions[rank]
            self._candidates[key] = Candidate(name=name, extra=extra, version=version, rank=rank, file=file)
        return self._candidates[key]

    def _fixed_candidate(self, name: str, extra: str) -> Candidate:
        key = (name, extra, -1, "")
        if key not in self._candidates:
            self._candidates[key] = Candidate(name=name, extra=extra, version=self._fixed[name], rank=-1, file=None)
        return self._candidates[key]

    def _direct_candidate(self, direct: DirectFile, extra: str) -> Candidate:
        key = (direct.url, extra, -2, "")
        if key not in self._candidates:
            version = Version(direct.metadata.version)
            self._candidates[key] = Candidate(
                name=direct.metadata.name, extra=extra, version=version, rank=-2, file=None, direct=direct
            )
        return self._candidates[key]

    def _admitted(self, given: Candidate, needs: Sequence[Need]) -> bool:
        constraints = self._constraints.get(given.name, ())
        return all(self._satisfies(need, given) for need in needs) and all(
            SpecifierSet(c).contains(given.version, prereleases=True) for c in constraints
        )

    def _satisfies(self, need: Need, candidate: Candidate) -> bool:
        if need.impossible is not None or (need.exactly is not None and need.exactly != candidate.version):
            return False
        if need.direct is not None:
            return candidate.direct is not None and candidate.direct.url == need.direct.url
        if candidate.rank >= 0:
            return bool(
                self._knowledge.files(candidate.name).project.ranked.admitted(need.specifier) >> candidate.rank & 1
            )
        return SpecifierSet(need.specifier).contains(candidate.version, prereleases=True)

    # ---- dependencies

    def _dependencies(self, candidate: Candidate) -> Iterator[Need]:
        if candidate.extra:
            yield Need(name=candidate.name, exactly=candidate.version, needed_by=str(candidate))
        elif candidate.name in self._fixed:
            return
        metadata = self._metadata(candidate)
        if isinstance(metadata, str):
            yield Need(name=candidate.name, extra=candidate.extra, impossible=metadata, needed_by=str(candidate))
            return
        for dependency in self._knowledge.dependencies(metadata, candidate.extra):
            yield from _as_needs(dependency, str(candidate))

    def _metadata(self, candidate: Candidate) -> CoreMetadata | str:
        """The metadata, or why there is none that could be used."""
        if candidate.direct is not None:
            return self._knowledge.usable(candidate.direct)
        if candidate.file is not None:
            return self._knowledge.metadata(candidate.name, candidate.file)
        file = self._knowledge.file_of(candidate.name, str(candidate.version))
        if file is not None:
            return self._knowledge.metadata(candidate.name, file)
        return (
            f"conda provides {candidate.name} {candidate.version}, of which no index has a wheel that says what the "
            f"extra [{candidate.extra}] needs"
        )


def _as_needs(dependency: Dependency, needed_by: str) -> Iterator[Need]:
    name = dependency.name
    if dependency.url is not None:
        reason = f"{needed_by} needs {name} from a URL ({dependency.url}), which only a manifest may ask for"
        yield Need(name=name, impossible=reason, needed_by=needed_by)
        return
    yield Need(name=name, specifier=dependency.specifier, needed_by=needed_by)
    for extra in dependency.extras:
        yield Need(name=name, extra=extra, specifier=dependency.specifier, needed_by=needed_by)


def _exactly(needs: Sequence[Need], candidate: Candidate) -> bool:
    return all(need.exactly is None or need.exactly == candidate.version for need in needs)
