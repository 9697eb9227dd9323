"""Who is on duty: a weekly rotation, what the settings say otherwise, and turns that people swapped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody is on duty from an instant until just before another one."""

    start: datetime
    end: datetime
    person: str
    why: str = ""
    """What put them there, if it is not the rotation."""


@dataclass(frozen=True, slots=True)
class Rota:
    """People who take turns of a week, in their order, from a first day on."""

    name: str
    people: tuple[str, ...]
    zone: ZoneInfo
    first: date
    """The day on which the first of them begins."""
    at: time = time(9)
    """When turns change, on the clocks of the zone."""
    overrides: tuple[Turn, ...] = ()
    """Times that are somebody's whoever's week it is; a later one in the row wins."""

    def week(self, at: datetime) -> Turn:
        """Return the turn of the rotation that an instant is in."""
        local = at.astimezone(self.zone)
        number = (local.date() - self.first) // timedelta(days=7)
        if at < self._begins(number):
            number -= 1
        elif at >= self._begins(number + 1):
            number += 1
        return Turn(self._begins(number), self._begins(number + 1), self.people[number % len(self.people)])

    def turns(self, start: datetime, end: datetime, swaps: Sequence[Turn] = ()) -> tuple[Turn, ...]:
        """Return who is on duty between two instants, in order; what was swapped last goes first."""
        over = (*self.overrides, *swaps)
        weeks, at = [], start
        while at < end:
            weeks.append(self.week(at))
            at = weeks[-1].end
        cuts = {start, end, *(week.start for week in weeks)}
        cuts |= {moment for turn in over for moment in (turn.start, turn.end)}
        found: list[Turn] = []
        for one, other in pairwise(sorted(cut for cut in cuts if start <= cut <= end)):
            held = _holding(over, one) or self.week(one)
            turn = replace(held, start=one, end=other)
            same = found and (found[-1].person, found[-1].why) == (turn.person, turn.why)
            week_ends = any(week.start == one for week in weeks) and not turn.why
            if same and not week_ends:
                found[-1] = replace(found[-1], end=other)
            else:
                found.append(turn)
        return tuple(found)

    def on(self, at: datetime, swaps: Sequence[Turn] = ()) -> str:
        """Return who is on duty at an instant."""
        return (_holding((*self.overrides, *swaps), at) or self.week(at)).person

    def _begins(self, number: int) -> datetime:
        day = self.first + _WEEK * number
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


def swapped(rota: Rota, one: datetime, other: datetime, swaps: Sequence[Turn] = ()) -> tuple[Turn, Turn]:
    """Return what has two people take each other's week. Raises ValueError if that changes nothing."""
    first, second = rota.week(one), rota.week(other)
    if first == second:
        raise ValueError("both days are in the same turn")
    here, there = rota.on(one, swaps), rota.on(other, swaps)
    if here == there:
        raise ValueError(f"both turns are {here}'s")
    return (
        replace(first, person=there, why=f"swapped with {here}"),
        replace(second, person=here, why=f"swapped with {there}"),
    )


def calendar_text(rota: Rota, turns: Iterable[Turn], made: datetime) -> str:
    """Return turns as an iCalendar feed (RFC 5545), to which people subscribe."""
    from icalendar import Calendar, Event

    feed = Calendar()
    feed.add("prodid", "-//deskbridge//duty//EN")
    feed.add("version", "2.0")
    for turn in turns:
        event = Event()
        event.add("uid", f"{rota.name}-{turn.start:%Y%m%dT%H%M%SZ}@duty.deskbridge")
        event.add("dtstamp", made)
        event.add("dtstart", turn.start)
        event.add("dtend", turn.end)
        event.add("summary", f"{rota.name}: {turn.person}")
        if turn.why:
            event.add("description", turn.why)
        feed.add_component(event)
    return str(feed.to_ical().decode())


def _holding(turns: Sequence[Turn], at: datetime) -> Turn | None:
    return next((turn for turn in reversed(turns) if turn.start <= at < turn.end), None)
