"""From an environment to a lock, and back: does this lock still satisfy that environment?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from resolver.canonicalizer import canonical_json
from resolver.model import Evidence, Lock, Root
from resolver.names import NamesMap
from resolver.settings import parse_cut_off

if TYPE_CHECKING:
    from resolver.environment import Environment
    from resolver.locks.satisfies import Satisfaction
    from resolver.session import Session
    from resolver.solver.solve import PlatformSolution

__all__ = ["check", "lock"]

_SOLVERS = ("samebox", "py-rattler", "resolvelib")


def lock(
    environment: Environment,
    *,
    session: Session | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Lock:
    """Solve the environment for all of its platforms.

    ``now`` is what a span in ``exclude-newer`` counts back from (default: the clock). Nothing is written. Raises
    ``NoSolution``, ``IndexUnavailable``, ``IntegrityError``, ``ManifestError``.
    """
    if session is None:
        with environment.session() as opened:
            return lock(environment, session=opened, now=now, progress=progress)
    from resolver.solver import assemble

    cut_off = _cut_off(environment, now)
    names = NamesMap.load(environment.settings.names)
    solutions = _solve(environment, session, names, cut_off, progress)
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

    verdict = satisfies(
        lock,
        Expected(
            spec=environment.spec,
            platforms=environment.platforms,
            channels=environment.channels,
            names=NamesMap.load(environment.settings.names),
            python=environment.settings.python,
        ),
    )
    changed = changed_conditions(
        lock,
        platforms=environment.platforms,
        python=environment.settings.python,
        cut_off=_cut_off(environment, now),
    )
    return Satisfaction(shortfalls=(*verdict.shortfalls, *changed))


def _solve(
    environment: Environment,
    session: Session,
    names: NamesMap,
    cut_off: datetime | None,
    progress: Callable[[str], None],
) -> tuple[PlatformSolution, ...]:
    from resolver.solver.direct import read_direct_files
    from resolver.solver.projects import Projects
    from resolver.solver.solve import SolveRequest, solve_environment

    request = SolveRequest(
        spec=environment.spec,
        platforms=environment.platforms,
        channels=environment.channels,
        names=names,
        python=environment.settings.python,
        cut_off=cut_off,
    )
    urls = environment.index_urls(session) if environment.spec.pip else ()
    return solve_environment(
        request,
        channels=lambda: session.channels,
        projects=Projects([session.index(url) for url in urls]),
        directs=read_direct_files(environment.spec.pip, session.transport),
        progress=progress,
    )


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
    from resolver.transport.credentials import without_credentials

    urls = environment.index_urls(session) if environment.spec.pip else ()
    return Evidence(
        roots=roots,
        virtual_packages=tuple((s.platform.subdir, s.platform.virtual_packages) for s in solutions),
        pythons=tuple((s.platform.subdir, s.python.version) for s in solutions if s.python is not None),
        channels=tuple((s.platform.subdir, s.shown) for s in solutions if s.shown),
        indexes=tuple(without_credentials(url) for url in urls),
        cut_off=cut_off.isoformat().replace("+00:00", "Z") if cut_off else None,
        names_digest=names.digest,
        variables=environment.spec.variables,
        tools=tuple((name, metadata.version(name)) for name in _SOLVERS),
    )
