"""One ticket's clocks, each with how its figure came about. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.sla.clock import Clock
from sync.sla.closure import Closure
from sync.sla.cycle import Amendment, ClockState, Cycle
from sync.sla.ledger import ledger, spelled


@dataclass(frozen=True)
class Clocks:
    """A ticket's clocks, and who asks for them when."""

    name: str
    """The front side."""
    asked: tuple[Clock, ...]
    zone: ZoneInfo
    """The customer's."""
    at: datetime
    closes: Closure | None = None
    """When it is closed unless the customer answers."""


def clock_lines(told: Clocks) -> Iterator[str]:
    """Yield the lines of each clock: its state, and the ledger of each run."""
    for clock in told.asked:
        yield f"{clock.name}: {clock.state}{_left(clock, told)}"
        for number, cycle in enumerate(clock.cycles, 1):
            yield f"  {number}. {_promise(cycle, told)}"
            yield f"     {ledger(cycle, told.at, told.zone)}"
            yield from (f"     {line}" for line in _beside(cycle, told.zone))
    if told.closes:
        days = f"{told.closes.days} working day{'s' if told.closes.days > 1 else ''}"
        yield f"closed on {_wall(told.closes.at, told.zone)} ({days}), unless the customer answers"


def clocks_json(told: Clocks) -> list[dict[str, object]]:
    """Return each clock as data."""
    return [
        {
            "ticket": told.name,
            "clock": clock.name.value,
            "state": clock.state.value,
            "due": clock.due.isoformat() if clock.due else None,
            "zone": told.zone.key,
            "cycles": [_cycle(cycle, told) for cycle in clock.cycles],
        }
        for clock in told.asked
    ]


def spoken(amendment: Amendment) -> str:
    """Return what a person said of a cycle."""
    kind = amendment.kind
    if amendment.met is not None:
        kind = f"{kind} to {'met' if amendment.met else 'missed'}"
    return f"{kind} by {amendment.who}: {amendment.reason}"


def _cycle(cycle: Cycle, told: Clocks) -> dict[str, object]:
    return {
        "started": cycle.started.isoformat(),
        "state": cycle.state.value,
        "due": cycle.due.isoformat() if cycle.due else None,
        "stopped": cycle.stopped.isoformat() if cycle.stopped else None,
        "breached": cycle.breached.isoformat() if cycle.breached else None,
        "policy": cycle.policy,
        "priority": cycle.priority.value,
        "measured_in": cycle.target.base.name,
        "promised_seconds": int(cycle.budget.total_seconds()),
        "elapsed_seconds": int(cycle.elapsed(told.at).total_seconds()),
        "ledger": ledger(cycle, told.at, told.zone),
        "exact": cycle.exact,
        "why": list(cycle.why),
        "said": spoken(cycle.amendment) if cycle.amendment else None,
    }


def _left(clock: Clock, told: Clocks) -> str:
    remaining = clock.remaining(told.at)
    if remaining is None or clock.state is not ClockState.RUNNING:
        return ""
    minutes = timedelta(minutes=int(abs(remaining).total_seconds()) // 60)
    return f", {spelled(minutes)} {'left' if remaining >= timedelta(0) else 'over'}"


def _promise(cycle: Cycle, told: Clocks) -> str:
    due = f", due {_wall(cycle.due, told.zone)}" if cycle.due else ""
    base = cycle.target.base.name
    promised = f"{spelled(cycle.budget)} {'elapsed' if base == 'elapsed' else f'of {base}'}"
    return f"since {_wall(cycle.started, told.zone)}: {promised} ({cycle.policy}, {cycle.priority}){due}"


def _beside(cycle: Cycle, zone: ZoneInfo) -> Iterator[str]:
    if cycle.breached:
        yield f"missed at {_wall(cycle.breached, zone)}"
    if cycle.late_by_change:
        yield "late by change: the promise was made when it was broken already"
    if not cycle.exact:
        yield "an instant that it rests on is known only to lie between two looks"
    yield from (f"changed by {why}" for why in cycle.why)
    if cycle.amendment:
        yield spoken(cycle.amendment)


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
