"""What is asked of the conda world, and what it answers: plain values, so that a solve over PyPI alone does not pay for
the import of py-rattler."""

from __future__ import annotations

from datetime import datetime

from resolver.conda.records import CondaRecord
from resolver.model import CondaSpec, LockedPackage
from resolver.platforms import Platform
from resolver.values import dataclass

__all__ = [
    "CondaProblem",
    "CondaSolution",
    "CondaUnsolvable",
    "MadeUpRecord",
    "MixedProblem",
    "MixedSolution",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaProblem:
    """What one platform asks of its channels. ``channels`` are canonical URLs in order of priority, of which
    ``channel_priority`` (``strict``, ``flexible`` or ``disabled``) says what it means. With ``take_untimed`` a cut-off
    lets records pass that have no time. ``pins`` are packages of an earlier lock, preferred where they will do;
    ``limits`` are MatchSpecs that limit without asking; ``filters`` are MatchSpecs of records that count as not being
    there; ``changed_virtual`` names the virtual packages that are not as they were when the pins were chosen."""

    platform: Platform
    channels: tuple[str, ...]
    specs: tuple[CondaSpec, ...]
    cut_off: datetime | None = None
    take_untimed: bool = False
    channel_priority: str = "strict"
    pins: tuple[LockedPackage, ...] = ()
    limits: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    changed_virtual: frozenset[str] = frozenset()

    @property
    def subdirs(self) -> tuple[str, ...]:
        return (self.platform.subdir, "noarch")


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSolution:
    """The chosen records, sorted by name, each with a sha256; ``shown`` pairs each channel with the digest over the
    sorted sha256s of the records that the solver could see."""

    records: tuple[CondaRecord, ...]
    shown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaUnsolvable:
    """No set of records satisfies the problem. ``core`` is a smallest set of its specs that cannot hold together,
    ``text`` the solver's own words for that core, ``names`` all names that the channels have.

    Where no version fits the one spec of the core, ``versions`` are those that there are, newest first.
    ``unhashed`` are the records within reach that were left out because they have no sha256, as (name, version);
    ``untimed`` is how many have no time, which the cut-off leaves out; ``filtered`` is how many of a name of the core
    the problem's filters leave out.
    """

    problem: CondaProblem
    core: tuple[CondaSpec, ...]
    text: str
    names: frozenset[str]
    versions: tuple[str, ...] = ()
    unhashed: tuple[tuple[str, str], ...] = ()
    untimed: int = 0
    filtered: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpRecord:
    """A version of a project: ``depends`` and ``constrains`` are MatchSpecs."""

    name: str
    rank: int
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedProblem:
    """conda's problem, the records beside it, what is asked of those (MatchSpecs, in order of preference, after all
    of conda's specs), and constraints that ask for nothing."""

    conda: CondaProblem
    records: tuple[MadeUpRecord, ...]
    specs: tuple[str, ...]
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSolution:
    """conda's records sorted by name, and the chosen rank of each made-up name."""

    records: tuple[CondaRecord, ...]
    ranks: dict[str, int]
