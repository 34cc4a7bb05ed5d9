"""What was found, as a Markdown table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from benchmarks.agree import Packages, differences
from benchmarks.measure import Usage, medians

__all__ = ["OURS", "Outcome", "as_json", "as_markdown", "ratio"]

OURS = "samebox"
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One tool on one case. ``usages`` are its measured runs; ``packages`` its answer, ``None`` for "no solution" and
    where a tool answers nothing that can be compared. ``state`` ``failed`` means an outcome that is not the right one,
    ``absent`` that the tool is not installed; ``message`` says why in a line, or what to know about the figures."""

    case: str
    tool: str
    state: Literal["measured", "failed", "absent"]
    usages: tuple[Usage, ...] = ()
    packages: Packages | None = None
    message: str = ""


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """A table, and below it each difference between answers."""
    lines = [
        "| case | tool | CPU s | wall s | peak MiB | packages | samebox ÷ it, CPU | answer |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    lines += [_row(outcome, outcomes) for outcome in outcomes]
    notes = list(_notes(outcomes))
    return "\n".join([*lines, *(["", *notes] if notes else [])]) + "\n"


def _row(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    begin = f"| {outcome.case} | {outcome.tool} | "
    if outcome.state != "measured":
        return f"{begin}| | | | | {outcome.state}: {outcome.message.replace('|', '/')} |"
    usage = medians(outcome.usages)
    against = ratio(outcome, outcomes)
    cells = (
        f"{usage.cpu:.3f}",
        f"{usage.wall:.3f}",
        f"{usage.peak / 2**20:.0f}",
        "" if outcome.packages is None else str(len(outcome.packages)),
        "" if against is None else f"{against:.2f}",
        _answer(outcome, outcomes),
    )
    return begin + " | ".join(cells) + " |"


def ratio(outcome: Outcome, outcomes: Sequence[Outcome]) -> float | None:
    """Samebox's median CPU time by this tool's, on one case; ``None`` for Samebox itself."""
    ours = _ours(outcome, outcomes)
    if ours is None or outcome.tool == OURS or ours.state != "measured":
        return None
    return medians(ours.usages).cpu / medians(outcome.usages).cpu


def _ours(outcome: Outcome, outcomes: Sequence[Outcome]) -> Outcome | None:
    return next((o for o in outcomes if o.case == outcome.case and o.tool == OURS), None)


def _answer(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    ours = _ours(outcome, outcomes)
    if outcome.packages is None:
        return outcome.message
    if ours is None or ours is outcome or ours.packages is None:
        return ""
    count = len(differences(ours.packages, outcome.packages))
    return f"{count} differ" if count else "the same"


def _notes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        ours = _ours(outcome, outcomes)
        if outcome.packages is not None and outcome.message:
            yield f"- {outcome.case}, {outcome.tool}: {outcome.message}"
        if ours is not None and ours.packages is not None and outcome.packages is not None:
            found = differences(ours.packages, outcome.packages)
            more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            if found:
                yield f"- {outcome.case}, samebox (here) and {outcome.tool} (there): {'; '.join(found[:_SHOWN])}{more}"


def as_json(outcomes: Sequence[Outcome], *, about: dict[str, str]) -> str:
    """Everything: each run, each answer. ``about`` says where and with what it was measured."""
    body = {"about": about, "outcomes": [_body(outcome) for outcome in outcomes]}
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def _body(outcome: Outcome) -> dict[str, object]:
    answer = outcome.packages
    found = None if answer is None else [[*key, version] for key, version in sorted(answer.items())]
    middle = asdict(medians(outcome.usages)) if outcome.usages else None
    return {
        "case": outcome.case,
        "tool": outcome.tool,
        "state": outcome.state,
        "message": outcome.message,
        "median": middle,
        "runs": [asdict(usage) for usage in outcome.usages],
        "packages": found,
    }
