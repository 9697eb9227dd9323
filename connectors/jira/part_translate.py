"""From Jira's words to the canonical ones: what there is of an issue beyond its conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.jira import service_wire, site_wire, wire
from connectors.jira.side import CANONICAL, Side
from connectors.jira.translate import person, status_word
from mappings.markup import read
from mappings.ticket import (
    Field,
    Happening,
    Mood,
    Person,
    PersonRole,
    Rating,
    Relation,
    RelationKind,
    TimeEntry,
    Unmapped,
    Value,
)
from mappings.vocabulary import Native

LINKS: Mapping[str, tuple[RelationKind, RelationKind]] = {
    "blocks": (RelationKind.BLOCKS, RelationKind.BLOCKED_BY),
    "duplicate": (RelationKind.DUPLICATES, RelationKind.DUPLICATED_BY),
    "problem/incident": (RelationKind.TRACKS, RelationKind.TRACKED_BY),
    "relates": (RelationKind.RELATES_TO, RelationKind.RELATES_TO),
}
"""Jira's kinds of links, by name: what this end is to the outward one, and to the inward one (3.5)."""

MOODS: tuple[Mood, ...] = (Mood.UNHAPPY, Mood.UNHAPPY, Mood.NEUTRAL, Mood.HAPPY, Mood.HAPPY)
"""What one to five stars say."""

_TOLD: tuple[Field, ...] = ("status", "priority", "type")


def time_entry(side: Side, log: wire.Worklog) -> TimeEntry:
    """Return booked work; Jira does not know what is billable."""
    note = read(log.comment, ()) if log.comment else ""
    spent = timedelta(seconds=log.seconds)
    return TimeEntry(log.id, person(side, log.author), spent, log.started, billable=None, note=note)


def relations(fields: wire.Fields | site_wire.TiedFields) -> tuple[Relation, ...]:
    """Return an issue's ties; a kind of link that no table names is at least a relation."""
    found = [Relation(kind, key) for link in fields.links for kind, key in _ends(link)]
    found += [Relation(RelationKind.CHILD_OF, fields.parent.id)] if fields.parent else []
    found += [Relation(RelationKind.PARENT_OF, child.id) for child in fields.subtasks]
    return tuple(dict.fromkeys(found))


def _ends(link: wire.Link) -> Iterator[tuple[RelationKind, str]]:
    there, back = LINKS.get(link.type.name.lower(), (RelationKind.RELATES_TO, RelationKind.RELATES_TO))
    if link.outward:
        yield there, link.outward.id
    if link.inward:
        yield back, link.inward.id


def participants(side: Side, users: Iterable[wire.User]) -> tuple[Person, ...]:
    """Return who else is kept informed; we ourselves are not."""
    found = (person(side, user) for user in users)
    return tuple(who for who in found if who.role is not PersonRole.HUB)


def rating(side: Side, fields: wire.Fields, told: service_wire.Feedback) -> tuple[Rating, ...]:
    """Return the customer's rating, if there is one. Jira tells its day in a field of its own, if at all."""
    if not told.rating:
        return ()
    mood = MOODS[min(told.rating, len(MOODS)) - 1]
    author = person(side, fields.reporter, served=fields.reporter.id) if fields.reporter else None
    remark = told.remark.body if told.remark else ""
    at = _rated(side, fields) or fields.resolved or fields.updated
    return (Rating(told.type or "csat", author, mood, str(told.rating), remark, at),)


def _rated(side: Side, fields: wire.Fields) -> datetime | None:
    found = fields.custom.get(side.desk.rated) if side.desk.rated else None
    if not isinstance(found, str):
        return None
    return wire.parse(wire.Moment, found, side.connection, f"GET issue {side.desk.rated}").root


def history(
    side: Side, changes: Iterable[wire.Change], statuses: Mapping[str, wire.Status]
) -> tuple[Happening, ...]:
    """Return the changes of status, priority and type, oldest first.

    The changelog has ids only; `statuses` tells the categories of those that still exist.
    """
    found = []
    for change in sorted(changes, key=lambda c: (c.created, len(c.id), c.id)):
        for item in change.items:
            field = CANONICAL.get(item.field, item.field)
            if field in _TOLD:
                values = (_value(side, field, native, statuses) for native in (item.before, item.after))
                found.append(Happening(change.created, person(side, change.author), field, *values))
    return tuple(found)


def _value(side: Side, field: Any, native: object, statuses: Mapping[str, wire.Status]) -> Value:
    if not isinstance(native, str):
        return None
    word = Native(native)
    if field == "status" and native in statuses:
        word = status_word(statuses[native])
    lens = side.lenses.get(field)
    return lens.get(word) if lens else Unmapped(native)
