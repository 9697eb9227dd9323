"""Service level clocks, computed from what happened and a calendar; nothing writes them (reference, 8.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as data
from datetime import datetime, time, timedelta

from deskbridge.sandbox.jira import catalogue, desk_show
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.show import is_public
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import View

_HOUR = 3600
_OPENS, _CLOSES = time(9), time(17)


@dataclass(frozen=True, slots=True)
class Metric:
    """A clock: its goal in working seconds by the id of the priority."""

    id: str
    name: str
    field: str
    goals: tuple[int, ...]


METRICS = (
    Metric("1", "Time to first response", catalogue.cf(catalogue.FIRST_RESPONSE), (1, 2, 4, 8, 8)),
    Metric("2", "Time to resolution", catalogue.cf(catalogue.RESOLUTION), (4, 8, 16, 40, 40)),
)
_PAUSED = ("10101", "10102")


@dataclass(slots=True)
class Cycle:
    """One run of a clock, from its start to its stop."""

    start: datetime
    goal: float
    elapsed: float = 0.0
    since: datetime | None = None
    """When it began to run last; None while it is paused."""
    stop: datetime | None = None


# --- the calendar ---------------------------------------------------------------------------------


def _frames(mode: str, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working times from `start` on, without end."""
    day = start.date()
    while True:
        at = datetime.combine(day, time(0), start.tzinfo)
        day += timedelta(days=1)
        if mode == "24x7":
            yield at, at + timedelta(days=1)
        elif at.weekday() < 5:
            yield datetime.combine(at, _OPENS, start.tzinfo), datetime.combine(at, _CLOSES, start.tzinfo)


def worked(mode: str, start: datetime, end: datetime) -> float:
    """Return the working seconds between two instants."""
    total = 0.0
    for opens, closes in _frames(mode, start):
        if opens >= end:
            return total
        total += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
    return total


def after(mode: str, start: datetime, seconds: float) -> datetime:
    """Return the instant at which so many working seconds are used up."""
    for opens, closes in _frames(mode, start):
        room = (closes - max(opens, start)).total_seconds()
        if room > 0 and seconds <= room:
            return max(opens, start) + timedelta(seconds=seconds)
        seconds -= max(0.0, room)
    return start


def working(mode: str, now: datetime) -> bool:
    """Whether the clock is inside working hours."""
    opens, closes = next(_frames(mode, now))
    return opens <= now < closes


# --- what happened --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Clock:
    mode: str
    goal: float
    cycles: list[Cycle] = data(default_factory=list)

    def start(self, at: datetime) -> None:
        if not self.cycles or self.cycles[-1].stop:
            self.cycles.append(Cycle(at, self.goal, since=at))

    def pause(self, at: datetime) -> None:
        cycle = self.cycles[-1]
        if cycle.since and not cycle.stop:
            cycle.elapsed += worked(self.mode, cycle.since, at)
            cycle.since = None

    def resume(self, at: datetime) -> None:
        cycle = self.cycles[-1]
        if cycle.since is None and not cycle.stop:
            cycle.since = at

    def stop(self, at: datetime) -> None:
        self.pause(at)
        self.cycles[-1].stop = self.cycles[-1].stop or at


def cycles(site: Site, issue: Issue, metric: Metric) -> list[Cycle]:
    """Return a clock's cycles, oldest first."""
    priority = issue.values.get("priority") or catalogue.DEFAULT_PRIORITY
    clock = _Clock(site.switches.sla_calendar, metric.goals[int(priority) - 1] * _HOUR)
    clock.start(issue.created)
    if metric.id == "1":
        answered = [c.created for c in issue.comments if is_public(c) and not site.users[c.author].customer]
        ends = sorted([*answered, *([issue.resolved] if issue.resolved else [])])
        if ends:
            clock.stop(ends[0])
        return clock.cycles
    for change in issue.history:
        for item in change.items:
            _follow(clock, item, change.at)
    return clock.cycles


def _follow(clock: _Clock, item: Json, at: datetime) -> None:
    if item.get("fieldId") == "resolution":
        if item["to"]:
            clock.stop(at)
        else:
            clock.start(at)
    elif item.get("fieldId") == "status":
        if item["to"] in _PAUSED:
            clock.pause(at)
        else:
            clock.resume(at)


def elapsed(site: Site, cycle: Cycle) -> float:
    """Return how many working seconds a cycle has used until now."""
    running = worked(site.switches.sla_calendar, cycle.since, site.now()) if cycle.since else 0.0
    return cycle.elapsed + (0.0 if cycle.stop else running)


# --- shown ----------------------------------------------------------------------------------------


def metric_of(name: str) -> Metric | None:
    """Return the metric with an id, a field or a name."""
    return next((m for m in METRICS if name in (m.id, m.field, m.name)), None)


def field(view: View, issue: Issue, name: str) -> Json | None:
    """Return an issue's clock as its field shows it, null outside service projects."""
    metric = metric_of(name)
    if metric is None or view.site.desk_of(issue) is None:
        return None
    return shown(view, issue, metric)


def shown(view: View, issue: Issue, metric: Metric) -> Json:
    """Return one clock of an issue."""
    found = cycles(view.site, issue, metric)
    body: Json = {
        "id": metric.id,
        "name": metric.name,
        "_links": {"self": view.desk_url(f"request/{issue.id}/sla/{metric.id}")},
        "completedCycles": [_completed(view, cycle) for cycle in found if cycle.stop],
        "slaDisplayFormat": "NEW_SLA_FORMAT",
    }
    if found and not found[-1].stop:
        body["ongoingCycle"] = _ongoing(view, found[-1])
    return body


def _times(view: View, cycle: Cycle) -> Json:
    used = elapsed(view.site, cycle)
    times = {"goalDuration": cycle.goal, "elapsedTime": used, "remainingTime": cycle.goal - used}
    shown = {name: desk_show.duration(seconds) for name, seconds in times.items()}
    return {"breached": used > cycle.goal, **shown}


def _completed(view: View, cycle: Cycle) -> Json:
    dates = {"startTime": cycle.start, "stopTime": cycle.stop}
    return {**{name: desk_show.date(view, at) for name, at in dates.items()}, **_times(view, cycle)}


def _ongoing(view: View, cycle: Cycle) -> Json:
    mode, shown = view.site.switches.sla_calendar, {"startTime": desk_show.date(view, cycle.start)}
    if cycle.since:
        breach = after(mode, cycle.since, max(0.0, cycle.goal - cycle.elapsed))
        shown["breachTime"] = desk_show.date(view, breach)
    inside = working(mode, view.site.now())
    return {
        **shown,
        **_times(view, cycle),
        "paused": cycle.since is None,
        "withinCalendarHours": inside,
    }
