"""From clocks to what the tools show: due times, and one word for how things stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mappings.ticket import SlaState
from sync.situation import Promises
from sync.sla.clock import Clock, ClockState
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy


def promises(
    facts: Facts, policy: Policy, running: Iterable[Clock], zone: ZoneInfo, at: datetime
) -> Promises | None:
    """Return what the tools are to show at an instant, or None where nothing is promised any more.

    Before the first answer the later promise is what it would be if the answer came when it is due: a
    tool that takes both times or none is then told both.
    """
    by_name = {clock.name: clock for clock in running}
    first, update = by_name.get(ClockName.FIRST_RESPONSE), by_name.get(ClockName.UPDATE)
    if not by_name or facts.resolved():
        return None
    due = update.due if update else None
    target = policy.target(ClockName.UPDATE, facts)
    if update and update.state is ClockState.WAITING and first and first.due and target:
        due = target.base.after(first.due, target.duration)
    active = [c for c in by_name.values() if c.state is ClockState.RUNNING]
    return Promises(
        first_response=first.due if first else None,
        due=due,
        next=min((c.due for c in active if c.due), default=None),
        state=max((c.sla(at) for c in active), key=list(SlaState).index, default=SlaState.ON_TRACK),
        zone=zone,
    )


def most_urgent(promised: Sequence[Promises]) -> Promises | None:
    """Return what a work side that several tickets share is to show: the most urgent of each."""
    if not promised:
        return None
    return Promises(
        first_response=min((p.first_response for p in promised if p.first_response), default=None),
        due=min((p.due for p in promised if p.due), default=None),
        next=min((p.next for p in promised if p.next), default=None),
        state=max((p.state for p in promised), key=list(SlaState).index),
        zone=promised[0].zone,
    )
