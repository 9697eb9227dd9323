"""A customer's month, as programs are told it: the statement's own figures, typed."""

from __future__ import annotations

from pydantic import AwareDatetime

from deskbridge.web.api.told import Told


class Counted(Told):
    """What became of one clock's promises of one priority."""

    clock: str
    priority: str
    met: int
    missed: int
    waived: int
    between: int


class Promise(Told):
    """One promise, and what became of it."""

    ticket: str
    clock: str
    cycle: str
    priority: str
    policy: str
    started: AwareDatetime
    due: AwareDatetime | None
    stopped: AwareDatetime | None
    counted: str
    verdict: str
    said: str | None
    late_minutes: int
    measured_in: str
    exact: bool
    late_by_change: bool


class Worst(Told):
    """A ticket whose promises were broken by most."""

    ticket: str
    missed: int
    late_minutes: int


class Hours(Told):
    """Booked time, and what of it the customer's tier covers."""

    tier: str
    paying: str | None
    included_minutes: int | None
    spent_minutes: int | None
    covered_minutes: int | None
    over_minutes: int | None
    billable_minutes: int | None
    unpaid_minutes: int | None
    reason: str | None
    unread: list[str]
    shared: list[str]


class Penalties(Told):
    """What penalties are reckoned from."""

    promises: int
    missed: int
    late_minutes: int
    rest_on_between: int


class Month(Told):
    """What a customer was promised in a month, and what was kept."""

    customer: str
    name: str
    month: str
    zone: str
    complete: bool
    clocks: list[Counted]
    share_met: float | None
    cycles: list[Promise]
    worst: list[Worst]
    hours: Hours
    penalties: Penalties


class Issue(Told):
    """That a month was issued."""

    issued: AwareDatetime
    who: str
    hash: str


class Correction(Told):
    """What is known now to be otherwise than it was issued."""

    at: AwareDatetime
    what: str
    before: str
    after: str


class Report(Told):
    """A customer's month: as it was issued, or as the store knows it now."""

    data: Month
    issue: Issue | None
    corrections: list[Correction]
