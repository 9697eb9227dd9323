"""What comes of looking at a ticket: done, later, or parked. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import Gone, HubError, Rejected, Throttled, Unauthorised, WireError
from mappings.ticket import Ref, Relation, Ticket, TimeEntry
from sync.operations import Plan, Write

BACKOFF = (timedelta(seconds=5), timedelta(minutes=15))
"""The shortest and the longest wait after an attempt that failed."""


class Stale(HubError):
    """Somebody changed the ticket after it was read: decide again."""


class Unjoined(HubError):
    """People merged or moved tickets into one whose links cannot become one without a person's choice."""


def unknown(ref: Ref, error: Gone) -> str:
    """Return that there is no such ticket, for whoever named it."""
    why = f"there is no such ticket, or our account may not see it ({error.text})"
    return f"{ref}: {why}; look at its key, and at the account's rights with `deskbridge check --live`"


class Waiting(HubError):
    """A write may still arrive: not before `until` is it known whether it must be sent again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"a write whose answer was lost may still arrive until {until:%H:%M:%S} UTC")
        self.until = until


@dataclass(frozen=True, slots=True)
class Done:
    """The sides agree as far as the rules go."""

    again: datetime | None = None
    """When what is missing, though nobody waits for it, is tried again by itself."""


@dataclass(frozen=True, slots=True)
class Later:
    """It will be tried again at `at` by itself."""

    at: datetime
    error: HubError


@dataclass(frozen=True, slots=True)
class Parked:
    """It waits for a person, for this reason."""

    reason: str


Outcome = Done | Later | Parked


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One ticket that was looked at, what was planned for it, and what came of that."""

    subject: str
    plan: Plan
    outcome: Outcome
    made: tuple[Write, ...] = ()
    """The writes of the plan that were made, whatever came of the others."""
    customer: str | None = None
    """Whose ticket it is, as far as it was read."""
    ties: tuple[Relation, ...] = ()
    """What its front side is to other tickets, as far as that was read."""
    gone: str = ""
    """Why a ticket of no bundle could not be read: it is not there."""
    look: str = ""
    """What this look is called, in the log and with what was decided; empty where there was none."""
    why: str = ""
    """What had the ticket be looked at."""
    booked: tuple[TimeEntry, ...] = ()
    """The time that was booked on its front side, as far as that was read."""
    front: Ticket | None = None
    """What the front side that leads says, as far as that was read."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be written for one ticket, or why that cannot be told now."""

    refs: tuple[Ref, ...]
    plan: Plan
    problem: str | None = None
    waits: bool = False
    """Whether a person must settle the problem; else it may pass by itself."""


def postponed(errors: Iterable[HubError], at: datetime) -> Later:
    """Return that a ticket is tried again as soon as the first of these errors may have passed."""
    soonest = min(errors, key=lambda error: not_before(error, at))
    return Later(not_before(soonest, at), soonest)


def outcome_of(error: WireError, at: datetime) -> Later | Parked:
    """Return what comes of a ticket that could not be looked at: what is refused waits for a person."""
    return Parked(str(error)) if isinstance(error, Rejected) else postponed([error], at)


def not_before(error: HubError, at: datetime) -> datetime:
    """Return when it makes sense to try again."""
    if isinstance(error, Throttled | Waiting):
        return error.until
    if isinstance(error, Stale):
        return at
    return at + (BACKOFF[1] if isinstance(error, Unauthorised) else BACKOFF[0])
