"""How fast working time is counted over five years, and all clocks of 50,000 open tickets.

Times are processor time of one core. The calendar has two frames a day, a zone with daylight saving and
public holidays.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from itertools import islice
from zoneinfo import ZoneInfo

from benchmarks.figures import Sheet, least, most
from mappings.ticket import Priority, Status
from sync.sla.calendar import Calendar, Frame
from sync.sla.clock import clocks
from sync.sla.facts import Fact, FactKind, Facts
from sync.sla.holidays import holidays_of
from sync.sla.policy import PAUSES, ClockName, Policy, Target, in_days

SIZES = {"CLOCK_OPERATIONS": (200_000, 5_000), "CLOCK_TICKETS": (50_000, 1_000)}
SINCE = datetime(2021, 1, 1, tzinfo=UTC)
FIVE_YEARS = 5 * 365 * 86400


def main(sheet: Sheet) -> None:
    """Take down how fast the calendar is, and how long all clocks take."""
    _calendar(sheet)
    _tickets(sheet)


def desk() -> Calendar:
    """Return nine to one and two to six in Rome, with Italy's holidays."""
    hours = (Frame(clock(9), clock(13)), Frame(clock(14), clock(18)))
    holidays = holidays_of("IT", None, range(2020, 2029))
    return Calendar("desk", ZoneInfo("Europe/Rome"), (hours,) * 5 + ((), ()), holidays)


def _calendar(sheet: Sheet) -> None:
    count = sheet.size("CLOCK_OPERATIONS")
    chance, calendar = random.Random(6), desk()  # noqa: S311 - the same questions each time
    pairs = [sorted(chance.choices(range(FIVE_YEARS), k=2)) for _ in range(count)]
    spans = [(SINCE + timedelta(seconds=a), SINCE + timedelta(seconds=b)) for a, b in pairs]
    lengths = [timedelta(minutes=chance.randrange(1, 500_000)) for _ in range(count)]
    calendar.between(SINCE, SINCE + timedelta(days=10 * 366))

    def between() -> None:
        for start, end in spans:
            calendar.between(start, end)

    def after() -> None:
        for (start, _), length in zip(spans, lengths, strict=True):
            calendar.after(start, length)

    def closing() -> None:
        for start, _ in spans:
            calendar.closing(start, 5)

    named = {
        "working time between two instants of five years": between,
        "the instant at which working time is used up": after,
        "the fifth working day's end": closing,
    }
    for what, act in named.items():
        sheet.add(what, count / _spent(act), "/s", goal=least(100_000), steady=True)


def policy(calendar: Calendar) -> Policy:
    """Return targets for all five clocks at each priority, with pauses."""
    targets = {
        ClockName.FIRST_RESPONSE: Target(timedelta(hours=2), calendar),
        ClockName.NEXT_RESPONSE: Target(timedelta(hours=4), calendar),
        ClockName.UPDATE: in_days(1, calendar),
        ClockName.RESOLVE: Target(timedelta(hours=16), calendar),
        ClockName.ESTIMATE: Target(timedelta(0), calendar),
    }
    pauses = {**PAUSES, ClockName.RESOLVE: frozenset({Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_VENDOR})}
    named = dict.fromkeys(Priority, targets)
    return Policy("all five", frozenset(), None, Priority.MEDIUM, named, pauses=pauses)


def stories(count: int) -> Iterator[Facts]:
    """Yield the facts of open tickets: a conversation, statuses, a change of priority, an estimate."""
    chance = random.Random(6)  # noqa: S311 - the same tickets each time
    statuses = [Status.OPEN, Status.IN_PROGRESS, Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_VENDOR]
    for _ in range(count):
        at = SINCE + timedelta(minutes=chance.randrange(5 * 365 * 1440))
        created, told = at, list[Fact]()
        for number in range(chance.randrange(2, 12)):
            at += timedelta(minutes=chance.randrange(5, 3000))
            kind = chance.choice((FactKind.ANSWER, FactKind.MESSAGE, FactKind.STATUS))
            value = chance.choice(statuses).value if kind is FactKind.STATUS else str(number)
            told.append(Fact(kind, value, at, at))
        if chance.random() < 0.3:
            told.append(Fact(FactKind.PRIORITY, chance.choice([*Priority]).value, at, at))
        if chance.random() < 0.3:
            told.append(Fact(FactKind.ESTIMATE, f"{at + timedelta(days=5):%Y-%m-%d}", at, at))
        yield Facts(created, tuple(told), Priority.MEDIUM)


def _tickets(sheet: Sheet) -> None:
    count, rules, told = sheet.size("CLOCK_TICKETS"), policy(desk()), 0
    at, rows, spent = SINCE + timedelta(days=5 * 365), stories(count), 0.0
    # A few at a time, as they come from a store: nobody holds the facts of all tickets.
    while some := list(islice(rows, 500)):
        begun = time.process_time()
        for facts in some:
            told += len([(clock.sla(at), clock.changes(at)) for clock in clocks(facts, rules)])
        spent += time.process_time() - begun
    full = SIZES["CLOCK_TICKETS"][0]
    sheet.add(
        f"all {told:,} clocks of {count:,} open tickets",
        spent,
        "s",
        goal=most(10 * count / full),
        steady=True,
    )


def _spent(act: Callable[[], None]) -> float:
    """Return the processor time of doing something, the best of three."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        act()
        times.append(time.process_time() - begun)
    return min(times)
