"""What two desks promise, counted minute by minute from what people did: it shares nothing with `sync.sla`.

A minute is open or it is not; a promise is used up when so many open minutes have passed. There is no
interval arithmetic here, no cycle and no cache: what is asked for is counted again each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass
class Minutes:
    """Every minute of some months, and whether somebody works in it."""

    zone: ZoneInfo
    hours: tuple[tuple[int, int], ...]
    """From and to which hours of Monday to Friday."""
    holidays: frozenset[date]
    first: datetime
    last: datetime
    open: bytearray = field(init=False)
    days: list[date] = field(init=False)

    def __post_init__(self) -> None:
        self.open, self.days, at = bytearray(), [], self.first
        while at < self.last:
            local = at.astimezone(self.zone)
            works = local.weekday() < 5 and local.date() not in self.holidays
            self.open.append(works and any(a <= local.hour < b for a, b in self.hours))
            self.days.append(local.date())
            at += MINUTE

    def number(self, at: datetime) -> int:
        """Return which minute an instant begins."""
        return (at - self.first) // MINUTE

    def closing(self, start: int, days: int) -> int:
        """Return the minute after the last open one of the Nth following day that has any."""
        seen: list[date] = []
        end = start
        for minute in range(start, len(self.open)):
            if self.open[minute] and self.days[minute] > self.days[start]:
                if self.days[minute] not in seen:
                    if len(seen) == days:
                        break
                    seen.append(self.days[minute])
                end = minute + 1
        return end


@dataclass(frozen=True)
class Promised:
    """So many open minutes, or until the end of so many following working days, or so many that pass."""

    minutes: int = 0
    days: int = 0
    elapsed: bool = False


THREE: Mapping[str, Mapping[str, Promised]] = {
    "urgent": {"first_response": Promised(60), "update": Promised(240)},
    "high": {"first_response": Promised(120), "update": Promised(days=1)},
    "medium": {"first_response": Promised(48 * 60, elapsed=True)},
    "low": {"first_response": Promised(48 * 60, elapsed=True)},
}
FIVE: Mapping[str, Mapping[str, Promised]] = {
    "urgent": {"first_response": Promised(30), "resolve": Promised(120), "update": Promised(60)},
    "high": {"first_response": Promised(30), "resolve": Promised(240), "update": Promised(120)},
    "medium": {"first_response": Promised(240), "resolve": Promised(days=1)},
    "low": {"first_response": Promised(days=1), "resolve": Promised(days=3)},
}


@dataclass(frozen=True)
class Answer:
    """What a clock must say."""

    state: str
    elapsed: int | None
    """Minutes; None where nothing is being counted."""
    due: int | None
    """The minute, of what runs."""
    breached: bool
    started: int | None


@dataclass
class Diary:
    """What people did to one ticket, by the minute."""

    created: int
    priorities: list[tuple[int, str]]
    answers: list[int] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)

    def spans(self, status: str, now: int) -> list[tuple[int, int]]:
        """Return from when to when it was in a status; what goes on ends after now."""
        row = [*self.statuses, (now + 10**6, "")]
        return [(at, then) for (at, what), (then, _) in pairwise(row) if what == status]

    def status(self) -> str:
        """Return its present status."""
        return self.statuses[-1][1] if self.statuses else "open"


def told(
    diary: Diary, clock: str, desk: Mapping[str, Mapping[str, Promised]], m: Minutes, now: int
) -> Answer:
    """Return what a clock must say of a ticket now."""
    waiting, done = diary.spans("waiting_on_customer", now), diary.spans("resolved", now)
    solved = done[-1][0] if done and diary.status() == "resolved" else None
    start, stop, end, halts = diary.created, None, solved, list[tuple[int, int]]()
    if clock == "first_response":
        stop = diary.answers[0] if diary.answers else None
        halts = done
    elif clock == "resolve":
        stop, halts = solved, sorted([*waiting, *done])
    elif not diary.answers:
        return Answer("ended" if solved else "waiting", None, None, False, None)
    elif diary.status() != "open":
        return Answer("ended" if solved else "paused", None, None, False, None)
    else:
        held = sorted([*waiting, *done])
        free = [a for a in diary.answers if not any(since <= a < until for since, until in held)]
        start = max([*free, *(until for _, until in held if until <= now and until > diary.answers[0])])
    over = min((at for at in (stop, end) if at is not None), default=None)
    if over is not None:
        halts = [span for span in halts if span[0] < over]
    due, breached = _due(diary, clock, desk, m, start, halts, over)
    last = over if over is not None else now
    elapsed = _counted(_term(diary, clock, desk, last), m, start, last, halts).count(1)
    if over is None and clock == "resolve" and diary.status() == "waiting_on_customer":
        return Answer("paused", elapsed, None, breached or (due is not None and due <= now), start)
    if over is None:
        return Answer("running", elapsed, due, breached or (due is not None and due <= now), start)
    late = breached or (due is not None and due < over)
    return Answer("missed" if late else "met" if stop is not None else "ended", elapsed, due, late, start)


def _term(diary: Diary, clock: str, desk: Mapping[str, Mapping[str, Promised]], now: int) -> Promised:
    held = [word for at, word in diary.priorities if at <= max(now, diary.created)]
    return desk[held[-1]][clock]


def _due(
    diary: Diary,
    clock: str,
    desk: Mapping[str, Mapping[str, Promised]],
    m: Minutes,
    start: int,
    halts: list[tuple[int, int]],
    over: int | None,
) -> tuple[int | None, bool]:
    """Return when the promise that holds last is due, and whether one was broken at a change."""
    words = [(at, word) for at, word in diary.priorities if over is None or at < over]
    begun = [word for at, word in words if at <= start][-1]
    breached, due = False, _used_up(desk[begun][clock], m, start, halts)
    for at, word in words:
        if at <= start:
            continue
        # Halts that came after the change are not known yet then: they move the due time all the same.
        after = _used_up(desk[word][clock], m, start, halts)
        if desk[word][clock] != desk[begun][clock]:
            breached = breached or (due is not None and due < at) or (after is not None and after < at)
        begun, due = word, after
    return due, breached


def _used_up(term: Promised, m: Minutes, start: int, halts: list[tuple[int, int]]) -> int | None:
    budget = m.open[start : m.closing(start, term.days)].count(1) if term.days else term.minutes
    counted = _counted(term, m, start, len(m.open), halts)
    minute = -1
    for _ in range(budget):
        minute = counted.find(1, minute + 1)
        if minute < 0:
            return None
    return start + minute + 1


def _counted(term: Promised, m: Minutes, start: int, end: int, halts: list[tuple[int, int]]) -> bytearray:
    """Return each minute between two, and whether it counts."""
    row = bytearray(b"\1") * (end - start) if term.elapsed else m.open[start:end]
    for since, until in halts:
        for minute in range(max(since, start), min(until, end)):
            row[minute - start] = 0
    return row


def utc(text: str) -> datetime:
    """Return an instant from its date and time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
