"""From an environment to a lock, and back: does this lock still satisfy that environment?"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from resolver import __version__
from resolver.installed import installed_version
from resolver.light_typing import TYPE_CHECKING
from resolver.model import Evidence, Lock
from resolver.names import NamesMap
from resolver.transport import without_credentials
from resolver.values import replace

if TYPE_CHECKING:
    from datetime import datetime

    from resolver.environment import Environment
    from resolver.indexes import Index
    from resolver.locks.pypi_conditions import Indexes
    from resolver.locks.satisfies import Satisfaction
    from resolver.locks.upgrades import Held
    from resolver.model import EnvironmentSpec, Root
    from resolver.session import Session
    from resolver.solver.projects import Projects
    from resolver.solver.solve import PlatformSolution

__all__ = ["check", "lock"]

_SOLVERS = (("py-rattler", "rattler"), ("resolvelib", "resolvelib"))
"""Their distributions and import packages."""

_TIMES = (("conda", "upload time (indexed_timestamp), else build time (timestamp)"), ("pypi", "upload time"))
"""Which times a cut-off is compared with."""


def lock(
    environment: Environment,
    *,
    session: Session | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    previous: Lock | None = None,
    upgrade: Sequence[str] = (),
) -> Lock:
    """Solve the environment for all of its platforms.

    ``now`` is what a span in ``exclude-newer`` counts back from (default: the clock). What ``previous`` locked is kept
    where it will do, but for the packages of ``upgrade``: ``NAME``, or ``NAME==VERSION`` to get that version.
    ``progress`` is called with the name of each stage, ``warn`` with each sentence about what was locked and may not be
    meant. Nothing is written. Raises ``NoSolution``, ``IndexUnavailable``, ``IntegrityError``, ``ManifestError``,
    ``SettingsError``.
    """
    if session is None:
        with environment.session() as opened:
            return lock(
                environment,
                session=opened,
                now=now,
                progress=progress,
                warn=warn,
                previous=previous,
                upgrade=upgrade,
            )
    from resolver.solver import assemble

    session.remember_credentials(environment.channels)
    cut_off = _cut_off(environment, now)
    names = NamesMap.load(environment.settings.names)
    held = _held(environment, names, previous, upgrade)
    # an environment of conda's packages alone need not pay for the half that reads indexes
    projects = _projects(environment, session) if environment.spec.pip else None
    solutions = _solve(environment, session, projects, names, cut_off, held, progress)
    if projects is not None:
        _warn_of_extras(solutions, projects, cut_off, warn)
    roots = tuple((s.platform.subdir, assemble.roots_of(s)) for s in solutions)
    return Lock(
        name=environment.spec.name,
        platforms=tuple(assemble.platform_lock(s) for s in solutions),
        channels=environment.channels,
        sources=environment.spec.sources,
        content_hash=tuple((platform, _content_hash(environment, platform)) for platform, _ in roots),
        evidence=_evidence(environment, session, projects, solutions, roots, names, cut_off),
        metadata=_metadata(environment, previous, now),
    )


def check(lock: Lock, environment: Environment, *, now: datetime | None = None) -> Satisfaction:
    """Whether ``lock`` satisfies the environment under the conditions of today, decided without network: see
    ``locks.satisfies`` and ``locks.conditions``. ``now`` is as in ``lock``."""
    from resolver.locks.conditions import changed_conditions
    from resolver.locks.pypi_conditions import changed_formats, changed_indexes
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
        filters=_filters(environment),
    )
    policy = environment.file_policy
    formats = changed_formats(lock, lambda name, wheel: (policy.takes_wheels if wheel else policy.takes_sdists)(name))
    indexes = changed_indexes(lock, _declared_indexes(environment)) if environment.spec.pip else ()
    return Satisfaction(shortfalls=(*verdict.shortfalls, *changed, *formats, *indexes))


def _filters(environment: Environment) -> tuple[str, ...]:
    """The filters of conda's records, each of which is a MatchSpec."""
    settings = environment.settings
    if not environment.spec.conda or not settings.repodata_filters:
        return ()
    from resolver.conda.filters import read_filters

    return tuple(f.text for f in read_filters(settings.repodata_filters, settings.source))


def _declared_indexes(environment: Environment) -> Indexes:
    from resolver.locks.pypi_conditions import Indexes

    return Indexes(
        main=environment.index_url,
        extra=environment.extra_index_urls,
        own=environment.settings.index_for,
        first_only=environment.settings.index_strategy == "first-index",
        find_links=bool(environment.find_links),
    )


def _trees(environment: Environment, spec: EnvironmentSpec) -> tuple[tuple[str, str], ...]:
    """The digest that each folder has now, by its portable URL."""
    from resolver.source_trees import folder_at, is_folder_url, tree_digest

    base = environment.lockfile.parent
    urls = sorted({r.url for r in spec.pip if r.url is not None and is_folder_url(r.url)})
    return tuple((url, tree_digest(folder_at(url, base), os.environ)) for url in urls)


def _held(environment: Environment, names: NamesMap, previous: Lock | None, upgrade: Sequence[str]) -> Held | None:
    if previous is None and not upgrade:
        return None
    from resolver.locks.upgrades import held_of

    return held_of(previous, upgrade, environment.spec, names, environment.platforms)


