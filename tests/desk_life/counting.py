"""What was promised, counted minute by minute: it reads the settings itself and imports nothing of ours.

A minute is open or it is not; a promise is used up when so many open minutes have passed. There is no
interval arithmetic here, no cycle and no cache: what is asked for is counted again each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import compress, count, islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 2, 16, tzinfo=UTC)
"""Minutes are numbered from here."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_REOPEN = 14 * 24 * 60
_FOREVER = 10**6
_HOLIDAYS = {
    "IT": ("04-06", "04-25", "05-01", "06-02"),
    "GB": ("04-03", "04-06", "05-04", "05-25"),
    "US": ("02-16", "05-25", "06-19"),
    "JP": ("02-23", "03-20", "04-29", "05-03", "05-04", "05-05", "05-06"),
}
"""The public holidays of these months of 2026, as the countries' governments announce them."""


@dataclass
class Hours:
    """Every minute of some months, and whether somebody works in it; edited from a minute on."""

    days_long: int
    open: bytearray = field(default_factory=bytearray)
    days: list[int] = field(default_factory=list)

    def says(self, said: Mapping[str, Any], since: int = 0) -> None:
        """Have a calendar of the settings hold from a minute on."""
        zone, week = ZoneInfo(str(said["zone"])), _week(said["week"])
        closed = {date.fromisoformat(f"2026-{day}") for day in _HOLIDAYS.get(str(said.get("country")), ())}
        closed |= set(said.get("holidays", ()))
        shut = {day.toordinal() for day in closed}
        del self.open[since:], self.days[since:]
        day = wall = 0
        for minute in range(since, self.days_long * 24 * 60):
            if minute % 60 == 0 or minute == since:  # zones change their clocks at whole hours
                hour = FIRST + minute // 60 * 60 * MINUTE
                day, wall = _shown(hour, zone)
            passed = wall + minute % 60
            today, at = (day + 1, passed - 1440) if passed >= 1440 else (day, passed)
            weekday = (today - 1) % 7
            works = today not in shut and any(a <= at < b for a, b in week[weekday])
            self.open.append(works)
            self.days.append(today)

    def closing(self, start: int, days: int) -> int:
        """Return the minute after the last open one of the Nth following day that has any."""
        seen: list[int] = []
        minute = end = start
        while (minute := self.open.find(1, minute)) >= 0:
            if self.days[minute] > self.days[start]:
                if self.days[minute] not in seen:
                    if len(seen) == days:
                        break
                    seen.append(self.days[minute])
                end = minute + 1
            minute += 1
        return end


