"""The cut-off, against instants worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from resolver.errors import SettingsError
from resolver.settings import parse_cut_off

NOW = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))  # 23:30 UTC of the day before


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00.25-05:30", datetime(2026, 1, 31, 17, 30, 0, 250000, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (" 2024-02-29 ", datetime(2024, 2, 29, tzinfo=UTC)),
        ("7 days", datetime(2026, 2, 21, 23, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 2, 25, 23, 30, tzinfo=UTC)),
        ("1 day", datetime(2026, 2, 27, 23, 30, tzinfo=UTC)),
        ("2 weeks", datetime(2026, 2, 14, 23, 30, tzinfo=UTC)),
        ("1W", datetime(2026, 2, 21, 23, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 2, 28, 11, 30, tzinfo=UTC)),
        ("90 minutes", datetime(2026, 2, 28, 22, 0, tzinfo=UTC)),
        ("0d", datetime(2026, 2, 28, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_cut_off_is_an_absolute_instant(text: str, instant: datetime) -> None:
    found = parse_cut_off(text, NOW)
    assert found == instant
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-01-31T12:00:00",
        "2026-1-31",
        "2026-02-30",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00Z",
        "7",
        "-7 days",
        "7.5 days",
        "7 fortnights",
        "1 month",
        "999999999 weeks",
        "999999 days",
        "٣d",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"exclude-newer: not an instant, a date or a span") as caught:
        parse_cut_off(text, NOW)
    assert caught.value.hint == "write 2026-01-31T12:00:00Z, 2026-01-31, or a span such as '7 days'"


def test_the_present_needs_a_time_zone() -> None:
    with pytest.raises(SettingsError, match="has no time zone"):
        parse_cut_off("3d", datetime(2026, 1, 1))
