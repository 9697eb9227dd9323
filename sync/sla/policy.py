"""What was promised to whom: targets by priority, each with its own measure of time, and a life's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from mappings.ticket import Priority, Status, TicketType
from sync.sla.calendar import Elapsed, TimeBase
from sync.sla.worktime import WorkingTime


class ClockName(StrEnum):
    """What is measured."""

    FIRST_RESPONSE = "first_response"
    """From the ticket to its first public answer, or until somebody took charge of it."""
    NEXT_RESPONSE = "next_response"
    """From a customer's message after an answer to the next answer."""
    UPDATE = "update"
    """From each public answer to the next, until it is resolved."""
    RESOLVE = "resolve"
    """From the ticket until it is resolved."""
    ESTIMATE = "estimate"
    """Resolved by the date that the customer was promised."""


class OnChange(StrEnum):
    """What a change of priority, type, customer or tier does to a promise that runs."""

    CARRY_OVER = "carry_over"
    """The new target holds from the start, so the time that has passed counts."""
    RESTART = "restart"
    """The new target begins with the change; whether the old one was kept until then stays recorded."""
    ONLY_LATER = "only_later"
    """What runs keeps its target; the new one is for what begins later."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so much time, measured so."""

    duration: timedelta
    base: TimeBase
    days: int = 0
    """So many working days instead of a duration: until the last frame of the Nth following one ends."""
    due_in: WorkingTime | None = None
    """Of elapsed time, but due only in this working time: a due outside moves to the next frame, its reminder
    to the frame before."""

    def __post_init__(self) -> None:
        if self.days and not isinstance(self.base, WorkingTime):
            raise ValueError("working days need a calendar")
        if self.due_in and not isinstance(self.base, Elapsed):
            raise ValueError("working time is due in working time already")

    def budget(self, start: datetime) -> timedelta:
        """Return how much of its base may be used up by a promise that begins at `start`."""
        if self.days and isinstance(self.base, WorkingTime):
            return self.base.between(start, self.base.closing(start, self.days))
        return self.duration


def in_days(days: int, calendar: WorkingTime) -> Target:
    """Return a promise in working days."""
    return Target(timedelta(0), calendar, days)


PAUSES: Mapping[ClockName, frozenset[Status]] = {
    ClockName.NEXT_RESPONSE: frozenset({Status.WAITING_ON_CUSTOMER}),
    ClockName.UPDATE: frozenset({Status.WAITING_ON_CUSTOMER}),
}
"""In which statuses clocks pause if nothing is said."""


@dataclass(frozen=True)
class Policy:
    """The targets of some customers' tickets of some kinds."""

    name: str
    types: frozenset[TicketType]
    """The types it is for; empty for all, as with the next ones."""
    assume_type: TicketType | None
    """The type that an untyped ticket is taken for, so that none falls out silently."""
    assume_priority: Priority
    targets: Mapping[Priority, Mapping[ClockName, Target]]
    customers: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    tags: frozenset[str] = frozenset()
    """At least one of them is on the ticket."""
    reads: Literal["front", "work"] = "front"
    """Whose timeline its clocks read."""
    taking_charge: bool = False
    """Whether a ticket that is in progress and assigned to somebody counts as answered."""
    pauses: Mapping[ClockName, frozenset[Status]] = field(default_factory=lambda: PAUSES)
    """In which statuses a clock pauses; those that are not named never do."""
    told: frozenset[Status] = frozenset()
    """Statuses that pause only from when the customer was told in public: the hour before, or since."""
    on_change: OnChange = OnChange.CARRY_OVER
    reopen_days: int = 14
    """Opened again within so many days a ticket goes on; later it begins anew."""
    on_project: str | None = None
    """The policy of what became a project; empty for none, and None if that changes nothing."""
    notice: timedelta | None = None
    """How long before its date a dated request must be made."""
    enforce_from: datetime | None = None
    """Instants before it are counted, never escalated or shown in a tool."""
    closes: Mapping[Status, Target] = field(default_factory=dict)
    """After how many working days without a word of the customer a ticket of a status is closed."""

    def fits(self, kind: Kind) -> bool:
        """Whether the policy is for tickets like this."""
        return (
            (not self.types or (kind.type or self.assume_type) in self.types)
            and (not self.customers or kind.customer in self.customers)
            and (not self.tiers or kind.tier in self.tiers)
            and (not self.priorities or (kind.priority or self.assume_priority) in self.priorities)
            and (not self.tags or not self.tags.isdisjoint(kind.tags))
        )

    def promised(self, priority: Priority | None) -> Mapping[ClockName, Target]:
        """Return what is promised at a priority, by clock."""
        return self.targets.get(priority or self.assume_priority, {})


@dataclass(frozen=True, slots=True)
class Kind:
    """What policies choose by."""

    priority: Priority | None
    type: TicketType | None
    customer: str
    tier: str
    tags: frozenset[str]


@dataclass(frozen=True)
class Rulebook:
    """All policies, in their order, as they were edited: an edit acts on what begins or changes after it."""

    policies: tuple[Policy, ...]
    edits: tuple[tuple[datetime, tuple[Policy, ...]], ...] = ()
    """From when on which policies hold instead, oldest first."""

    def held(self, at: datetime) -> tuple[Policy, ...]:
        """Return the policies that hold at an instant."""
        found = self.policies
        for since, policies in self.edits:
            if since <= at:
                found = policies
        return found

    def match(self, kind: Kind, at: datetime) -> Policy | None:
        """Return the first policy that is for tickets like this at an instant, or None."""
        return next((policy for policy in self.held(at) if policy.fits(kind)), None)

    def named(self, name: str, at: datetime) -> Policy | None:
        """Return the policy of a name, as it holds at an instant, or None."""
        return next((policy for policy in self.held(at) if policy.name == name), None)
