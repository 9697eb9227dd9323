"""Situations to decide on, built from a few words, and what the world is after a plan was carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, TypeVar, cast

from connectors.base import ConnectionConfig, NativeValue, Presence, Snapshot
from connectors.capabilities import QUIET, Capabilities, PlaceAbilities
from connectors.memory import Memory, MemoryDesk
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place, Readers
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Field,
    Person,
    PersonRole,
    Priority,
    Raw,
    Ref,
    SlaState,
    Status,
    TextFormat,
    Ticket,
    Unmapped,
    Value,
)
from mappings.vocabulary import NOTHING, held, vocabularies
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    ChangeTags,
    CreateTicket,
    EditComment,
    Escalate,
    Form,
    Plan,
    SendReceipt,
    SetFields,
    Tell,
    Withdraw,
    Withdrawal,
    Write,
)
from sync.pieces import pieces
from sync.remember import Answer, remember
from sync.rules import Role, Rules
from sync.seen import Kind, Mirror, Mirrors, Seen, TextId, readable, sent_as
from sync.situation import Situation
from sync.sla.escalation import Round, Taken

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LENSES = vocabularies("memory", {})
HELD: tuple[Field, ...] = (
    "subject",
    "status",
    "priority",
    "component",
    "tags",
    "first_response_due",
    "due",
    "sla",
)
JIRA_PLACE = Place("jira", "SUP", STAFF)
GITLAB_PLACE = Place("gitlab", "firmware", STAFF)
RULES = Rules(
    roles={"desk": Role.FRONT, "jira": Role.WORK, "gitlab": Role.WORK},
    trust=("desk", "jira", "gitlab"),
    places=(JIRA_PLACE, GITLAB_PLACE),
    control_tags=frozenset({"dev"}),
)

T = TypeVar("T")


def _memory(**differing: Any) -> Memory:
    desk = MemoryDesk(lambda: AT)
    config = ConnectionConfig(
        name="any",
        url="http://any.test",
        user="",
        secret=desk.secret,
        projects=(),
        fields={},
        vocabularies=LENSES,
        budget=LocalBudget(lambda: AT),
        now=lambda: AT,
    )
    return Memory(config, desk, max_file=1_000, **differing)


def capabilities(**differing: Any) -> Capabilities:
    """Return what an obliging system can hold, unlike it where `differing` says."""
    return _memory(**differing).capabilities


def abilities(**differing: Any) -> PlaceAbilities:
    """Return what is possible in an obliging place, unlike it where `differing` says.

    Subject, status, priority and due times are read by whoever reads the place, other fields by staff.
    """
    shown = ("subject", "status", "priority", "first_response_due", "due")
    fields = {name: QUIET if name in shown else replace(QUIET, audience=Audience.STAFF) for name in HELD}
    obliging = replace(_memory().abilities(JIRA_PLACE), fields=fields)
    return replace(obliging, **differing)


def native_of(value: Value) -> NativeValue:
    """Return the word in which a side that knows the canonical words says a value."""
    match value:
        case None:
            return None
        case frozenset():
            return tuple(sorted(value))
        case Unmapped(native=native):
            return native
        case SlaState.ON_TRACK:
            return NOTHING
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def text(
    id: str,
    body: str = "",
    *,
    by: PersonRole = PersonRole.STAFF,
    audience: Audience = Audience.STAFF,
    kind: CommentKind | None = None,
    minutes: int = 0,
    files: tuple[Attachment, ...] = (),
) -> Comment:
    """Return a text that somebody wrote some minutes after the ticket was opened."""
    usual = {PersonRole.CUSTOMER: CommentKind.MESSAGE}.get(by, CommentKind.NOTE)
    return Comment(
        id=id,
        author=Person("", f"{by}-1", f"A {by}", by),
        created=AT + timedelta(minutes=minutes),
        body=Raw(TextFormat.MARKDOWN, body or f"text {id}"),
        audience=audience,
        kind=kind or (CommentKind.DESCRIPTION if id == MESSAGE_0 else usual),
        attachments=files,
    )


def file(id: str, *, size: int | None = 10) -> Attachment:
    """Return a file."""
    return Attachment(id, f"{id}.txt", "text/plain", size, inline=False, location=f"/{id}")


def asked(body: str = "It does not start.", **more: Any) -> Comment:
    """Return what a customer opened a ticket with."""
    return text(MESSAGE_0, body, by=PersonRole.CUSTOMER, audience=Audience.CUSTOMER, **more)


def described(body: str = "Kim wrote: It does not start.") -> Comment:
    """Return the description of a ticket that the hub opened."""
    return text(MESSAGE_0, body, by=PersonRole.HUB)


def side(connection: str, *messages: Comment, place: str = "", **values: Any) -> Snapshot:
    """Return one side as it is now, its native words being the canonical ones."""
    ordinary: dict[str, Any] = {"subject": "No start", "status": Status.OPEN, "priority": Priority.MEDIUM}
    said = {**ordinary, "sla": SlaState.ON_TRACK, **values}
    where = place or {"jira": JIRA_PLACE.key, "gitlab": GITLAB_PLACE.key}.get(connection, "")
    ticket = Ticket(created=AT, updated=AT, messages=messages, **said).ordered()
    return Snapshot(
        ref=Ref(connection, f"{connection}-1"),
        url=f"http://{connection}.test/1",
        place=where,
        presence=Presence.PRESENT,
        version="1",
        read_at=AT,
        ticket=ticket,
        native={name: native_of(ticket.value(name)) for name in HELD},
        abilities=OBLIGING,
    )


OBLIGING = abilities()
"""What is possible on every side, unless a test says otherwise."""


def at(connection: str, id: str) -> TextId:
    """Return the identity of a text on a side."""
    return TextId(connection, f"{connection}-1", id)


def copy(origin: TextId, target: TextId, of: Comment, there: Comment | None = None) -> Mirror:
    """Return the record of a copy of the text `of` that nobody has touched since."""
    return Mirror(Kind.COMMENT, origin, target, of.revision, there.revision if there else "")


def linked(*connections: str) -> list[Mirror]:
    """Return the records of links that are shown on every side."""
    return [
        Mirror(Kind.COMMENT, at(other, "hub:link"), at(target, f"hub:link:{other}"), "", "")
        for target, other in permutations(connections, 2)
    ]


def agreed(*works: str, **differing: Any) -> Situation:
    """Return a ticket on the desk and on work sides that was reconciled a moment ago."""
    question, answer = asked(), described()
    sides = {"desk": side("desk", question)} | {name: side(name, answer) for name in works}
    copies = [copy(at("desk", MESSAGE_0), at(name, MESSAGE_0), question, answer) for name in works]
    everything: dict[str, Any] = {
        "sides": sides,
        "capabilities": dict.fromkeys(RULES.roles, capabilities()),
        "seen": {name: Seen(there.native) for name, there in sides.items()},
        "mirrors": Mirrors([*copies, *linked(*sides)]),
        "wanting": (),
        "coming": dict.fromkeys(RULES.roles, OBLIGING),
        "own_tags": {},
        "customer": "lantern",
        "promises": None,
        "rules": RULES,
    }
    return Situation(**everything | differing)


def opened(*places: Place, question: Comment | None = None, **differing: Any) -> Situation:
    """Return a ticket that is on the desk only, wanted in places."""
    there = side("desk", question or asked(), **differing.pop("values", {}))
    return agreed(
        **{"sides": {"desk": there}, "seen": {}, "mirrors": Mirrors(), "wanting": places, **differing}
    )


def changed(s: Situation, connection: str, **values: Any) -> Situation:
    """Return the situation after somebody gave a side's fields other values."""
    there = s.sides[connection]
    ticket = replace(there.ticket, **values)
    native = {**there.native, **{cast(Field, name): native_of(v) for name, v in values.items()}}
    return replace(s, sides={**s.sides, connection: replace(there, ticket=ticket, native=native)})


