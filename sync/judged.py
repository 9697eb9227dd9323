"""A ticket's priority by its customer's table: how many people it stops, how badly, and who asks. Pure.

It is judged when the customer's side first says enough, and again when it says otherwise. What support has
set itself stays, and is told apart: by what the table had said before, nobody needs to remember it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mappings.provenance import escape
from mappings.ticket import Field, Impact, Priority, Urgency
from mappings.vocabulary import Native
from sync.operations import Change, Operation, Skip
from sync.rules import When
from sync.situation import Situation
from sync.sla.priorities import Judged, rank
from sync.telling import note


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the table says of a ticket whose priority is another one."""

    priority: Priority
    reason: str
    sets: bool
    """Whether the hub sets it; else it stays as somebody has set it."""
    tells: bool
    """Whether support is told of what the table says."""


def judgement(s: Situation) -> Judgement | None:
    """Return what the table says of a ticket, or None if that is its priority, or nothing can be said."""
    front, table = s.front(), s.table
    if front is None or table is None or "priority" not in s.capabilities[front].fields:
        return None
    ticket, met = s.sides[front].ticket, front in s.seen
    impact, urgency, present = ticket.impact, ticket.urgency, ticket.priority
    if present is not None and not isinstance(present, Priority):
        return None
    asked = ((ticket.requester and ticket.requester.email) or "").lower()
    found: Judged | None = None
    if isinstance(impact, Impact) and isinstance(urgency, Urgency):
        found = table.matrix.judged(impact, urgency, asked)
    elif (
        not met and asked in table.matrix.vips and (present is None or rank(present) < rank(table.matrix.vip))
    ):
        found = Judged(table.matrix.vip, f"raised for {asked}")
    if found is None or s.alike(front, "priority", found.priority, present) or (not met and front in s.met):
        return None
    before = _before(s, front, asked)
    theirs = met and (
        "priority" in _moved(s, front) or (before is not None and _past(s, front) is not before)
    )
    again = before is None or before is not found.priority
    sets = again and not theirs and bool(table.when & _setting(before))
    return Judgement(found.priority, found.reason, sets, again and When.SUGGEST in table.when)


def judged(s: Situation) -> Iterator[Operation | tuple[str, Change]]:
    """Yield the priority that the table gives a ticket, with its reason, or why it stays as it is."""
    front, found = s.front(), judgement(s)
    if front is None or found is None or s.table is None:
        return
    native = s.sides[front].native
    occasion = f"hub:judged-{native.get('impact')}-{native.get('urgency')}-{found.priority}"
    said = f"{found.priority} ({escape(found.reason)})"
    if not found.sets:
        reason = f"set by support; by the table it would be {found.priority} ({found.reason})"
        yield Skip(front, "priority (hub)", reason, quiet=True)
        if found.tells:
            words = f"By the table of priorities this is {said}; the priority stays as it was set"
            yield from note(s, front, s.text(front, occasion), words)
        return
    yield front, Change("priority", found.priority, "hub")
    yield from note(s, front, s.text(front, occasion), f"The priority is now {said}")
    for target in s.receivers(front):
        if "priority" not in s.capabilities[target].fields:
            continue
        if s.travels("priority", front, target):
            yield target, Change("priority", found.priority, "hub")
        elif s.rules.suggests("priority", front, target):
            yield from note(s, target, s.text(front, occasion), f"The priority of the ticket is now {said}")


def with_judgement(s: Situation, source: str) -> Situation:
    """Return the situation with the priority that the table is about to give a side that is copied."""
    found = judgement(s)
    if found is None or not found.sets or source != s.front():
        return s
    there = s.sides[source]
    ticket = replace(there.ticket, priority=found.priority)
    return replace(s, sides={**s.sides, source: replace(there, ticket=ticket)})


def _setting(before: Priority | None) -> frozenset[When]:
    """Return when a priority is set: the first one as the ticket is new to the table, others always."""
    return frozenset({When.ALWAYS, When.CREATE}) if before is None else frozenset({When.ALWAYS})


def _before(s: Situation, front: str, asked: str) -> Priority | None:
    """Return what the table said of a ticket when it was last seen."""
    if front not in s.seen or s.table is None:
        return None
    impact, urgency = _word(s, front, "impact"), _word(s, front, "urgency")
    if not isinstance(impact, Impact) or not isinstance(urgency, Urgency):
        return None
    return s.table.matrix.judged(impact, urgency, asked).priority


def _past(s: Situation, front: str) -> object:
    return _word(s, front, "priority")


def _word(s: Situation, front: str, name: Field) -> object:
    """Return what a side's field meant when it was last seen."""
    lens = s.capabilities[front].vocabularies.get(name)
    native = s.seen[front].native.get(name)
    return lens.get(Native(native)) if lens and isinstance(native, str) else None


def _moved(s: Situation, front: str) -> list[Field]:
    return [name for name, sides in s.moved().items() if front in sides]
