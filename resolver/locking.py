"""From an environment to a lock, and back: does this lock still satisfy that environment?"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from resolver.canonicalizer import canonical_json
from resolver.model import EnvironmentSpec, Evidence, Lock, Root
from resolver.names import NamesMap
from resolver.settings import parse_cut_off
from resolver.transport import without_credentials

if TYPE_CHECKING:
    from resolver.environment import Environment
    from resolver.indexes import Index
    from resolver.locks.satisfies import Satisfaction
    from resolver.locks.upgrades import Held
    from resolver.session import Session
    from resolver.solver.solve import PlatformSolution

__all__ = ["check", "lock"]

_SOLVERS = ("samebox", "py-rattler", "resolvelib")
_TIMES = (("conda", "upload time (indexed_timestamp), else build time (timestamp)"), ("pypi", "upload time"))
"""Which times a cut-off is compared with."""


def lock(
    environment: Environment,
    *,
    session: Session | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
    previous: Lock | None = None,
    upgrade: Sequence[str] = (),
) -> Lock:
    """Solve the environment for all of its platforms.

    ``now`` is what a span in ``exclude-newer`` counts back from (default: the clock). What ``previous`` locked is kept
    where it will do, but for the packages of ``upgrade``: ``NAME``, or ``NAME==VERSION`` to get that version. Nothing
    is written. Raises ``NoSolution``, ``IndexUnavailable``, ``IntegrityError``, ``ManifestError``, ``SettingsError``.
    """
    if session is None:
        with environment.session() as opened:
            return lock(environment, session=opened, now=now, progress=progress, previous=previous, upgrade=upgrade)
    from resolver.locks.upgrades import held_of
    from resolver.solver import assemble

    session.remember_credentials(environment.channels)
    cut_off = _cut_off(environment, now)
    names = NamesMap.load(environment.settings.names)
    held = held_of(previous, upgrade, environment.spec, names, environment.platforms)
    solutions = _solve(environment, session, names, cut_off, held, progress)
    roots = tuple((s.platform.subdir, assemble.roots_of(s)) for s in solutions)
    return Lock(
        name=environment.spec.name,
        platforms=tuple(assemble.platform_lock(s) for s in solutions),
        channels=environment.channels,
        sources=environment.spec.sources,
        content_hash=tuple((platform, _content_hash(environment, r)) for platform, r in roots),
        evidence=_evidence(environment, session, solutions, roots, names, cut_off),
    )


def check(lock: Lock, environment: Environment, *, now: datetime | None = None) -> Satisfaction:
    """Whether ``lock`` satisfies the environment under the conditions of today, decided without network: see
    ``locks.satisfies`` and ``locks.conditions``. ``now`` is as in ``lock``."""
    from resolver.locks.conditions import changed_conditions
    from resolver.locks.satisfies import Expected, Satisfaction, satisfies

    spec = environment.portable_spec
    verdict = satisfies(
        lock,
        Expected(
            spec=spec,
            platforms=environment.platforms,
            channels=environment.channels,
            names=NamesMap.load(environment.settings.names),
            python=environment.settings.python,
            trees=_trees(environment, spec),
        ),
    )
    changed = changed_conditions(
        lock,
        platforms=environment.platforms,
        python=environment.settings.python,
        cut_off=_cut_off(environment, now),
        missing_time=environment.settings.missing_time,
        overrides=environment.settings.overrides,
        channel_priority=environment.settings.channel_priority,
    )
    return Satisfaction(shortfalls=(*verdict.shortfalls, *changed))


def _trees(environment: Environment, spec: EnvironmentSpec) -> tuple[tuple[str, str], ...]:
    """The digest that each folder has now, by its portable URL."""
    from resolver.source_trees import folder_at, is_folder_url, tree_digest

    base = environment.lockfile.parent
    urls = sorted({r.url for r in spec.pip if r.url is not None and is_folder_url(r.url)})
    return tuple((url, tree_digest(folder_at(url, base), os.environ)) for url in urls)


def _solve(
    environment: Environment,
    session: Session,
    names: NamesMap,
    cut_off: datetime | None,
    held: Held,
    progress: Callable[[str], None],
) -> tuple[PlatformSolution, ...]:
    from resolver.solver.direct import DirectPlaces, read_direct_files
    from resolver.solver.projects import Projects
    from resolver.solver.solve import SolveRequest, solve_environment

    spec, policy, settings = environment.portable_spec, environment.file_policy, environment.settings
    request = SolveRequest(
        spec=replace(spec, constraints=(*spec.constraints, *held.constraints)),
        platforms=environment.platforms,
        channels=tuple(dict.fromkeys(map(without_credentials, environment.channels))),
        names=names,
        python=settings.python,
        cut_off=cut_off,
        take_untimed=policy.take_untimed,
        channel_priority=settings.channel_priority,
        pins=held.pins,
        changed_virtual=held.changed_virtual,
        limits=held.limits,
    )
    directs = {}
    if any(r.url for r in spec.pip):
        places = DirectPlaces(
            transport=session.transport,
            trees=session.source_trees(environment.lockfile.parent),
            builds=session.builds,
            policy=policy,
        )
        directs = read_direct_files(spec.pip, places)
    return solve_environment(
        request,
        channels=lambda: session.channels,
        projects=Projects(
            _indexes(environment, session) if spec.pip else (),
            index_for={name: session.index(url) for name, url in settings.index_for},
            best_match=settings.index_strategy == "unsafe-best-match",
            policy=policy,
            builds=session.builds if policy.builds else None,
        ),
        directs=directs,
        progress=progress,
    )


def _indexes(environment: Environment, session: Session) -> list[Index]:
    links = [session.find_links(url) for url in environment.find_links]
    return [*links, *(session.index(url) for url in environment.index_urls(session))]


def _cut_off(environment: Environment, now: datetime | None) -> datetime | None:
    text = environment.settings.exclude_newer
    return parse_cut_off(text, now or datetime.now(UTC)) if text else None


def _content_hash(environment: Environment, roots: tuple[Root, ...]) -> str:
    """A hash of the request, which conda-lock's format wants. It is not what ``check`` trusts."""
    asked = [{k: v for k, v in asdict(root).items() if k != "origin" and v is not None} for root in roots]
    return hashlib.sha256(canonical_json({"channels": environment.channels, "requests": asked})).hexdigest()


def _evidence(
    environment: Environment,
    session: Session,
    solutions: tuple[PlatformSolution, ...],
    roots: tuple[tuple[str, tuple[Root, ...]], ...],
    names: NamesMap,
    cut_off: datetime | None,
) -> Evidence:
    settings = environment.settings
    urls = (*environment.index_urls(session), *(url for _, url in settings.index_for)) if environment.spec.pip else ()
    return Evidence(
        roots=roots,
        virtual_packages=tuple((s.platform.subdir, s.platform.virtual_packages) for s in solutions),
        pythons=tuple((s.platform.subdir, s.python.version) for s in solutions if s.python is not None),
        channels=tuple((s.platform.subdir, s.shown) for s in solutions if s.shown),
        indexes=tuple(dict.fromkeys(urls)),
        cut_off=cut_off.isoformat().replace("+00:00", "Z") if cut_off else None,
        cut_off_policy=(*_TIMES, ("missing-time", settings.missing_time)) if cut_off else (),
        overrides=settings.overrides,
        channel_priority=None if settings.channel_priority == "strict" else settings.channel_priority,
        names_digest=names.digest,
        variables=environment.spec.variables,
        tools=tuple((name, metadata.version(name)) for name in _SOLVERS),
    )
