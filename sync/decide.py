"""What to write so that the sides of one ticket agree. Pure: no clock, no network, no store.

The specification is `docs/how-sync-works.md`. Deciding again after a plan was applied gives an empty
plan; a side that nobody touched causes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from connectors.capabilities import PlaceAbilities
from mappings.boards import Place
from mappings.ticket import Audience, Comment, Field, Unmapped, Value
from sync.audience import barred, exposed, narrowed
from sync.escalate import escalations, unpromised
from sync.farewell import farewells, living
from sync.fields import fields, promised, travelling_tags, unmapped
from sync.judged import with_judgement
from sync.migrate.history import history
from sync.migrate.source import in_a_run
from sync.operations import (
    AddLink,
    AddNotice,
    Change,
    Conflict,
    CreateTicket,
    Operation,
    Plan,
    Reach,
    SetFields,
    Skip,
    Tell,
    Write,
    is_undelayed,
)
from sync.receipt import receipts
from sync.rules import Role
from sync.seen import Kind, TextId
from sync.situation import Situation
from sync.texts import texts
from sync.whose import carried


def decide(situation: Situation) -> Plan:
    """Return the plan for one ticket: what is created, linked, copied and set, in this order.

    What cannot or must not be written is a remark with its reason, never silence.
    """
    last = list(farewells(situation)) if situation.ended else []
    situation = living(situation) if situation.ended else situation
    creations = list(_creations(situation))
    coming = {o.target for o in creations if isinstance(o, CreateTicket)}
    wanting = tuple(p for p in situation.wanting if p.connection in coming)
    able = situation if wanting == situation.wanting else replace(situation, wanting=wanting)
    closed = [skip for target in able.trusted() if (skip := _closed(able, target))]
    foreign = {skip.target for skip in closed}
    made = list(texts(able))
    if not able.merged:
        first = [*_links(able), *_losses(able), *escalations(able), *unpromised(able)]
        first += receipts(able, coming)
        made = [*first, *made, *fields(able)]
    reachable = (o for o in made if isinstance(o, Conflict) or o.target not in foreign or _urgent(o))
    operations = [*last, *creations, *closed, *reachable, *_besides(able), *_finished(able, creations)]
    if situation.rules.source:
        operations = [o for o in operations if in_a_run(o, situation.rules)]
    remarks = list(dict.fromkeys(o for o in operations if isinstance(o, Skip | Conflict)))
    writes = [o for o in operations if not isinstance(o, Skip | Conflict)]
    quiet = [r for r in remarks if isinstance(r, Skip) and r.quiet]
    return Plan(
        # What too many people can read is emptied before anything that might fail.
        writes=tuple(_once(sorted(writes, key=lambda write: not is_undelayed(write)))),
        remarks=tuple(r for r in remarks if not (isinstance(r, Skip) and r.quiet)),
        quiet=tuple(sorted(quiet, key=lambda skip: (skip.target, skip.what, skip.reason))),
    )


def _urgent(operation: Operation) -> bool:
    return not isinstance(operation, Skip | Conflict) and is_undelayed(operation)


def _once(writes: Iterable[Write]) -> Iterator[Write]:
    """Yield the writes, what people are told only once though several sides give occasion to it."""
    told: set[tuple[str, TextId]] = set()
    for write in writes:
        if isinstance(write, Tell):
            if (write.target, write.occasion) in told:
                continue
            told.add((write.target, write.occasion))
        yield write


def _creations(s: Situation) -> Iterator[CreateTicket | Skip]:
    if source := s.front():
        for place in s.wanting:
            yield from _creation(s, source, place)


def _creation(s: Situation, source: str, place: Place) -> Iterator[CreateTicket | Skip]:
    s = with_judgement(s, source)
    target, message = place.connection, s.sides[source].ticket.messages[0]
    can, readers = s.abilities(target), place.readers
    if closed := _closed(s, target):
        yield closed
        return
    if why := _unfit(message, place, can):
        yield Skip(target, "the ticket", why)
        return
    if not s.may(can.create_mails, target):
        yield Skip(target, "the ticket", "creating it might mail a customer")
        return
    values: list[tuple[Field, Value]] = []
    for made in _first_values(s, source, target):
        if isinstance(made, Skip):
            yield made
        else:
            values.append(made)
    yield CreateTicket(target, source, place, tuple(values), message, Reach(readers, can.create_mails))


def _closed(s: Situation, target: str) -> Skip | None:
    """Return why nothing of the ticket may be written to a side, or None: another customer reads it."""
    readers = s.readers(target)
    if s.role(target) is Role.FRONT or readers.customer in (None, s.customer):
        return None
    place = s.sides[target].place if target in s.sides else _wanted(s, target).key
    return Skip(target, "the ticket", f"{readers} reads everything in {place}")


def _wanted(s: Situation, target: str) -> Place:
    return next(place for place in s.wanting if place.connection == target)


def _unfit(message: Comment, place: Place, can: PlaceAbilities) -> str | None:
    """Return why a text cannot be the description of a ticket in a place, or None: it is never internal."""
    if place.readers.audience is Audience.CUSTOMER:
        staff = message.audience is not Audience.CUSTOMER
        return f"{place.readers} would read a description that is for staff" if staff else None
    audience = narrowed(message.audience, place.readers, can)
    return None if isinstance(audience, Audience) else audience


def _first_values(s: Situation, source: str, target: str) -> Iterator[tuple[Field, Value] | Skip]:
    """Yield the fields that a ticket is created with, and what of them it cannot or must not have."""
    ticket = s.sides[source].ticket
    for name in s.capabilities[target].fields:
        if not s.rules.travels(name, source, target, creating=True) or _at_last(s, name):
            continue
        value = carried(s, source, target, name)
        if name == "tags":
            value = frozenset(travelling_tags(s, ticket.tags).values())
        if isinstance(value, Unmapped):
            yield Skip(target, f"{name} ({source})", unmapped(name, value, target))
        elif value and (why := exposed(s, source, target, name)):
            yield Skip(target, f"{name} ({source})", why)
        elif value and name != "tags":
            yield name, value
    if tags := _first_tags(s, source, target):
        yield "tags", tags
    yield from ((change.field, change.value) for change in promised(s, target))


def _at_last(s: Situation, name: Field) -> bool:
    """Whether a field waits until the history is there: what is closed may take no more texts."""
    return bool(s.rules.source) and name == "status"


def _besides(s: Situation) -> Iterator[Operation]:
    """Yield what a run carries along of a ticket besides its conversation."""
    if s.rules.source:
        for target in (*s.others(s.rules.source), *(place.connection for place in s.wanting)):
            yield from history(s, target)


def _finished(s: Situation, creations: Iterable[Operation]) -> Iterator[SetFields | Skip]:
    """Yield the status that a run gives to what it creates, once all texts stand there."""
    for made in creations:
        if not isinstance(made, CreateTicket) or not _at_last(s, "status"):
            continue
        status = s.sides[made.source].ticket.status
        here = s.abilities(made.target).fields.get("status")
        if status is None or here is None or not s.travels("status", made.source, made.target, creating=True):
            continue
        what = f"status ({made.source})"
        if isinstance(status, Unmapped):
            yield Skip(made.target, what, f"unmapped: {status.native}")
        elif not s.may(mails := here.mails_when(status), made.target):
            yield Skip(made.target, what, "writing it might mail a customer")
        else:
            change = Change("status", status, made.source)
            yield SetFields(made.target, (change,), Reach(made.place.readers, mails))


def _first_tags(s: Situation, source: str, target: str) -> frozenset[str]:
    """Return the tags that a ticket is created with: those that may travel, and the hub's own."""
    travel = s.rules.travels("tags", source, target) and not exposed(s, source, target, "tags")
    tags = travelling_tags(s, s.sides[source].ticket.tags).values() if travel else ()
    if "tags" not in s.capabilities[target].fields:
        return frozenset()
    return frozenset(tags) | s.own_tags.get(target, frozenset())


