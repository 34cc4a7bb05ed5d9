"""Reading an answer: from what was chosen to what is locked, in the same way whichever engine chose it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from resolver.indexes import CoreMetadata
from resolver.light_typing import TYPE_CHECKING
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.indexes import DistributionFile
    from resolver.solver.direct import DirectFile
    from resolver.solver.knowledge import Knowledge
    from resolver.solver.requirements import Dependency

__all__ = [
    "Choice",
    "ProjectExtra",
    "PypiSolution",
    "Request",
    "ResolvedProject",
    "metadata_of",
    "needs_of",
    "read_answer",
]

ProjectExtra = tuple[str, str]
"""A project and one of its extras, both normalised; ``""`` is the project itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A root: one pip requirement that applies on the target. ``origin`` is where it stands."""

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    hashes: tuple[str, ...] = ()
    direct: DirectFile | None = None
    origin: str = ""

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras} @ {self.direct.url}" if self.direct else f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen for a project: a wheel from an index, a direct one, or (neither) conda's package. ``version`` is
    in the normal form of PEP 440."""

    version: str
    file: DistributionFile | None = None
    direct: DirectFile | None = None

    @property
    def is_condas(self) -> bool:
        return self.file is None and self.direct is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProject:
    """One chosen version. ``file`` or ``direct`` is its wheel; ``dependencies`` are (name, specifier) of what it
    needs on this target, the extras that were asked for included. ``version`` is in the normal form of PEP 440."""

    name: str
    version: str
    extras: tuple[str, ...]
    file: DistributionFile | None
    direct: DirectFile | None
    dependencies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiSolution:
    """The chosen projects, sorted by name, without those that conda provides. ``added`` tells what the extras of
    *those* need from PyPI, by (project, extra): whoever asks for such an extra depends on that.

    ``needs`` keeps apart what a project needs itself and for each extra that someone asks for, conda's projects
    included: an extra needs its project, and what a conda package needs is conda's affair.
    """

    projects: tuple[ResolvedProject, ...]
    added: Mapping[ProjectExtra, tuple[tuple[str, str], ...]]
    needs: Mapping[ProjectExtra, tuple[ProjectExtra, ...]]


def read_answer(
    requests: Iterable[Request],
    choices: Mapping[str, Choice],
    needs_of: Callable[[str, str, Choice], Sequence[Dependency]],
) -> PypiSolution:
    """Go from the roots through what was chosen. What nothing reaches is no part of the answer. ``needs_of`` gives what
    the choice for a project needs, or what one of its extras adds to that.

    Raises ``KeyError`` for a project that is reached and was not chosen: an engine's fault.
    """
    extras: dict[str, set[str]] = {}
    waiting = [(request.name, request.extras) for request in requests]
    while waiting:
        name, asked = waiting.pop()
        new = {"", *asked} - extras.get(name, set())
        extras.setdefault(name, set()).update(new)
        for extra in sorted(new):
            waiting.extend((n.name, n.extras) for n in needs_of(name, extra, choices[name]))
    needs = {(name, extra): needs_of(name, extra, choices[name]) for name in extras for extra in sorted(extras[name])}
    added = {key: found for key, found in needs.items() if key[1] and choices[key[0]].is_condas}
    projects = [
        ResolvedProject(
            name=name,
            version=choices[name].version,
            extras=tuple(sorted(asked - {""})),
            file=choices[name].file,
            direct=choices[name].direct,
            dependencies=_pairs([n for extra in asked for n in needs[name, extra] if n.name != name], added),
        )
        for name, asked in sorted(extras.items())
        if not choices[name].is_condas
    ]
    return PypiSolution(
        projects=tuple(projects),
        added={key: _pairs(found, added) for key, found in sorted(added.items())},
        needs={key: _needed_by(key, found) for key, found in sorted(needs.items())},
    )


def metadata_of(name: str, choice: Choice, knowledge: Knowledge) -> CoreMetadata | None:
    """The metadata of what was chosen; for a conda package that of a wheel of its version, if there is one."""
    if choice.direct is not None:
        return choice.direct.metadata
    file = choice.file or knowledge.file_of(name, choice.version)
    known = knowledge.metadata(name, file) if file is not None else None
    return known if isinstance(known, CoreMetadata) else None


def needs_of(knowledge: Knowledge, name: str, extra: str, choice: Choice) -> Sequence[Dependency]:
    """What a choice needs, for ``read_answer``. What a conda package needs is conda's affair."""
    if choice.is_condas and not extra:
        return ()
    metadata = metadata_of(name, choice, knowledge)
    return knowledge.dependencies(metadata, extra) if metadata is not None else ()


def _needed_by(key: ProjectExtra, needs: Iterable[Dependency]) -> tuple[ProjectExtra, ...]:
    found = {(need.name, extra) for need in needs for extra in ("", *need.extras)}
    return tuple(sorted((found | {(key[0], "")}) - {key}))


def _pairs(
    needs: Iterable[Dependency], added: Mapping[ProjectExtra, Sequence[Dependency]]
) -> tuple[tuple[str, str], ...]:
    """The (name, specifier) pairs, with what extras of conda's projects add in their place."""
    found: set[tuple[str, str]] = set()
    seen: set[tuple[str, str]] = set()
    waiting = list(needs)
    while waiting:
        need = waiting.pop()
        found.add((need.name, need.specifier))
        for extra in need.extras:
            if (need.name, extra) in added and (need.name, extra) not in seen:
                seen.add((need.name, extra))
                waiting.extend(added[need.name, extra])
    return tuple(sorted(found))