def seen_with(s: Situation, connection: str, **values: NativeValue) -> Seen:
    """Return what was seen of a side that said what it says now, but for these native values."""
    before = {cast(Field, name): value for name, value in values.items()}
    return Seen({**s.sides[connection].native, **before})


def said(s: Situation, connection: str, *messages: Comment) -> Situation:
    """Return the situation after texts were added to a side, or replaced there."""
    there = s.sides[connection]
    new = {m.id: m for m in (*there.ticket.messages, *messages)}
    ticket = replace(there.ticket, messages=tuple(new.values())).ordered()
    return replace(s, sides={**s.sides, connection: replace(there, ticket=ticket)})


def unsaid(s: Situation, connection: str, id: str) -> Situation:
    """Return the situation after a text was deleted."""
    there = s.sides[connection]
    ticket = replace(there.ticket, messages=tuple(m for m in there.ticket.messages if m.id != id))
    return replace(s, sides={**s.sides, connection: replace(there, ticket=ticket)})


def copied(s: Situation, *copies: Mirror) -> Situation:
    """Return the situation with these copies on record."""
    return replace(s, mirrors=s.mirrors.plus(copies))


def able(s: Situation, connection: str, **differing: Any) -> Situation:
    """Return the situation with a side, present or coming, that can do other things."""
    local = {name: differing.pop(name) for name in _LOCAL & differing.keys()}
    if "fields" in local:
        differing["fields"] = tuple(local["fields"])
    here = replace(s.abilities(connection) if connection in {**s.sides, **s.coming} else OBLIGING, **local)
    sides = {name: replace(side, abilities=here) for name, side in s.sides.items() if name == connection}
    return replace(
        s,
        capabilities={**s.capabilities, connection: replace(s.capabilities[connection], **differing)},
        sides={**s.sides, **sides},
        coming={**s.coming, connection: here},
    )


