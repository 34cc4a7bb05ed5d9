"""Why there is no solution, told so that a person can act on it. The only place that turns conflicts into text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from resolver.conda import CondaUnsolvable
from resolver.errors import NoSolution
from resolver.model import CondaSpec, Conflict

__all__ = ["conda_conflict", "no_solution", "render"]

_MOST_LINES = 8


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
    unknown = [spec for spec in failed.core if not spec.name.startswith("__") and spec.name not in failed.names]
    core = tuple(unknown) or failed.core
    subject = core[0].name if core else "the environment"
    nearest: tuple[str, ...] = ()
    if unknown:
        nearest = tuple(difflib.get_close_matches(subject, sorted(failed.names), n=3, cutoff=0.75))
        channels = ", ".join(failed.problem.channels)
        detail = f"no package of this name in {channels}"
    else:
        detail = _solver_text(failed.text)
    claims = tuple((_shown(spec), str(spec.origin)) for spec in core)
    platform = failed.problem.platform.subdir
    return Conflict(platform=platform, subject=subject, claims=claims, nearest=nearest, detail=detail)


def _shown(spec: CondaSpec) -> str:
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
    if not conflict.nearest:
        return None
    if conflict.nearest[0][0].isdigit():
        return f"usable versions of {conflict.subject}: {', '.join(conflict.nearest)}"
    return f"did you mean {' or '.join(conflict.nearest)}?"


def _solver_text(text: str) -> str:
    """The solver's tree without its first words, without repeated lines, and not longer than can be read."""
    tree = text.strip().removeprefix("Cannot solve the request because of:").strip()
    lines = list(dict.fromkeys(line.rstrip() for line in tree.splitlines() if line.strip()))
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines"]
    return "\n".join(lines)
