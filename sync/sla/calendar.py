"""Calendars: when people work, as frames of weekdays in a zone, holidays, and dates of their own.

Frames are half-open in the calendar's zone, so daylight saving shifts them as it shifts the people who keep
them: a frame runs from the first instant at which the clock on the wall shows its start, or more, to the
first one at which it shows its end, or more. A holiday removes the frames that start on its date; a night
that began the evening before runs to its end.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sync.sla.worktime import FIRST_YEAR, LAST_YEAR, Stretch, WorkingTime, instant, seconds

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of a working day, from `start` until just before `end`: on the next day if earlier."""

    start: time
    end: time


@dataclass(frozen=True)
class Calendar(WorkingTime):
    """When a desk works, as it is said once and for all: nothing is asked or computed anew."""

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

    def closed(self, day: date) -> bool:
        return day in self.holidays and day not in self.overrides

    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        day, end = date(first, 1, 1), date(last, 12, 31)
        while day <= end:
            for frame in self.frames(day):
                closes = day if frame.end > frame.start else day + _DAY
                yield (
                    _shown(day, frame.start, self.zone),
                    _shown(closes, frame.end, self.zone),
                    day.toordinal(),
                )
            day += _DAY


@dataclass(frozen=True)
class Union(WorkingTime):
    """Whenever one of several desks works: support that follows the sun."""

    name: str
    zone: ZoneInfo
    """In which its working days are meant: the desks' own zones differ."""
    members: tuple[WorkingTime, ...]

    def closed(self, day: date) -> bool:
        return all(member.closed(day) for member in self.members)

    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        # What a member works in the first hours of a year here may begin in the last one there.
        years = max(FIRST_YEAR, first - 1), min(LAST_YEAR, last + 1)
        merged: list[list[int]] = []
        for start, end, _ in heapq.merge(*(member.stretches(*years) for member in self.members)):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        for start, end in merged:
            for from_, until in pairwise(_midnights(start, end, self.zone)):
                day = instant(from_).astimezone(self.zone)
                if first <= day.year <= last:
                    yield from_, until, day.toordinal()


@dataclass(frozen=True)
class Versions(WorkingTime):
    """One calendar as it was edited: each version holds from its instant until the next one's."""

    name: str
    first: WorkingTime
    """What held before anything was edited."""
    edits: tuple[tuple[datetime, WorkingTime], ...]
    """From when on which version holds, oldest first."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the newest version."""
        return (self.first, *(version for _, version in self.edits))[-1].zone

    def closed(self, day: date) -> bool:
        noon = datetime.combine(day, time(12), self.zone)
        held = [self.first, *(version for since, version in self.edits if since <= noon)]
        return held[-1].closed(day)

    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        versions = [(-(10**12), self.first), *((seconds(since), version) for since, version in self.edits)]
        ends = [*(since for since, _ in versions[1:]), 10**12]
        for (since, version), until in zip(versions, ends, strict=True):
            for start, end, day in version.stretches(first, last):
                if start < until and end > since:
                    yield max(start, since), min(end, until), day


@dataclass(frozen=True)
class Elapsed:
    """Time as it passes, night and day: the measure of a target that counts every hour."""

    name: str = "elapsed"

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the time from `start` until `end`; nothing if they are the wrong way round."""
        return max(end - start, timedelta(0))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant `duration` after `start`."""
        return start + duration


TimeBase = WorkingTime | Elapsed
"""What a target is measured in; every target names one."""


def around_the_clock(name: str, zone: ZoneInfo) -> Calendar:
    """Return the calendar of a desk that never closes; its working days end at midnight."""
    return Calendar(name, zone, ((Frame(time(0), time(0)),),) * 7)


def _shown(day: date, at: time, zone: ZoneInfo) -> int:
    """Return the first instant at which a clock on the wall shows a time of a date, or more."""
    wall = datetime.combine(day, at, zone)
    offset, other = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    if offset is None or other is None or offset >= other:
        return seconds(wall.astimezone(UTC))  # the first of two where the clock is set back
    # The clock is set forward over it: the instant of that is where the offset changes.
    naive = wall.replace(tzinfo=UTC)
    early, late = seconds(naive - other), seconds(naive - offset)
    while early < late:
        middle = (early + late) // 2
        if instant(middle).astimezone(zone).utcoffset() == other:
            late = middle
        else:
            early = middle + 1
    return early


def _midnights(start: int, end: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield a stretch's start, the midnights within it, and its end."""
    yield start
    day = instant(start).astimezone(zone).date() + _DAY
    while (midnight := _shown(day, time(0), zone)) < end:
        if midnight > start:
            yield midnight
        day += _DAY
    yield end
