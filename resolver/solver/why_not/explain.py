"""Why there is no solution, told so that a person can act on it. The only place that turns conflicts into text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from datetime import datetime

from resolver.conda import CondaUnsolvable
from resolver.errors import NoSolution
from resolver.model import Conflict
from resolver.platforms import Platform
from resolver.roots import shown

__all__ = [
    "A_CONSTRAINT",
    "CONDA_PROVIDES_IT",
    "OF_THIS_NAME",
    "conda_conflict",
    "filtered",
    "line_order",
    "no_solution",
    "render",
    "shown",
    "shown_instant",
    "virtual_package",
]

CONDA_PROVIDES_IT = "conda"
"""Who claims the version of a project that conda provides."""

OF_THIS_NAME = "of this name"
"""In the detail of a conflict about a name that is nowhere: what is ``nearest`` are names then, and else versions."""

A_CONSTRAINT = "the constraint in"
"""How the claim of a constraint begins; its origin follows."""

_MOST_LINES = 8
_FEWEST_STEPS = 3
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
    core = sorted(failed.core, key=lambda spec: line_order(str(spec.origin)))
    subject = core[0].name if core else "the environment"
    if core and core[0].name not in failed.names and not core[0].name.startswith("__"):
        nearest = _nearest([spec.name for spec in core], failed.names)
        channels = ", ".join(failed.problem.channels)
        detail = f"no package {OF_THIS_NAME} in {channels}"
    else:
        nearest = failed.versions[:_MOST_VERSIONS]
        # that none of the versions fits is all there is to say; the solver's tree would hide it
        told = () if nearest else (_solver_text(failed.text), *_left_out(failed))
        detail = "\n".join((*told, *filtered(failed.filtered)))
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
    if failed.untimed:
        yield f"{failed.untimed} records tell no time, and the cut-off leaves such out (missing-time)"
    words = set(failed.text.split())
    for name, version in failed.unhashed:
        if name in words:
            yield f"{name} {version} has no sha256 in its channel, and only what has one can be locked"


def filtered(counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    """What the filters of the settings leave out of each name."""
    for name, count in counts:
        yield f"repodata-filters leave out {count} record{'s' if count > 1 else ''} of {name}"


def line_order(origin: str) -> tuple[str, int]:
    """Origins in the order of files and lines."""
    source, _, line = origin.rpartition(":")
    return (source, int(line)) if line.isdecimal() else (origin, 0)


def virtual_package(name: str, platform: Platform) -> str:
    """What the platform has of a virtual package, where ``name`` is one."""
    if not name.startswith("__"):
        return ""
    have = [p for p in platform.virtual_packages if p.name == name]
    said = f"{name} {have[0].version}" if have and have[0].version != "0" else f"{name}" if have else f"no {name}"
    return f"{platform.subdir} has {said}"


def shown_instant(instant: datetime) -> str:
    """A cut-off (UTC) as people write it: the day alone at midnight."""
    return instant.isoformat().replace("+00:00", "Z").removesuffix("T00:00:00Z")


def _head(platforms: list[str]) -> str:
    return f"no solution for {', '.join(platforms)}:\n"


def _body(conflict: Conflict) -> str:
    lines = [f"  {line}" for line in _claims(conflict)]
    if conflict.detail:
        lines.extend(f"  {line}" for line in conflict.detail.splitlines())
    return "\n".join(lines)


def _claims(conflict: Conflict) -> list[str]:
    """One line a claim: the requests, then the steps from them, whose middle is left out where they are too many."""
    roots = [f"{who} asks for {what}" for what, who in conflict.claims if _is_origin(who)]
    steps = [_step(what, who) for what, who in conflict.claims if not _is_origin(who)]
    room = max(_FEWEST_STEPS, _MOST_LINES - len(roots))
    if len(steps) > room:
        first = room // 2
        last = room - first - 1
        steps = [*steps[:first], f"… {len(steps) - first - last} more steps …", *steps[-last:]]
    return [*roots, *steps]


def _is_origin(who: str) -> bool:
    return " " not in who and who != CONDA_PROVIDES_IT


def _step(what: str, who: str) -> str:
    if who == CONDA_PROVIDES_IT:
        return f"conda provides {what}"
    return f"{who} is {what}" if who.startswith(A_CONSTRAINT) else f"{who} needs {what}"


def _hint(conflict: Conflict) -> str | None:
    if conflict.nearest and OF_THIS_NAME in conflict.detail:
        return f"did you mean {' or '.join(conflict.nearest)}?"
    if conflict.remedies:
        (fits, asked), *others = conflict.remedies
        return ", or ".join((f"{fits} would fit in place of {asked}", *(f"{f} in place of {a}" for f, a in others)))
    if conflict.nearest:
        return f"usable versions of {conflict.subject}: {', '.join(conflict.nearest)}"
    if OF_THIS_NAME in conflict.detail:
        return "check how the name is spelled, and where it is to be found"
    if conflict.subject.startswith("__"):
        return f"if the machines have it, say so in the settings, under [virtual-packages.{conflict.platform}]"
    if any(who == CONDA_PROVIDES_IT for _, who in conflict.claims):
        return f"ask conda for another {conflict.subject}, or have it from PyPI alone"
    requests = sum(_is_origin(who) for _, who in conflict.claims)
    return "loosen or drop one of these requests" if requests > 1 else None


def _solver_text(text: str) -> str:
    """The solver's tree without its first words, without repeated lines, and not longer than can be read."""
    tree = text.strip().removeprefix("Cannot solve the request because of:").strip()
    lines = list(dict.fromkeys(line.rstrip() for line in tree.splitlines() if line.strip()))
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines"]
    return "\n".join(lines)
