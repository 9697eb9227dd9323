"""Working time as sums over a sorted list of stretches, so that years cost as little as hours.

Whatever can list its stretches (a calendar, a union, versions of them) gets the operations from here.
Instants are counted in whole seconds. A list is made for the years that were asked about, once, and grows
with them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1969, 2201
"""No desk has worked before or after: an odd stamp must not make a list of two thousand years."""
_NOTHING = timedelta(0)
_FURTHEST = 10
"""For how many years the end of a promise is looked for."""

Stretch = tuple[int, int, int]
"""Working from, until just before (seconds since 1970), and the ordinal of the date on which it begins."""


def seconds(instant: datetime) -> int:
    """Return the whole seconds from 1970 until an aware instant."""
    since = instant - EPOCH
    return since.days * 86400 + since.seconds


def instant(seconds: int) -> datetime:
    """Return the instant so many seconds after 1970 began, in UTC."""
    return EPOCH + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class _Index:
    """The stretches of some years, with the working seconds before each, and the end of each working day."""

    years: tuple[int, int]
    since: int
    until: int
    """The instants between which the index is exact."""
    starts: list[int]
    ends: list[int]
    before: list[int]
    days: list[int]
    closings: list[int]

    @classmethod
    def of(cls, first: int, last: int, stretches: Iterable[Stretch]) -> _Index:
        """Index the stretches that begin in some years, in order; what overlaps counts once."""
        starts, ends, days, closings = [], [], list[int](), list[int]()
        known = -(10**12)
        for start, end, day in stretches:
            if end <= max(start, known):
                continue
            starts.append(max(start, known))
            ends.append(end)
            known = end
            if days and days[-1] == day:
                closings[-1] = end
            else:
                days.append(day)
                closings.append(end)
        before = list(accumulate((e - s for s, e in zip(starts, ends, strict=True)), initial=0))
        # A night goes on into the next year, and the east is a day ahead: the outer years are for that.
        since, until = (seconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (first + 1, last))
        return cls((first, last), since, until, starts, ends, before, days, closings)

    def used(self, at: int) -> int:
        """Return the working seconds before an instant."""
        i = bisect_right(self.starts, at) - 1
        if i < 0:
            return 0
        end = self.ends[i]
        return self.before[i] + min(at, end) - self.starts[i]

    def when(self, used: int) -> int:
        """Return the first instant before which there are `used` working seconds, more than none."""
        i = bisect_left(self.before, used) - 1
        return self.starts[i] + used - self.before[i]


class WorkingTime(ABC):
    """Something that people work by: what is promised in working time is measured with it."""

    _known: _Index | None = None

    if TYPE_CHECKING:  # fields of the calendars, which a property here would be a default of

        @property
        def name(self) -> str:
            """What people call it."""

        @property
        def zone(self) -> ZoneInfo:
            """In which its dates are meant."""

    @abstractmethod
    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        """Yield the stretches that begin on dates of the years from `first` to `last`, in order."""

    def closed(self, day: date) -> bool:
        """Whether a date is a holiday, as far as that can be told."""
        return False

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from `start` until `end`; nothing if they are the wrong way round."""
        first, last = start - EPOCH, end - EPOCH
        a, b = first.days * 86400 + first.seconds, last.days * 86400 + last.seconds
        if b <= a:
            return _NOTHING
        index = self._known
        if index is None or a < index.since or b >= index.until:
            index = self._index(a, b)
        return timedelta(seconds=index.used(b) - index.used(a))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first instant at which `duration` of working time has passed since `start`.

        Raises ValueError if there is not that much working time in the next ten years.
        """
        since = start - EPOCH
        a, wanted = since.days * 86400 + since.seconds, duration.days * 86400 + duration.seconds
        if wanted <= 0:
            return instant(a)
        index = self._known
        if index is not None and index.since <= a:
            used = index.used(a) + wanted
            if used <= index.before[-1] and (due := index.when(used)) <= index.until:
                return EPOCH + timedelta(seconds=due)
        for years in (0, _FURTHEST):
            index = self._index(a, a + years * 366 * 86400)
            used = index.used(a) + wanted
            if used <= index.before[-1] and (due := index.when(used)) <= index.until:
                return instant(due)
        after = f"after {start.isoformat()}"
        raise ValueError(f"calendar {self.name} has no {duration} of working time {after}")

    def closing(self, start: datetime, days: int) -> datetime:
        """Return the end of the last frame of the Nth working day that follows the date of `start`.

        Raises ValueError if there are not that many working days in the next ten years, or for less than one.
        """
        if days < 1:
            raise ValueError("a promise in working days is one day at least")
        a, today = seconds(start), start.astimezone(self.zone).toordinal()
        for years in (1 + days // 100, _FURTHEST):
            index = self._index(a, a + years * 366 * 86400)
            i = bisect_right(index.days, today) + days - 1
            if i < len(index.days) and index.closings[i] <= index.until:
                return instant(index.closings[i])
        raise ValueError(f"calendar {self.name} has no {days} working days after {start.isoformat()}")

    def within(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of working time between two instants, cut at both."""
        a, b = seconds(start), seconds(end)
        if b <= a:
            return
        index = self._index(a, b)
        i = max(0, bisect_right(index.starts, a) - 1)
        while i < len(index.starts) and index.starts[i] < b:
            if index.ends[i] > a:
                yield instant(max(a, index.starts[i])), instant(min(b, index.ends[i]))
            i += 1

    def opening(self, at: datetime) -> datetime:
        """Return an instant of working time, a frame's end included, as it is; another one as the next start.

        Raises ValueError if nobody works in the ten years after it.
        """
        a = seconds(at)
        for years in (1, _FURTHEST):
            index = self._index(a, a + years * 366 * 86400)
            i = bisect_left(index.ends, a)
            if i < len(index.starts):
                return instant(max(a, index.starts[i]))
        raise ValueError(f"calendar {self.name} has no working time after {at.isoformat()}")

    def ahead(self, at: datetime, lead: timedelta) -> datetime:
        """Return an instant of working time as it is, another one as `lead` before the frame before it ends.

        The frame's start if it is shorter than `lead`; the instant itself if nobody worked before it.
        """
        a = seconds(at)
        index = self._index(a - 366 * 86400, a)
        i = bisect_right(index.starts, a) - 1
        if i < 0 or a <= index.ends[i]:
            return instant(a)
        return instant(max(index.starts[i], index.ends[i] - int(lead.total_seconds())))

    def _index(self, start: int, end: int) -> _Index:
        """Return an index that is exact between two instants, grown if the present one is not."""
        index = self._known
        if index is not None and index.since <= start and end < index.until:
            return index
        first, last = _year(start) - 1, _year(end) + 2
        if index is not None:
            first, last = min(first, index.years[0]), max(last, index.years[1])
        first, last = max(first, FIRST_YEAR), min(last, LAST_YEAR)
        if index is None or (first, last) != index.years:
            index = _Index.of(first, last, self.stretches(first, last))
            object.__setattr__(self, "_known", index)  # the same for every thread that makes it
        return index


def _year(at: int) -> int:
    """Return the year of an instant, as far as there were desks."""
    low, high = (seconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (FIRST_YEAR, LAST_YEAR))
    return instant(min(max(at, low), high)).year
