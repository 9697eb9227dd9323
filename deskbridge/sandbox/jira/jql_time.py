"""Times in JQL: minutes, never seconds; absolute ones in the caller's zone (reference, 2.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deskbridge.sandbox.jira.jql_parse import Value

_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_PERIOD = re.compile(r"([+-]?)((?:\d{1,6}[wdhm]\s*)+)")
_UNITS = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}


def instant(value: Value, now: datetime, zone: str) -> datetime | None:
    """Return the instant a value means for a caller in `zone`, None when it means none."""
    if value.function:
        return _function(value, now, ZoneInfo(zone))
    span = period(value.text)
    if span is not None:
        return now + span
    for form in _FORMATS:
        try:
            return datetime.strptime(value.text, form).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except ValueError:
            continue
    return None


def period(text: str) -> timedelta | None:
    """Return a relative time such as ``-15m`` or ``-1w 2d``."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return None
    minutes = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([wdhm])", match[2]))
    return timedelta(minutes=-minutes if match[1] == "-" else minutes)


def bad_date(text: str, field: str) -> str:
    """Return Jira's words about a date it can't read."""
    valid = "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format"
    return (
        f"Date value '{text}' for field '{field}' is invalid. "
        f"Valid formats include: {valid} e.g. '-5d', '4w 2d'."
    )


def _function(value: Value, now: datetime, zone: ZoneInfo) -> datetime | None:
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "now": now,
        "startofday": day,
        "endofday": day + timedelta(days=1, milliseconds=-1),
        "startofweek": day - timedelta(days=(day.weekday() + 1) % 7),
        "startofmonth": day.replace(day=1),
        "startofyear": day.replace(month=1, day=1),
    }
    start = starts.get(value.text.lower())
    span = period(value.arguments[0]) if value.arguments else timedelta()
    return start + span if start is not None and span is not None else None
