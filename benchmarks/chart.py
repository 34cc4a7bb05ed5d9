"""A bar chart as SVG: for each case the CPU seconds of each tool, the longest bar of a case at full width."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.measure import medians
from benchmarks.report import OURS, Outcome

__all__ = ["as_svg"]

_LABELS, _BARS, _VALUES, _ROW = 190, 420, 80, 22


def as_svg(outcomes: Sequence[Outcome]) -> str:
    measured = [(outcome, medians(outcome.usages).cpu) for outcome in outcomes if outcome.usages]
    longest = {case: max(cpu for o, cpu in measured if o.case == case) for case in {o.case for o, _ in measured}}
    height = _ROW * (len(measured) + 1)
    size = f'width="{_LABELS + _BARS + _VALUES}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<text x="{_LABELS}" y="15">CPU seconds, medians; bars are to scale within a case</text>',
    ]
    for place, (outcome, cpu) in enumerate(measured, start=1):
        top, width = place * _ROW, round(_BARS * cpu / longest[outcome.case], 1)
        colour = "#2b6cb0" if outcome.tool == OURS else "#a0aec0"
        label = escape(f"{outcome.case} · {outcome.tool}")
        parts += [
            f'<text x="{_LABELS - 8}" y="{top + 15}" text-anchor="end">{label}</text>',
            f'<rect x="{_LABELS}" y="{top + 3}" width="{width}" height="{_ROW - 6}" fill="{colour}"/>',
            f'<text x="{_LABELS + width + 6}" y="{top + 15}">{cpu:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
