"""Tickets as a few lines: what happened when on the clock on a wall, by people if nothing else is said."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mappings.ticket import Priority, Status, TicketType
from sync.sla.calendar import Calendar, Frame
from sync.sla.clock import Clock, clocks
from sync.sla.facts import Actor, Fact, FactKind, Facts
from sync.sla.policy import ClockName, Policy, Rulebook

ROME = ZoneInfo("Europe/Rome")


def at(text: str, zone: ZoneInfo = ROME) -> datetime:
    """An instant from a wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def wall(instant: datetime | None, zone: ZoneInfo = ROME) -> str | None:
    """What a wall clock shows at an instant, with seconds if there are any."""
    if instant is None:
        return None
    local = instant.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def frames(*hours: str) -> tuple[Frame, ...]:
    """Frames from texts like ``09:00-13:00``."""
    pairs = (text.split("-") for text in hours)
    return tuple(Frame(time.fromisoformat(a), time.fromisoformat(b)) for a, b in pairs)


def office(*hours: str, name: str = "desk", zone: ZoneInfo = ROME, holidays: str = "") -> Calendar:
    """A calendar of the same frames from Monday to Friday."""
    days = frozenset(datetime.fromisoformat(day).date() for day in holidays.split())
    return Calendar(name, zone, (frames(*hours),) * 5 + ((), ()), days)


def fact(
    when: str, kind: FactKind, value: str, *, actor: Actor = Actor.PERSON, zone: ZoneInfo = ROME
) -> Fact:
    """Something that happened at an instant that is known."""
    return Fact(kind, value, at(when, zone), at(when, zone), actor)


def answer(when: str, id: str = "", *, actor: Actor = Actor.PERSON) -> Fact:
    """Staff writes to the customer."""
    return fact(when, FactKind.ANSWER, id or when, actor=actor)


def message(when: str) -> Fact:
    """The customer writes."""
    return fact(when, FactKind.MESSAGE, when)


def status(when: str, word: Status) -> Fact:
    """The ticket came to a status."""
    return fact(when, FactKind.STATUS, word.value)


def priority(when: str, word: Priority, *, actor: Actor = Actor.PERSON) -> Fact:
    """The ticket came to a priority."""
    return fact(when, FactKind.PRIORITY, word.value, actor=actor)


def ticket(
    created: str,
    *told: Fact,
    priority: Priority | None = Priority.URGENT,
    type: TicketType | None = TicketType.INCIDENT,
    zone: ZoneInfo = ROME,
    customer: str = "",
    tier: str = "",
) -> Facts:
    """The facts of a ticket, in whatever order they are told."""
    row = tuple(sorted(told, key=lambda one: one.by))
    return Facts(at(created, zone), row, priority, type, customer, tier)


def clock(facts: Facts, rules: Policy | Rulebook, name: ClockName) -> Clock:
    """One clock of a ticket."""
    return next(c for c in clocks(facts, rules) if c.name is name)


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)
