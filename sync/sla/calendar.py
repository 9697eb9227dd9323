"""Working time: frames of a day in a zone, holidays, and two exact operations on them.

Instants are aware; frames are half-open in the calendar's zone, so daylight saving shifts them as it
shifts the people who keep them. A holiday removes the frames that start on its date.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of one working day, from `start` until just before `end`."""

    start: time
    end: time


@dataclass(frozen=True)
class Calendar:
    """When a desk works. Equal calendars share their tables."""

    name: str
    zone: ZoneInfo
    week: tuple[tuple[Frame, ...], ...]
    """The frames of Monday to Sunday, in order, not overlapping."""
    holidays: frozenset[date] = frozenset()
    overrides: Mapping[date, tuple[Frame, ...]] = field(default_factory=dict, hash=False)
    """Dates with frames of their own, holidays or not."""

    def frames(self, day: date) -> tuple[Frame, ...]:
        """Return the frames that start on a date."""
        if day in self.overrides:
            return self.overrides[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from `start` until `end`; nothing if they are the wrong way round."""
        if end <= start:
            return timedelta(0)
        # A year more on either side: a night goes on into the next, and the east is a day ahead.
        years = range(start.astimezone(UTC).year - 1, end.astimezone(UTC).year + 2)
        tables = [_table(self, year) for year in years]
        return timedelta(seconds=sum(t.used(end.timestamp()) - t.used(start.timestamp()) for t in tables))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant at which `duration` of working time has passed since `start`.

        Raises ValueError if the calendar has not that much working time in the next ten years.
        """
        if duration <= timedelta(0):
            return start.astimezone(UTC)
        left = duration.total_seconds()
        for year in range(start.astimezone(UTC).year - 1, start.astimezone(UTC).year + 10):
            table = _table(self, year)
            before = table.used(start.timestamp())
            if left <= table.total - before:
                return datetime.fromtimestamp(table.when(before + left), UTC)
            left -= table.total - before
        raise ValueError(f"calendar {self.name} has no {duration} of working time after {start.isoformat()}")


@dataclass(frozen=True, slots=True)
class _Table:
    """One year's frames as seconds since the epoch, with the working seconds before each."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    before: tuple[float, ...]

    @property
    def total(self) -> float:
        return self.before[-1]

    def used(self, instant: float) -> float:
        """Return the year's working seconds before an instant."""
        i = bisect_right(self.starts, instant) - 1
        return 0.0 if i < 0 else self.before[i] + min(instant, self.ends[i]) - self.starts[i]

    def when(self, used: float) -> float:
        """Return the first instant before which the year has `used` working seconds."""
        i = max(0, bisect_right(self.before, used) - 1)
        if i > 0 and self.before[i] == used:
            i -= 1  # used up exactly at a frame's end, not at the next one's start
        return self.starts[i] + used - self.before[i]


@lru_cache(maxsize=256)
def _table(calendar: Calendar, year: int) -> _Table:
    day, spans = date(year, 1, 1), []
    while day.year == year:
        for frame in calendar.frames(day):
            start = datetime.combine(day, frame.start, calendar.zone).timestamp()
            last = day if frame.end > frame.start else day + timedelta(days=1)
            spans.append((start, datetime.combine(last, frame.end, calendar.zone).timestamp()))
        day += timedelta(days=1)
    before = tuple(accumulate((end - start for start, end in spans), initial=0.0))
    return _Table(tuple(s for s, _ in spans), tuple(e for _, e in spans), before)


@dataclass(frozen=True)
class Elapsed:
    """Time as it passes, night and day: the calendar of a target that counts every hour."""

    name: str = "elapsed"

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the time from `start` until `end`; nothing if they are the wrong way round."""
        return max(end - start, timedelta(0))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant `duration` after `start`."""
        return start + duration


TimeBase = Calendar | Elapsed
"""What a target is measured in; every target names one."""
