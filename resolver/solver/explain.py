"""Why there is no solution, told so that a person can act on it. The only place that turns conflicts into text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from resolver.conda import CondaUnsolvable
from resolver.errors import NoSolution
from resolver.model import CondaSpec, Conflict

__all__ = ["CONDA_PROVIDES_IT", "OF_THIS_NAME", "conda_conflict", "no_solution", "render", "shown"]

CONDA_PROVIDES_IT = "conda, which provides it"
"""Who claims the version of a project that conda provides."""

OF_THIS_NAME = "of this name"
"""In the detail of a conflict about a name that is nowhere: what is ``nearest`` are names then, and else versions."""

_MOST_LINES = 8
_MOST_VERSIONS = 5


def no_solution(conflicts: Iterable[Conflict]) -> NoSolution:
    """One error for all platforms that failed; what is the same on several is told once."""
    told: dict[str, list[Conflict]] = {}
    for conflict in conflicts:
        told.setdefault(_body(conflict), []).append(conflict)
    texts = [_head([c.platform for c in same]) + body for body, same in told.items()]
    first = next(iter(told.values()))[0]
    return NoSolution("\n".join(texts), conflict=first, hint=_hint(first))


def render(conflict: Conflict) -> str:
    """The conflict as text: a head line, then one indented line for each claim."""
    return _head([conflict.platform]) + _body(conflict)


def conda_conflict(failed: CondaUnsolvable) -> Conflict:
    """What the conda solver found, with the origins of the specs that cannot hold together."""
    core = failed.core
    subject = core[0].name if core else "the environment"
    if core and core[0].name not in failed.names and not core[0].name.startswith("__"):
        nearest = _nearest([spec.name for spec in core], failed.names)
        channels = ", ".join(failed.problem.channels)
        detail = f"no package {OF_THIS_NAME} in {channels}"
    else:
        nearest = failed.versions[:_MOST_VERSIONS]
        # that none of the versions fits is all there is to say; the solver's tree would hide it
        detail = "" if nearest else "\n".join((_solver_text(failed.text), *_left_out(failed)))
    claims = tuple((shown(spec), str(spec.origin)) for spec in core)
    platform = failed.problem.platform.subdir
    return Conflict(platform=platform, subject=subject, claims=claims, nearest=nearest, detail=detail)


def _nearest(unknown: list[str], names: frozenset[str]) -> tuple[str, ...]:
    """The names most like the unknown one; where there are several of them, the one most like each."""
    known = sorted(names)
    if len(unknown) == 1:
        return tuple(difflib.get_close_matches(unknown[0], known, n=3, cutoff=0.75))
    found = ((name, difflib.get_close_matches(name, known, n=1, cutoff=0.75)) for name in unknown)
    return tuple(f"{near[0]} for {name}" for name, near in found if near)


def _left_out(failed: CondaUnsolvable) -> Iterator[str]:
    """What the solver was not shown, if it is what the solver could not find."""
    words = set(failed.text.split())
    for name, version in failed.unhashed:
        if name in words:
            yield f"{name} {version} has no sha256 in its channel, and only what has one can be locked"


def shown(spec: CondaSpec) -> str:
    """The spec as people write it, where it is that simple."""
    head = f"{spec.channel}::{spec.name}" if spec.channel else spec.name
    return " ".join(part for part in (head, spec.version, spec.build) if part)


def _head(platforms: list[str]) -> str:
    return f"no solution for {', '.join(platforms)}:\n"


def _body(conflict: Conflict) -> str:
    lines = [f"  {who} asks for {what}" if _is_origin(who) else f"  {who}: {what}" for what, who in conflict.claims]
    if conflict.detail:
        lines.extend(f"  {line}" for line in conflict.detail.splitlines())
    return "\n".join(lines)


def _is_origin(who: str) -> bool:
    return " " not in who


def _hint(conflict: Conflict) -> str | None:
    if conflict.nearest and OF_THIS_NAME in conflict.detail:
        return f"did you mean {' or '.join(conflict.nearest)}?"
    if conflict.nearest:
        return f"usable versions of {conflict.subject}: {', '.join(conflict.nearest)}"
    if OF_THIS_NAME in conflict.detail:
        return "check how the name is spelled, and where it is to be found"
    if any(who == CONDA_PROVIDES_IT for _, who in conflict.claims):
        return f"ask conda for another {conflict.subject}, or have it from PyPI alone"
    return "loosen or drop one of these requests" if len(conflict.claims) > 1 else None


def _solver_text(text: str) -> str:
    """The solver's tree without its first words, without repeated lines, and not longer than can be read."""
    tree = text.strip().removeprefix("Cannot solve the request because of:").strip()
    lines = list(dict.fromkeys(line.rstrip() for line in tree.splitlines() if line.strip()))
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines"]
    return "\n".join(lines)
