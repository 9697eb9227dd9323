"""What is known of a ticket besides its conversation, as one note for staff: time, ratings, copies. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from connectors.capabilities import Part
from mappings.boards import STAFF
from mappings.provenance import escape
from mappings.ticket import Person, Rating, Ticket, TimeEntry
from sync.audience import barred
from sync.operations import Skip, Tell
from sync.seen import Kind
from sync.situation import Situation

_AROUND = 200
"""Characters that booked time has around its text: who worked, and which entry it stands for."""
HISTORY = "hub:history-"
"""What the names of these notes begin with; a digest of what they say follows."""
NOTED = "who was in copy, time and ratings"
"""What is said to be left out where such a note is not written."""


def history(s: Situation, target: str) -> Iterator[Tell | Skip]:
    """Yield the note for a side, unless it stands there: a run carries along what no field there holds."""
    source = s.rules.source
    if source not in s.sides or target == source:
        return
    side = s.sides[source]
    if not (words := told(_rest(s, side.ticket, target))):
        return
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    occasion = s.text(source, f"{HISTORY}{digest}")
    if s.mirrors.of(Kind.COMMENT, occasion, target):
        return
    if why := barred(s, target):
        yield Skip(target, NOTED, why)
    else:
        yield Tell(target, occasion, words, side.ref, side.url, s.internally(target))


def _rest(s: Situation, ticket: Ticket, target: str) -> Ticket:
    """Return a ticket without what its side shows in ways of its own: booked time, and the last rating."""
    can = s.capabilities[target]
    if s.rules.books and Part.TIME in s.abilities(target).parts and s.readers(target) == STAFF:
        long = (one for one in ticket.time_entries or () if len(one.note) + _AROUND > can.max_time_text)
        ticket = replace(ticket, time_entries=tuple(long))
    if "rating" in can.fields and (rated := ticket.ratings):
        ticket = replace(ticket, ratings=tuple(r for r in rated if r is not rated[-1] or r.remark.strip()))
    return ticket


def told(ticket: Ticket) -> str:
    """Return in a line what else is known of a ticket; empty where nothing is."""
    copied = ", ".join(_named(person) for person in ticket.participants or ())
    parts = [f"in copy: {copied}"] if copied else []
    parts += [_spent(entry) for entry in ticket.time_entries or ()]
    parts += [_rated(rating) for rating in ticket.ratings or ()]
    return "; ".join(parts)


def _spent(entry: TimeEntry) -> str:
    billed = {True: ", billable", False: ", not billable", None: ""}[entry.billable]
    note = f": {_line(entry.note)}" if entry.note.strip() else ""
    return f"{_hours(entry.spent)} h by {_named(entry.author)}, {entry.started:%Y-%m-%d}{billed}{note}"


def _rated(rating: Rating) -> str:
    who = f" by {_named(rating.author)}" if rating.author else ""
    remark = f": {_line(rating.remark)}" if rating.remark.strip() else ""
    return f"rated {rating.mood}{who}, {rating.given:%Y-%m-%d}{remark}"


def _named(person: Person) -> str:
    same = not person.email or person.email == person.name
    return escape(person.name if same else f"{person.name} <{person.email}>")


def _line(text: str) -> str:
    return escape(" ".join(text.split()))


def _hours(spent: timedelta) -> str:
    minutes = round(spent.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
