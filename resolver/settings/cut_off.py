"""The cut-off: the instant after which nothing published counts (``exclude-newer``)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from resolver.errors import SettingsError

__all__ = ["parse_cut_off"]

_INSTANT = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z"
_DATE = r"\d{4}-\d\d-\d\d\Z"
_SPAN = r"(?P<count>\d{1,9})\s*(?P<unit>[A-Za-z]+)\Z"
_UNITS = {
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "week", "weeks"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


def parse_cut_off(text: str, now: datetime) -> datetime:
    """The absolute instant, in UTC, that ``text`` means at the instant ``now`` (which must have a time zone).

    ``text`` is an RFC 3339 instant, a date (midnight UTC, at its start), or a span before ``now``:
    ``7 days``, ``3d``, ``2 weeks``, ``12h``. Raises ``SettingsError``.
    """
    if now.tzinfo is None:
        raise SettingsError("the present instant has no time zone", field="exclude-newer")
    written = text.strip()
    try:
        return _instant(written, now)
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            f"not an instant, a date or a span: {text!r}",
            field="exclude-newer",
            hint="write 2026-01-31T12:00:00Z, 2026-01-31, or a span such as '7 days'",
        ) from error


def _instant(text: str, now: datetime) -> datetime:
    if re.match(_INSTANT, text, re.ASCII):
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    if re.match(_DATE, text, re.ASCII):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    span = re.match(_SPAN, text, re.ASCII)
    if span is None or span["unit"].lower() not in _UNIT_OF:
        raise ValueError(text)
    return now.astimezone(UTC) - timedelta(**{_UNIT_OF[span["unit"].lower()]: int(span["count"])})
