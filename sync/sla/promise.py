"""From clocks to what the tools show: due times, and one word for how things stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mappings.ticket import SlaState
from sync.situation import Promises
from sync.sla.clock import Clock
from sync.sla.cycle import ClockState
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy, Rulebook
from sync.sla.terms import terms


def promises(
    facts: Facts, rules: Policy | Rulebook, running: Iterable[Clock], zone: ZoneInfo, at: datetime
) -> Promises | None:
    """Return what the tools are to show at an instant, or None where nothing was ever promised.

    A ticket that is done shows no new due time, and no clock that runs out.

    Before the first answer the later promise is what it would be if the answer came when it is due: a
    tool that takes both times or none is then told both.
    """
    by_name = {clock.name: clock for clock in running}
    first, update = by_name.get(ClockName.FIRST_RESPONSE), by_name.get(ClockName.UPDATE)
    if not by_name:
        return None
    if facts.resolved():
        return Promises(None, None, None, SlaState.ON_TRACK, zone)
    active = [c for c in by_name.values() if c.state in _SHOWN and _enforced(c)]
    counting = [c for c in active if c.state is ClockState.RUNNING and c.due]
    dues = [c.due for c in counting if c.due and c.name is not ClockName.FIRST_RESPONSE]
    if update and update.state is ClockState.WAITING and first and first.due:
        held = terms(facts, rules if isinstance(rules, Rulebook) else Rulebook((rules,)))
        target = held[-1].target(ClockName.UPDATE)
        dues += [target.base.after(first.due, target.budget(first.due))] if target else []
    return Promises(
        first_response=first.due if first and _enforced(first) else None,
        due=min(dues, default=None),
        next=min((c.due for c in counting if c.due), default=None),
        state=max((c.sla(at) for c in active), key=list(SlaState).index, default=SlaState.ON_TRACK),
        zone=zone,
    )


_NEVER = datetime.max.replace(tzinfo=UTC)
_SHOWN = (ClockState.RUNNING, ClockState.PAUSED)


def _enforced(clock: Clock) -> bool:
    """Whether a clock's due time may be shown: it is not from before the desk took these promises up."""
    cycle = clock.cycle
    return cycle is None or cycle.enforced is None or cycle.due is None or cycle.due >= cycle.enforced


def most_urgent(promised: Sequence[Promises]) -> Promises | None:
    """Return what a work side that several tickets share is to show: the most urgent of each."""
    if not promised:
        return None
    return Promises(
        first_response=min((p.first_response for p in promised if p.first_response), default=None),
        due=min((p.due for p in promised if p.due), default=None),
        next=min((p.next for p in promised if p.next), default=None),
        state=max((p.state for p in promised), key=list(SlaState).index),
        zone=min(promised, key=lambda p: p.next or _NEVER).zone,
    )
