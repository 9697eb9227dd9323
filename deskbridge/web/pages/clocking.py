"""Clocks as pages show them: how bad it is, and what is left in the promise's own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deskbridge.sla.held import Held
from deskbridge.web.pages.rendering import length
from sync.served import Counting
from sync.sla.cycle import ClockState

_NAMES = {"first_response": "first answer", "next_response": "next answer", "update": "update"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One clock, ready to be written."""

    name: str
    mood: str
    """``late``, ``soon``, ``fine`` or ``paused``: a class of our style, told in words beside it."""
    left: str
    due: datetime | None


def shown(held: Held, clock: Counting, at: datetime) -> Shown:
    """Return a clock as it is at an instant."""
    name = clock_name(clock.clock.value)
    if clock.state is ClockState.PAUSED or clock.due is None:
        return Shown(name, "late" if clock.breached else "paused", "waits", None)
    left = held.left(clock.base, clock.due, at)
    if clock.breached or at >= clock.due:
        return Shown(name, "late", f"{length(left)} over" if left else "due now", clock.due)
    soon = clock.at_risk is not None and at >= clock.at_risk
    return Shown(name, "soon" if soon else "fine", f"{length(left)} left", clock.due)


def clock_name(name: str) -> str:
    """Return what people call a clock."""
    return _NAMES.get(name, name.replace("_", " "))


def minutes(span: timedelta) -> int:
    """Return a length in whole minutes."""
    return int(span.total_seconds()) // 60