_LOCAL = {field.name for field in dataclass_fields(PlaceAbilities)}


def ruled(s: Situation, **differing: Any) -> Situation:
    """Return the situation under other rules."""
    return replace(s, rules=replace(s.rules, **differing))


def read_by(s: Situation, connection: str, readers: Readers) -> Situation:
    """Return the situation with other people reading a side's place."""
    places = (p for p in s.rules.places if p.connection != connection)
    declared = Place(connection, s.sides[connection].place, readers)
    return ruled(s, places=(*places, declared))


def of(kind: type[T], plan: Plan) -> list[T]:
    """Return the operations of one kind, in the order of the plan."""
    everything: Iterable[object] = (*plan.writes, *plan.remarks)
    return [o for o in everything if isinstance(o, kind)]


# What the world is after a plan


def carried_out(s: Situation, plan: Plan) -> Situation:
    """Return the situation after a plan was applied by servers that do just what they are told."""
    world = _World(s)
    for write in plan.writes:
        world.carry_out(write)
    return world.result()


class _World:
    def __init__(self, s: Situation) -> None:
        self._s = s
        self._sides = dict(s.sides)
        self._copies = list(s.mirrors)
        self._answers: dict[str, Answer] = {}
        self._born: dict[str, Seen] = {}
        self._steps: list[Taken] = []

    def carry_out(self, write: Write) -> None:
        match write:
            case CreateTicket(target, source, place, values, message):
                self._create(target, source, place, dict(values), message)
            case AddLink(target, other):
                self._copies += [m for m in linked(target, other) if m.target.connection == target]
            case AddFile(target, source, _, attachment):
                new = at(target, f"{target}-{source}-{attachment.id}")
                self._copies.append(Mirror(Kind.FILE, at(source, attachment.id), new, "", "", "name"))
            case AddComment() | EditComment():
                self._write(write)
            case AddNotice(target=target, source=source, occasion=occasion):
                self._note(target, at(source, occasion))
            case Tell(target=target, occasion=about) | SendReceipt(target=target, occasion=about):
                self._note(target, about)
            case Withdraw():
                self._withdraw(write)
            case SetFields() | ChangeTags():
                self._change(write)
            case Escalate(taken=taken):
                self._steps += [replace(one, unfinished=False) for one in taken]

    def _change(self, write: SetFields | ChangeTags) -> None:
        if isinstance(write, SetFields):
            self._set(write.target, {change.field: change.value for change in write.changes})
        else:
            tags = (self._sides[write.target].ticket.tags | write.add) - write.remove
            self._set(write.target, {"tags": tags}, add=write.add, remove=write.remove)

    def result(self) -> Situation:
        seen = dict(self._s.seen) | self._born
        for name, there in self._s.sides.items():
            can = self._s.capabilities[name]
            seen[name] = remember(
                there, self._s.seen.get(name), self._answers.get(name), frozenset(), can
            ).seen
        coming = tuple(p for p in self._s.wanting if p.connection not in self._sides)
        called = self._s.called
        if called:  # as the next look finds it: nothing is due, and all that was is done
            known = {one.key for one in self._steps}
            before = (replace(one, unfinished=False) for one in called.taken if one.key not in known)
            kept = (*before, *self._steps)
            called = replace(called, round=Round((), ()), withdrawn=(), taken=kept)
        mirrors = Mirrors(self._copies)
        return replace(self._s, sides=self._sides, seen=seen, mirrors=mirrors, wanting=coming, called=called)

    def _create(
        self, target: str, source: str, place: Place, values: Mapping[Field, Value], message: Comment
    ) -> None:
        can, first = self._s.capabilities[target], described()
        kept = {name: self._kept(target, name, value) for name, value in values.items()}
        made = side(target, first, place=place.key, **kept)
        self._sides[target] = replace(made, abilities=self._s.abilities(target))
        origin = at(source, message.id)
        self._copies.append(copy(origin, at(target, MESSAGE_0), message, first))
        wanted: dict[Field, NativeValue] = {
            name: sent_as(can, name, value) for name, value in values.items() if name != "tags"
        }
        self._born[target] = Seen(self._sides[target].native, wanted)

    def _note(self, target: str, occasion: TextId) -> None:
        note = text(f"{target}-{occasion.connection}-{occasion.id}", by=PersonRole.HUB)
        self._say(target, note)
        self._copies.append(Mirror(Kind.COMMENT, occasion, at(target, note.id), "", note.revision))

    def _withdraw(self, write: Withdraw) -> None:
        known = next(
            m for m in self._copies if m.origin == write.origin and m.target.connection == write.target
        )
        stored = text(write.id, str(write.how), by=PersonRole.HUB, minutes=999)
        if write.how is Withdrawal.DELETE:
            self._sides = dict(unsaid(replace(self._s, sides=self._sides), write.target, write.id).sides)
        else:
            self._say(write.target, stored)
        self._copies = [m for m in self._copies if m is not known]
        self._copies.append(replace(known, revision=str(write.how), answer=stored.revision))

    def _write(self, write: AddComment | EditComment) -> None:
        target, source, message = write.target, write.source, write.message
        origin, audience = at(source, message.id).part(write.part), write.audience
        if write.form is Form.ADDENDUM:
            origin = origin.addendum(message.revision)
        id = f"{target}-{origin.connection}-{origin.id}"
        kept = next((m for m in self._copies if m.origin == origin and m.target.connection == target), None)
        if kept:
            id = kept.target.id
        stored = text(id, f"copy of {message.body.text}", by=PersonRole.HUB, audience=audience, minutes=999)
        self._say(target, stored)
        self._copies = [m for m in self._copies if m is not kept]
        made = pieces(message, self._s.capabilities[target], self._s.rules.long)
        revision = made[write.part - 1].revision if len(made) == write.parts else message.revision
        told = readable(message.audience, published=audience is Audience.CUSTOMER)
        there = self._sides[target].ticket.message(id)
        answer = there.revision if there else ""
        self._copies.append(Mirror(Kind.COMMENT, origin, at(target, id), revision, answer, told))

    def _say(self, target: str, message: Comment) -> None:
        self._sides = dict(said(replace(self._s, sides=self._sides), target, message).sides)

    def _set(
        self,
        target: str,
        values: Mapping[Field, Value],
        add: frozenset[str] = frozenset(),
        remove: frozenset[str] = frozenset(),
    ) -> None:
        kept: dict[str, Any] = {name: self._kept(target, name, value) for name, value in values.items()}
        self._sides = dict(changed(replace(self._s, sides=self._sides), target, **kept).sides)
        before = self._answers.get(target, Answer({}, {}))
        sent: dict[Field, Value] = dict(before.sent)
        sent |= {name: value for name, value in values.items() if name != "tags"}
        native = self._sides[target].native
        self._answers[target] = Answer(native, sent, before.added | add, before.removed | remove)

    def _kept(self, target: str, name: Field, value: Value) -> Value:
        lenses = self._s.capabilities[target].vocabularies
        return held(lenses, name, cast(Any, value)) if isinstance(value, str) else value
