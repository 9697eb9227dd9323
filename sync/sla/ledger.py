"""How a clock came to its figure, as a line that a customer can check: stretches, gaps and the sum."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.sla.calendar import TimeBase
from sync.sla.cycle import Cycle, pieces
from sync.sla.worktime import WorkingTime

_DAY = timedelta(days=1)
_WORTH_TELLING = timedelta(hours=1)
"""From how long on a stretch says its length; a shorter one is seen at a glance."""


def ledger(cycle: Cycle, at: datetime, zone: ZoneInfo) -> str:
    """Return how the time of a cycle until an instant came about, on the clocks of a zone.

    Like ``09:30-13:00 3 h 30, lunch, 14:00-14:30, = 4 h``. Dates are told where there are several.
    """
    end = min(at, cycle.stopped) if cycle.stopped else at
    rows = list(_stretches(cycle, end))
    days = {moment.astimezone(zone).date() for row in rows for moment in row}
    told = []
    for number, (start, until) in enumerate(rows):
        if number:
            told.append(_between(cycle, rows[number - 1][1], start, zone))
        told.append(_row(start, until, zone, several=len(days) > 1))
    total = sum((until - start for start, until in rows), timedelta(0))
    return ", ".join([*told, f"= {spelled(total)}"])


def spelled(length: timedelta) -> str:
    """Return a length as people write it: ``3 h 30``, ``4 h``, ``25 min``, ``30 s``."""
    total = int(length.total_seconds())
    if total < 0:
        return f"-{spelled(-length)}"
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if rest:
        whole = spelled(timedelta(seconds=total - rest)) + (" min" if hours and minutes else "")
        return f"{whole} {rest} s" if total > rest else f"{rest} s"
    if hours:
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    return f"{minutes} min"


def _stretches(cycle: Cycle, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    base: TimeBase = cycle.target.base
    for start, until in pieces(cycle.started, end, cycle.halts):
        if isinstance(base, WorkingTime):
            yield from base.within(start, until)
        else:
            yield start, until


def _row(start: datetime, until: datetime, zone: ZoneInfo, *, several: bool) -> str:
    begin, end = start.astimezone(zone), until.astimezone(zone)
    seconds = bool(begin.second or end.second)
    clock = "%H:%M:%S" if seconds else "%H:%M"
    # A stretch that ends with its day ends at 24:00, not on the next date.
    midnight = end.time().isoformat() == "00:00:00" and (end - _DAY).date() == begin.date()
    last = "24:00" if midnight else f"{end:{clock}}"
    if begin.date() != end.date() and not midnight:
        last = f"{end:%Y-%m-%d} {last}"
    text = f"{begin:{clock}}-{last}" if last[0:4] != f"{end:%Y}" else f"{begin:{clock}} - {last}"
    if several:
        text = f"{begin:%Y-%m-%d} {text}"
    return f"{text} {spelled(until - start)}" if until - start >= _WORTH_TELLING else text


def _between(cycle: Cycle, end: datetime, start: datetime, zone: ZoneInfo) -> str:
    """Return why nothing was counted between two stretches."""
    if any(since < start and (until is None or until > end) for since, until in cycle.halts):
        return "paused"
    first, last = end.astimezone(zone).date(), start.astimezone(zone).date()
    if first == last:
        return "lunch"
    skipped = [first + _DAY * n for n in range(1, (last - first).days)]
    base = cycle.target.base
    if isinstance(base, WorkingTime) and any(base.closed(day) for day in skipped):
        return "holiday"
    if any(day.weekday() > 4 for day in skipped):
        return "weekend"
    return "closed" if skipped else "night"
