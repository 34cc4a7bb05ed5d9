"""What is solved, and what comes out of it for one platform."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.light_typing import TYPE_CHECKING
from resolver.model import CondaSpec, EnvironmentSpec, PlatformLock, PypiRequirement
from resolver.names import NamesMap
from resolver.platforms import Platform, PythonTarget
from resolver.solver.pins import NO_PINS, Pins
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from datetime import datetime

    from resolver.conda import CondaProblem, CondaRecord
    from resolver.solver.answer import ProjectExtra, ResolvedProject

__all__ = ["PlatformSolution", "SolveRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveRequest:
    """One environment on some platforms. ``channels`` are canonical URLs; ``python`` is the version that is used
    where conda locks none; ``cut_off`` is in UTC, and lets conda records without a time pass with ``take_untimed``.
    ``pins`` are the platforms of an earlier lock, preferred where they will do; ``limits`` are MatchSpecs that limit
    without asking; ``filters`` are MatchSpecs of conda records that count as not being there; ``changed_virtual`` names
    for each platform the virtual packages that are not as the pins found them."""

    spec: EnvironmentSpec
    platforms: tuple[Platform, ...]
    channels: tuple[str, ...]
    names: NamesMap
    python: str | None = None
    cut_off: datetime | None = None
    take_untimed: bool = False
    channel_priority: str = "strict"
    pins: tuple[PlatformLock, ...] = ()
    limits: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    changed_virtual: tuple[tuple[str, frozenset[str]], ...] = ()

    def pins_on(self, subdir: str) -> Pins:
        return next((Pins.of(locked) for locked in self.pins if locked.platform == subdir), NO_PINS)

    def conda_problem(self, platform: Platform, specs: tuple[CondaSpec, ...]) -> CondaProblem:
        from resolver.conda import CondaProblem

        return CondaProblem(
            platform=platform,
            channels=self.channels,
            specs=specs,
            cut_off=self.cut_off,
            take_untimed=self.take_untimed,
            channel_priority=self.channel_priority,
            pins=self.pins_on(platform.subdir).conda,
            limits=self.limits,
            filters=self.filters,
            changed_virtual=dict(self.changed_virtual).get(platform.subdir, frozenset()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSolution:
    """The answer for one platform. ``owners`` maps each PyPI project that conda provides to the conda package;
    ``conda_roots`` and ``pip_roots`` are the requests that were solved, implied ones included; ``added`` and
    ``needs`` are those of ``PypiSolution``."""

    platform: Platform
    python: PythonTarget | None
    records: tuple[CondaRecord, ...]
    projects: tuple[ResolvedProject, ...]
    owners: Mapping[str, str]
    shown: tuple[tuple[str, str], ...]
    conda_roots: tuple[CondaSpec, ...]
    pip_roots: tuple[PypiRequirement, ...]
    added: Mapping[ProjectExtra, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    needs: Mapping[ProjectExtra, tuple[ProjectExtra, ...]] = field(default_factory=dict)