def _links(s: Situation) -> Iterator[Write | Skip]:
    """Yield what shows people on each side where the other sides are; never one customer's to another's."""
    coming = [place.connection for place in s.wanting]
    everyone = [*s.trusted(), *coming]
    for target in everyone:
        for other in everyone:
            works = s.role(target) is s.role(other) is Role.WORK
            if target == other or (works and not s.leads):
                continue
            if target in s.sides and other in s.sides and _shown(s, target, other):
                continue
            if Role.FRONT in (s.role(target), s.role(other)) or s.readers(target).customer is None:
                why = barred(s, target)
                yield Skip(target, f"the link to {other}", why) if why else _link(s, target, other)


def _losses(s: Situation) -> Iterator[Write | Skip]:
    """Yield what tells people, once, that a side of their ticket is not there any more."""
    for lost in s.lost:
        origin = TextId(lost.ref.connection, lost.ref.key, lost.occasion)
        for target in s.receivers(lost.ref.connection):
            if s.mirrors.of(Kind.COMMENT, origin, target):
                continue
            if why := barred(s, target):
                yield Skip(target, f"the note that {lost.ref} is {lost.presence}", why)
            else:
                yield AddNotice(
                    target,
                    lost.ref.connection,
                    lost.ref,
                    lost.url,
                    lost.presence,
                    lost.occasion,
                    s.announced(target),
                )


def _link(s: Situation, target: str, other: str) -> AddLink:
    return AddLink(target, other, s.internally(target))


def _shown(s: Situation, target: str, other: str) -> bool:
    return s.mirrors.of(Kind.COMMENT, s.text(other, "hub:link"), target) is not None
