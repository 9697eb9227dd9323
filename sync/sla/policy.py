"""What was promised to whom: targets by priority, each with its own measure of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mappings.ticket import Priority, TicketType
from sync.sla.calendar import TimeBase
from sync.sla.facts import Facts


class ClockName(StrEnum):
    """What is measured."""

    FIRST_RESPONSE = "first_response"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so much time, measured so."""

    duration: timedelta
    base: TimeBase


@dataclass(frozen=True)
class Policy:
    """The targets of some customers' tickets of some types."""

    name: str
    types: frozenset[TicketType]
    """The types it is for; empty for all."""
    assume_type: TicketType | None
    """The type that an untyped ticket is taken for, so that none falls out silently."""
    assume_priority: Priority
    targets: Mapping[Priority, Mapping[ClockName, Target]]

    def applies(self, facts: Facts) -> bool:
        """Whether the policy is for a ticket with these facts."""
        return not self.types or (facts.type or self.assume_type) in self.types

    def target(self, clock: ClockName, facts: Facts) -> Target | None:
        """Return what is promised for a clock at the ticket's priority, or None."""
        return self.targets.get(facts.priority or self.assume_priority, {}).get(clock)
