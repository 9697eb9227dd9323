"""The clocks: what each says at an instant, and when it will say something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mappings.ticket import SlaState
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy, Target

WARNED_AT = 0.8
"""The share of a target after which a running clock is at risk."""


class ClockState(StrEnum):
    """Whether a clock is waiting for its start, counting, halted, or done."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    ENDED = "ended"
    """The ticket was resolved: nothing is promised any more."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One measurement of one target on one ticket, as of the instant it was asked for."""

    name: ClockName
    state: ClockState
    started: datetime | None
    due: datetime | None
    at_risk: datetime | None
    """When a running clock comes close to its due time."""

    def sla(self, at: datetime) -> SlaState:
        """Return how a tool shows the clock; only a running one can be at risk or breached."""
        if self.state is not ClockState.RUNNING or self.due is None or self.at_risk is None:
            return SlaState.ON_TRACK
        if at >= self.due:
            return SlaState.BREACHED
        return SlaState.AT_RISK if at >= self.at_risk else SlaState.ON_TRACK

    def changes(self, at: datetime) -> datetime | None:
        """Return the next instant at which the answer differs though nobody did anything."""
        moments = (self.at_risk, self.due) if self.state is ClockState.RUNNING else ()
        return min((m for m in moments if m is not None and m > at), default=None)


def clocks(facts: Facts, policy: Policy) -> tuple[Clock, ...]:
    """Return the clocks that a policy sets for a ticket; none if it is not for it."""
    if not policy.applies(facts):
        return ()
    made = []
    if target := policy.target(ClockName.FIRST_RESPONSE, facts):
        made.append(_first_response(facts, target))
    if target := policy.target(ClockName.UPDATE, facts):
        made.append(_update(facts, target))
    return tuple(made)


def _first_response(facts: Facts, target: Target) -> Clock:
    """Created until the first public answer; never pauses."""
    due = target.base.after(facts.created, target.duration)
    state, resolved = ClockState.RUNNING, facts.resolved()
    if facts.answers:
        state = ClockState.MET if facts.answers[0] <= due else ClockState.MISSED
    elif resolved:
        state = ClockState.ENDED
    return Clock(ClockName.FIRST_RESPONSE, state, facts.created, due, _warned(facts.created, target))


def _update(facts: Facts, target: Target) -> Clock:
    """Every N from the first answer until resolved, anew with each public update.

    It pauses while the customer is waited for; going on, or being opened again, starts a full interval.
    """
    if facts.resolved():
        return Clock(ClockName.UPDATE, ClockState.ENDED, None, None, None)
    if not facts.answers:
        return Clock(ClockName.UPDATE, ClockState.WAITING, None, None, None)
    waits = facts.waiting()
    if waits and waits[-1][1] is None:
        return Clock(ClockName.UPDATE, ClockState.PAUSED, None, None, None)
    halts = (*waits, *facts.done())
    started = max([facts.answers[-1], *(end for _, end in halts if end is not None)])
    due = target.base.after(started, target.duration)
    return Clock(ClockName.UPDATE, ClockState.RUNNING, started, due, _warned(started, target))


def _warned(started: datetime, target: Target) -> datetime:
    share = timedelta(seconds=round(target.duration.total_seconds() * WARNED_AT))
    return target.base.after(started, share)