def _solve(
    environment: Environment,
    session: Session,
    projects: Projects | None,
    names: NamesMap,
    cut_off: datetime | None,
    held: Held | None,
    progress: Callable[[str], None],
) -> tuple[PlatformSolution, ...]:
    from resolver.solver.solve import SolveRequest, solve_environment

    spec, policy, settings = environment.portable_spec, environment.file_policy, environment.settings
    request = SolveRequest(
        spec=spec,
        platforms=environment.platforms,
        channels=tuple(dict.fromkeys(map(without_credentials, environment.channels))),
        names=names,
        python=settings.python,
        cut_off=cut_off,
        take_untimed=policy.take_untimed,
        channel_priority=settings.channel_priority,
        filters=_filters(environment),
    )
    if held is not None:
        request = replace(
            request,
            spec=replace(spec, constraints=(*spec.constraints, *held.constraints)),
            pins=held.pins,
            changed_virtual=held.changed_virtual,
            limits=held.limits,
        )
    directs = {}
    if any(r.url for r in spec.pip):
        from resolver.solver.direct import DirectPlaces, read_direct_files

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
        projects=projects,
        directs=directs,
        progress=progress,
    )


def _projects(environment: Environment, session: Session) -> Projects:
    from resolver.solver.projects import Projects

    policy, settings = environment.file_policy, environment.settings
    return Projects(
        _indexes(environment, session),
        index_for={name: session.index(url) for name, url in settings.index_for},
        best_match=settings.index_strategy == "unsafe-best-match",
        policy=policy,
        builds=session.builds if policy.builds else None,
    )


def _indexes(environment: Environment, session: Session) -> list[Index]:
    links = [session.find_links(url) for url in environment.find_links]
    return [*links, *(session.index(url) for url in environment.index_urls(session))]


def _warn_of_extras(
    solutions: Sequence[PlatformSolution], projects: Projects, cut_off: datetime | None, warn: Callable[[str], None]
) -> None:
    if not any(request.extras for solution in solutions for request in solution.pip_roots):
        return
    from resolver.solver.unknown_extras import unknown_extras

    for sentence in unknown_extras(solutions, projects, cut_off):
        warn(sentence)


def _project_indexes(
    environment: Environment, solutions: Sequence[PlatformSolution], projects: Projects, last: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from resolver.solver.provenance import project_indexes

    folders: dict[str, str] = {}
    if environment.find_links:
        from resolver.locks.pypi_conditions import FIND_LINKS

        folders = dict.fromkeys(environment.find_links, FIND_LINKS)
    return project_indexes(solutions, projects, main=environment.index_url or last, places=folders)


def _cut_off(environment: Environment, now: datetime | None) -> datetime | None:
    text = environment.settings.exclude_newer
    if not text:
        return None
    from resolver.settings import parse_cut_off

    return parse_cut_off(text, now or _now())


def _metadata(environment: Environment, previous: Lock | None, now: datetime | None) -> tuple[tuple[str, str], ...]:
    """What the lock says about its own file: what others have noted in the old one, and what is asked for."""
    if previous is None and not environment.settings.metadata:
        return ()
    from resolver.locks.file_metadata import notes_of, read_file_metadata

    asked = read_file_metadata(
        environment.settings.metadata,
        sources=environment.spec.sources,
        directory=environment.directory,
        now=now or _now(),
        environ=os.environ,
    )
    return (*notes_of(previous), *asked)


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _content_hash(environment: Environment, platform: str) -> str:
    """conda-lock's hash of the request, for its users. It is not what ``check`` trusts."""
    from resolver.locks.content_hash import content_hash

    spec = environment.portable_spec
    named = environment.options.channels or spec.channels or (environment.settings.channels if spec.conda else ())
    return content_hash(spec, platform, channels=named)


def _evidence(
    environment: Environment,
    session: Session,
    projects: Projects | None,
    solutions: tuple[PlatformSolution, ...],
    roots: tuple[tuple[str, tuple[Root, ...]], ...],
    names: NamesMap,
    cut_off: datetime | None,
) -> Evidence:
    from resolver.solver.provenance import cut_off_times

    settings, pip = environment.settings, bool(environment.spec.pip)
    listed = environment.index_urls(session) if pip else ("",)
    return Evidence(
        roots=roots,
        virtual_packages=tuple((s.platform.subdir, s.platform.virtual_packages) for s in solutions),
        pythons=tuple((s.platform.subdir, s.python.version) for s in solutions if s.python is not None),
        channels=tuple((s.platform.subdir, s.shown) for s in solutions if s.shown),
        indexes=tuple(dict.fromkeys((*listed, *(url for _, url in settings.index_for)))) if pip else (),
        index_url=environment.index_url if pip else None,
        index_for=settings.index_for if pip else (),
        index_strategy=None if settings.index_strategy == "first-index" or not pip else settings.index_strategy,
        project_indexes=_project_indexes(environment, solutions, projects, listed[-1]) if projects else (),
        cut_off=cut_off.isoformat().replace("+00:00", "Z") if cut_off else None,
        cut_off_policy=(*_TIMES, ("missing-time", settings.missing_time)) if cut_off else (),
        cut_off_times=cut_off_times(solutions) if cut_off else (),
        repodata_filters=_filters(environment),
        overrides=settings.overrides,
        channel_priority=None if settings.channel_priority == "strict" else settings.channel_priority,
        names_digest=names.digest,
        variables=environment.spec.variables,
        tools=(("samebox", __version__), *((name, installed_version(name, package)) for name, package in _SOLVERS)),
    )
