"""Working time in a business calendar: between two instants, and the end of so much (reference 6.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from deskbridge.sandbox.freshdesk.setup import Calendar
from deskbridge.sandbox.freshdesk.zones import zone

_FURTHEST = 3700
"""Days: a calendar without hours must not be searched for ever."""


def frames(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working hours from the day of `start` on, in UTC; holidays have none."""
    own = zone(calendar.time_zone)
    day = start.astimezone(own).date()
    for _ in range(_FURTHEST):
        hours = calendar.hours.get(day.weekday())
        if hours and day.isoformat() not in calendar.holidays:
            first, last = (datetime.combine(day, time.fromisoformat(text), own) for text in hours)
            yield first.astimezone(UTC), last.astimezone(UTC)
        day += timedelta(days=1)


def after(calendar: Calendar | None, start: datetime, seconds: float) -> datetime:
    """Return when `seconds` are used up from `start`; without a calendar each second counts."""
    if calendar is None:
        return start + timedelta(seconds=seconds)
    left = timedelta(seconds=seconds)
    for first, last in frames(calendar, start):
        first = max(first, start)  # noqa: PLW2901 - the part of the frame that is still ahead
        if last - first >= left:
            return first + left
        left -= max(last - first, timedelta())
    return start + timedelta(days=_FURTHEST)


def between(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    """Return the seconds that count between two instants."""
    if calendar is None:
        return (end - start).total_seconds()
    total = timedelta()
    for first, last in frames(calendar, start):
        if first >= end:
            break
        total += max(min(last, end) - max(first, start), timedelta())
    return total.total_seconds()


def clock_text(text: str, *, long: bool) -> str:
    """Return "17:00" as Freshdesk writes it: "5:00 pm", or as documented "05:00:00 pm"."""
    hour, minute = (int(part) for part in text.split(":")[:2])
    half = "am" if hour < 12 else "pm"
    shown = hour % 12 or 12
    return f"{shown:02}:{minute:02}:00 {half}" if long else f"{shown}:{minute:02} {half}"
