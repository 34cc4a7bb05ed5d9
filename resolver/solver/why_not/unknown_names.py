"""Requests for projects that are nowhere: all of them are told at once, and where else there is such a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from resolver.model import Conflict
from resolver.solver.answer import Request
from resolver.solver.knowledge import Knowledge
from resolver.solver.why_not.availability import Wanted, what_there_is
from resolver.solver.why_not.candidates import World
from resolver.solver.why_not.explain import line_order
from resolver.values import replace

__all__ = ["unknown_projects"]


def unknown_projects(
    requests: Sequence[Request], world: World, knowledge: Knowledge, conda_has: Callable[[str], bool], platform: str
) -> Conflict | None:
    """The conflict of all requests for a project that neither an index nor conda has; ``None`` where there is none."""
    placed = {request.name for request in requests if request.direct is not None}
    found = [r for r in requests if r.name not in placed and _is_nowhere(r.name, world, knowledge)]
    if not found:
        return None
    unknown = sorted(found, key=lambda request: line_order(request.origin))
    names = list(dict.fromkeys(request.name for request in unknown))
    told = {name: what_there_is(knowledge, name, Wanted()) for name in names}
    conflict = Conflict(
        platform=platform,
        subject=names[0],
        claims=tuple((str(request), request.origin) for request in unknown),
        detail="\n".join(dict.fromkeys(there.detail for there in told.values())),
        nearest=_nearest({name: there.nearest for name, there in told.items()}),
    )
    of_conda = tuple((f"conda's {name}", f"pip's {name}") for name in names if conda_has(name))
    if not of_conda:
        return conflict
    detail = f"{conflict.detail}, but conda has a package: ask for it outside of pip"
    return replace(conflict, nearest=(), remedies=of_conda, detail=detail)


def _is_nowhere(name: str, world: World, knowledge: Knowledge) -> bool:
    return knowledge.projects.get(name).index is None and not world.of_project(name)


def _nearest(near: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The names that are most like it; where several names are unknown, the one most like each."""
    if len(near) == 1:
        return next(iter(near.values()))
    return tuple(f"{others[0]} for {name}" for name, others in near.items() if others)