def _shown(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Return the day and the minute that a clock on the wall shows."""
    local = at.astimezone(zone)
    return local.toordinal(), local.hour * 60 + local.minute


def _week(said: Mapping[str, Sequence[str]]) -> list[list[tuple[int, int]]]:
    frames: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    for named, row in said.items():
        first, _, last = named.partition("-")
        for day in range(_DAYS.index(first), _DAYS.index(last or first) + 1):
            frames[day] += [(_wall(a), _wall(b)) for a, _, b in (text.partition("-") for text in row)]
    return frames


def _wall(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


@dataclass(frozen=True)
class Promised:
    """So many open minutes, or until the end of so many following working days, or so many that pass."""

    minutes: int = 0
    days: int = 0
    elapsed: bool = False


Table = Mapping[str, Mapping[str, Promised]]
THREE: Table = {
    "urgent": {"first_response": Promised(60), "update": Promised(240)},
    "high": {"first_response": Promised(120), "update": Promised(days=1)},
    "medium": {"first_response": Promised(48 * 60, elapsed=True)},
    "low": {"first_response": Promised(48 * 60, elapsed=True)},
}
FIVE: Table = {
    "urgent": {"first_response": Promised(30), "resolve": Promised(120), "update": Promised(60)},
    "high": {"first_response": Promised(30), "resolve": Promised(240), "update": Promised(120)},
    "medium": {"first_response": Promised(240), "resolve": Promised(days=1)},
    "low": {"first_response": Promised(days=1), "resolve": Promised(days=3)},
}
_REQUEST = {"first_response": Promised(days=1), "resolve": Promised(days=5)}
REQUESTS: Table = dict.fromkeys(FIVE, _REQUEST)
PRESETS = {"three_levels": THREE, "five_levels": FIVE}
CLOCKS = ("first_response", "update", "resolve")


@dataclass(frozen=True)
class Answer:
    """What a clock must say; all instants are minutes."""

    state: str
    elapsed: int | None = None
    """None where nothing is being counted."""
    due: int | None = None
    breached: bool = False
    started: int | None = None
    broken_from: int | None = None
    """From when the hours after the breach are counted: when it was due, or the change that made it late."""
    risk: float | None = None
    """When four fifths are used up."""
    halts: tuple[tuple[int, int], ...] = ()

    @property
    def live(self) -> bool:
        """Whether it counts, or pauses."""
        return self.state in ("running", "paused")

    def halted(self, at: float) -> bool:
        """Whether it does not count at a minute."""
        return any(since <= at < until for since, until in self.halts)


@dataclass
class Diary:
    """What people did to one ticket, by the minute by which it could be known."""

    created: int
    request: bool = False
    priorities: list[tuple[int, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)

    def spans(self, status: str) -> list[tuple[int, int]]:
        """Return from when to when it was in a status; what goes on has no end."""
        row = [*self.statuses, (_FOREVER, "")]
        return [(at, then) for (at, what), (then, _) in pairwise(row) if what == status]

    def status(self) -> str:
        """Return its present status."""
        return self.statuses[-1][1] if self.statuses else "open"

    def until(self, minute: int) -> Diary:
        """Return what had happened by a minute."""
        return Diary(
            self.created,
            self.request,
            [one for one in self.priorities if one[0] <= minute],
            [at for at in self.answers if at <= minute],
            [one for one in self.statuses if one[0] <= minute],
        )

    def newest(self) -> Diary:
        """Return its newest life: opened again after more than 14 days it begins anew."""
        for since, until in reversed(self.spans("resolved")):
            if until - since > _REOPEN and until != _FOREVER:
                word = [word for at, word in self.priorities if at <= until][-1]
                return replace(
                    self,
                    created=until,
                    priorities=[(until, word), *(one for one in self.priorities if one[0] > until)],
                    answers=[at for at in self.answers if at >= until],
                    statuses=[one for one in self.statuses if one[0] >= until],
                )
        return self

    def lives(self) -> list[Diary]:
        """Return its lives, oldest first; each is as it was before the next one began."""
        newest = self.newest()
        return [self] if newest is self else [*self.until(newest.created - 1).lives(), newest]


def told(diary: Diary, clock: str, desk: Table, m: Hours, now: int) -> Answer | None:
    """Return what a clock must say of a ticket now; None if it is not promised at its priority."""
    whole, diary = diary, diary.newest()
    table = REQUESTS if diary.request and desk is FIVE else desk
    terms = [(at, table[word].get(clock)) for at, word in diary.priorities]
    if terms[-1][1] is None:
        return None
    waiting, done = diary.spans("waiting_on_customer"), diary.spans("resolved")
    solved = done[-1][0] if diary.status() == "resolved" else None
    start, stop, halts = diary.created, None, list[tuple[int, int]]()
    if clock == "first_response":
        stop, halts = (diary.answers[0] if diary.answers else None), done
    elif clock == "resolve":
        stop, halts = solved, [*waiting, *_vendor(diary, whole.answers), *done]
    elif solved is not None or not diary.answers or diary.status() == "waiting_on_customer":
        return Answer("ended" if solved is not None else "paused" if diary.answers else "waiting")
    else:
        held = [*waiting, *done]
        free = [a for a in diary.answers if not any(since <= a < until for since, until in held)]
        start = max([*free, *(until for _, until in held if diary.answers[0] <= until <= now)])
    over = min((at for at in (stop, solved) if at is not None), default=None)
    halts = [span for span in halts if over is None or span[0] < over]
    return _measured(_Run(terms, m, start, stop, over, tuple(sorted(halts)), now))


def _vendor(diary: Diary, answers: Sequence[int]) -> list[tuple[int, int]]:
    """Return when a third party was waited for, from when the customer was told: an hour before, or since."""
    found = []
    for since, until in diary.spans("waiting_on_vendor"):
        said = [at for at in answers if at >= since - 60]
        if said and said[0] < until:
            found.append((max(since, said[0]), until))
    return found


@dataclass(frozen=True)
class _Run:
    terms: list[tuple[int, Promised | None]]
    m: Hours
    start: int
    stop: int | None
    over: int | None
    halts: tuple[tuple[int, int], ...]
    now: int


def _measured(run: _Run) -> Answer:
    later = [one for one in run.terms if one[0] > run.start and (run.over is None or one[0] < run.over)]
    due, breached, late, term = None, False, None, None
    for at, promised in [(run.start, _at(run.terms, run.start)), *later]:
        if promised == term:
            continue
        breached |= due is not None and due < at
        due = None if promised is None else _used_up(promised, run, 1.0)
        late = at if due is not None and due < at else None
        breached |= late is not None
        term = promised
    if term is None:
        return Answer("ended")
    last = run.over if run.over is not None else run.now
    passed = _counted(term, run, last)[: last - run.start].count(1)
    base = max(due, late) if due is not None and late is not None else due
    risk = _used_up(term, run, 0.8)
    found = Answer("running", passed, _whole(due), breached, run.start, _whole(base), risk, run.halts)
    if run.over is not None:
        broken = breached or (due is not None and due < run.over)
        return replace(
            found, state="missed" if broken else "ended" if run.stop is None else "met", breached=broken
        )
    overdue = breached or (due is not None and due <= run.now)
    paused = any(until == _FOREVER for _, until in run.halts)
    return replace(found, state="paused" if paused else "running", breached=overdue)


def _at(terms: list[tuple[int, Promised | None]], minute: int) -> Promised | None:
    return [promised for at, promised in terms if at <= minute or at == terms[0][0]][-1]


def _whole(minute: float | None) -> int | None:
    return None if minute is None else int(minute)


def _used_up(term: Promised, run: _Run, share: float) -> float | None:
    """Return the minute by which a share of a promise is used up; None if it is halted before that."""
    m = run.m
    budget = m.open[run.start : m.closing(run.start, term.days)].count(1) if term.days else term.minutes
    seconds = round(budget * 60 * share)
    counted = compress(count(), _counted(term, run, len(m.open)))
    whole, rest = divmod(seconds, 60)
    minute = next(islice(counted, whole + (rest > 0) - 1, None), None)
    return None if minute is None else run.start + minute + (rest / 60 if rest else 1)


def _counted(term: Promised, run: _Run, end: int) -> bytearray:
    """Return each minute between two, and whether it counts."""
    row = bytearray(b"\1") * (end - run.start) if term.elapsed else run.m.open[run.start : end]
    for since, until in run.halts:
        a, b = max(since, run.start) - run.start, min(until, end) - run.start
        if b > a:
            row[a:b] = bytes(b - a)
    return row
