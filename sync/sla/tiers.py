"""What a customer pays for: hours of a month and what is over them, from the time that was booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mappings.ticket import TimeEntry

_NOTHING = timedelta(0)


class Paying(StrEnum):
    """How work is paid for."""

    PAY_AS_YOU_GO = "pay_as_you_go"
    """Every hour is charged."""
    HOURS = "hours"
    """So many hours a month are paid for in advance; what is over them is charged."""
    UNLIMITED = "unlimited"
    """Nothing is charged by the hour."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A customer's contract, as far as hours go."""

    name: str
    paying: Paying
    hours: timedelta = _NOTHING
    """What a month includes, where hours are included."""

    def __post_init__(self) -> None:
        if (self.paying is Paying.HOURS) != (self.hours > _NOTHING):
            raise ValueError(f"tier {self.name}: hours a month belong to `hours`, and to nothing else")


@dataclass(frozen=True, slots=True)
class Use:
    """What became of the hours of a month."""

    spent: timedelta
    covered: timedelta
    over: timedelta
    """Beyond what the month includes."""
    billable: timedelta
    reason: str
    """Why so much is charged."""
    unpaid: timedelta = _NOTHING
    """Work that was booked as not billable: it uses up nothing."""


def used(tier: Tier, entries: Iterable[TimeEntry], month: date, zone: ZoneInfo) -> Use:
    """Return the use of a month, which is that of `month` in a customer's zone, by when the work was done.

    An entry that says of itself that it is not billable is told apart; one that says nothing counts.
    """
    mine = [
        e
        for e in entries
        if (day := e.started.astimezone(zone)).year == month.year and day.month == month.month
    ]
    unpaid = sum((e.spent for e in mine if e.billable is False), _NOTHING)
    spent = sum((e.spent for e in mine if e.billable is not False), _NOTHING)
    match tier.paying:
        case Paying.UNLIMITED:
            return Use(spent, spent, _NOTHING, _NOTHING, "unlimited", unpaid)
        case Paying.PAY_AS_YOU_GO:
            return Use(spent, _NOTHING, _NOTHING, spent, "pay as you go", unpaid)
        case Paying.HOURS:
            over = max(spent - tier.hours, _NOTHING)
            reason = "over the hours of the month" if over else "within the hours of the month"
            return Use(spent, spent - over, over, over, reason, unpaid)
