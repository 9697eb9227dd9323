"""Two desks' rules, complete: policies in their order, the table of priorities, escalation steps.

They are data like a desk's own: a desk takes one with its calendar and changes what it agreed otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from mappings.ticket import Impact, Priority, Status, TicketType
from sync.sla.calendar import Calendar, Elapsed, Frame
from sync.sla.policy import PAUSES, ClockName, OnChange, Policy, Target, in_days
from sync.sla.priorities import Matrix, matrix
from sync.sla.steps import Mark, Notify, Raise, Step, steps
from sync.sla.worktime import WorkingTime

_FIRST, _NEXT = ClockName.FIRST_RESPONSE, ClockName.NEXT_RESPONSE
_UPDATE, _RESOLVE, _ESTIMATE = ClockName.UPDATE, ClockName.RESOLVE, ClockName.ESTIMATE
_FAULTS = frozenset({TicketType.INCIDENT, TicketType.BUG})
_LOW, _MEDIUM, _HIGH, _URGENT = Priority
_WAITING = frozenset({Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_VENDOR})


THREE_LEVELS = matrix(
    {
        Impact.PERSON: (_LOW, _MEDIUM, _MEDIUM),
        Impact.DEPARTMENT: (_MEDIUM, _MEDIUM, _HIGH),
        Impact.ORGANISATION: (_MEDIUM, _HIGH, _URGENT),
    }
)
"""The table of the preset of that name."""
FIVE_LEVELS = matrix(
    {
        Impact.PERSON: (_LOW, _LOW, _LOW),
        Impact.DEPARTMENT: (_MEDIUM, _MEDIUM, _MEDIUM),
        Impact.ORGANISATION: (_HIGH, _HIGH, _URGENT),
    },
    vip=_MEDIUM,
    otherwise=_LOW,
)
"""The same; who goes before others is the customer's to say."""


@dataclass(frozen=True)
class Preset:
    """Everything that a desk promises."""

    policies: tuple[Policy, ...]
    """In the order in which they are tried."""
    matrix: Matrix
    steps: tuple[Step, ...]


def three_levels(calendar: WorkingTime) -> Preset:
    """Return the rules of a desk that serves incidents and bugs on three levels.

    Critical (urgent): taken up within 1 h, a word every 4 h. Serious (high): 2 h, a word every working day.
    Others: 48 h as they pass, solved by the date that was promised. A day is `calendar`'s.
    """
    estimate = Target(timedelta(0), calendar)
    others = {_FIRST: Target(_hours(48), Elapsed()), _ESTIMATE: estimate}
    policy = Policy(
        name="three levels",
        types=_FAULTS,
        assume_type=TicketType.INCIDENT,
        assume_priority=_MEDIUM,
        targets={
            _URGENT: {_FIRST: _within(1, calendar), _UPDATE: _within(4, calendar), _ESTIMATE: estimate},
            _HIGH: {_FIRST: _within(2, calendar), _UPDATE: in_days(1, calendar), _ESTIMATE: estimate},
            _MEDIUM: others,
            _LOW: others,
        },
    )
    return Preset((policy,), THREE_LEVELS, STEPS)


def five_levels(calendar: WorkingTime, vips: frozenset[str] = frozenset()) -> Preset:
    """Return the rules of a desk on five levels, `calendar` being in the customer's own zone.

    1 (urgent) nobody can work, 2 (high) several departments, 3 (medium) a department, more than five people
    or a VIP, 4 (low) one person, 5 service requests, whatever their priority. A request that becomes a
    project has no hours; one for a date is asked for two weeks before it. While a third party works the
    clock stands, if the customer was told.
    """
    shared = Policy(
        name="five levels",
        types=frozenset({TicketType.INCIDENT, TicketType.BUG, TicketType.QUESTION, TicketType.TASK}),
        assume_type=TicketType.INCIDENT,
        assume_priority=_LOW,
        targets={
            _URGENT: _level(
                Target(timedelta(minutes=30), calendar), _within(2, calendar), _within(1, calendar)
            ),
            _HIGH: _level(
                Target(timedelta(minutes=30), calendar), _within(4, calendar), _within(2, calendar)
            ),
            _MEDIUM: _level(_within(4, calendar), in_days(1, calendar)),
            _LOW: _level(in_days(1, calendar), in_days(3, calendar)),
        },
        pauses={**PAUSES, _RESOLVE: _WAITING},
        told=frozenset({Status.WAITING_ON_VENDOR}),
        on_change=OnChange.CARRY_OVER,
        notice=timedelta(days=14),
    )
    request = _level(in_days(1, calendar), in_days(5, calendar))
    requests = replace(
        shared,
        name="five levels: requests",
        types=frozenset({TicketType.REQUEST}),
        assume_type=None,
        targets=dict.fromkeys(Priority, request),
        on_project="",
    )
    return Preset((requests, shared), replace(FIVE_LEVELS, vips=vips), STEPS)


def nine_to_six(name: str, zone: ZoneInfo, holidays: frozenset[date]) -> Calendar:
    """Return 9-13 and 14-18 from Monday to Friday: the hours of three levels."""
    return _week(name, zone, holidays, (9, 13), (14, 18))


def nine_to_five(name: str, zone: ZoneInfo, holidays: frozenset[date]) -> Calendar:
    """Return 9-17 from Monday to Friday: the hours of five levels, each customer's in their zone."""
    return _week(name, zone, holidays, (9, 17))


_PATH = ("duty", "project_manager", "triage")
STEPS = (
    *steps("80 %", Mark("sla::at-risk")),
    *steps("breach", Notify("desk", _PATH), Mark("sla::breached"), Raise()),
    *steps("every 1h x 3", Notify("desk", _PATH)),
)
"""What both presets do as their clocks run out."""


def _hours(count: float) -> timedelta:
    return timedelta(hours=count)


def _within(hours: float, calendar: WorkingTime) -> Target:
    return Target(_hours(hours), calendar)


def _level(first: Target, resolve: Target, update: Target | None = None) -> Mapping[ClockName, Target]:
    return {_FIRST: first, _RESOLVE: resolve, **({_UPDATE: update} if update else {})}


def _week(name: str, zone: ZoneInfo, holidays: frozenset[date], *hours: tuple[int, int]) -> Calendar:

    frames = tuple(Frame(time(start), time(end)) for start, end in hours)
    return Calendar(name, zone, ((frames,) * 5) + ((), ()), holidays)
