"""What runs out next, as rows for people and programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deskbridge.bootstrap import Application
from deskbridge.sla.held import Held
from mappings.ticket import SlaState
from sync.served import Counting
from sync.sla.ledger import spelled


@dataclass(frozen=True, slots=True)
class Row:
    """A clock that runs out."""

    clock: Counting
    names: str
    due: datetime
    zone: ZoneInfo
    remaining: timedelta
    state: SlaState


def coming(application: Application, customer: str | None, most: int) -> list[Row]:
    """Return the running clocks that are due first, from the store."""
    held, at = Held(application), application.now()
    found = application.store.served.next(customer, most)
    names = held.names(clock.ref for clock in found)
    return [
        Row(
            clock=clock,
            names=names[clock.ref],
            due=clock.due,
            zone=held.zone(clock.customer),
            remaining=held.left(clock.base, clock.due, at),
            state=_state(clock, at),
        )
        for clock in found
        if clock.due is not None
    ]


def coming_lines(rows: Sequence[Row]) -> list[str]:
    """Return one line for each clock."""
    return [_line(row) for row in rows] or ["No clock runs."]


def coming_json(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return the clocks as data."""
    return [
        {
            "ticket": f"{row.clock.ref.connection}:{row.clock.ref.key}",
            "names": row.names,
            "customer": row.clock.customer,
            "clock": row.clock.clock.value,
            "due": row.due.isoformat(),
            "due_local": row.due.astimezone(row.zone).isoformat(),
            "zone": row.zone.key,
            "measured_in": row.clock.base,
            "remaining_seconds": int(row.remaining.total_seconds()),
            "state": row.state.value,
        }
        for row in rows
    ]


def _state(clock: Counting, at: datetime) -> SlaState:
    if clock.breached or (clock.due is not None and at >= clock.due):
        return SlaState.BREACHED
    return SlaState.AT_RISK if clock.at_risk and at >= clock.at_risk else SlaState.ON_TRACK


def _line(row: Row) -> str:
    minutes = timedelta(minutes=int(abs(row.remaining).total_seconds()) // 60)
    left = f"{spelled(minutes)} {'left' if row.remaining >= timedelta(0) else 'over'}"
    measure = "elapsed" if row.clock.base == "elapsed" else f"of {row.clock.base}"
    due = f"{row.due.astimezone(row.zone):%a %Y-%m-%d %H:%M %Z}"
    state = row.state.value.replace("_", " ")
    return f"{due}  {row.clock.clock}  {left} {measure}, {state}  {row.names} ({row.clock.customer})"
