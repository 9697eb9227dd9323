"""A help desk that lives in memory: the server, and the people, behind the reference connector.

It is as awkward as real servers are: it chooses ids, rewrites texts, stamps whole seconds, finds what is
new only after a while, and misbehaves on demand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import count
from threading import RLock
from typing import cast

from connectors.base import Hook, NativeValue
from mappings.boards import BoardSpec
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    Comment,
    CommentKind,
    Field,
    Mood,
    Organisation,
    Person,
    PersonRole,
    Rating,
    Raw,
    Ref,
    Relation,
    RelationKind,
    TextFormat,
    TimeEntry,
)
from mappings.vocabulary import NOTHING

FIELDS: tuple[Field, ...] = (
    "subject",
    "status",
    "priority",
    "component",
    "assignee",
    "tags",
    "first_response_due",
    "due",
    "sla",
)
"""What a ticket of the desk has beside its texts."""
_ADDRESS = re.compile(r"/uploads/[0-9a-f]{32}/[\w.-]+")
_UNSAFE = re.compile(r"[^\w.-]")
_ENDS = (
    (RelationKind.PARENT_OF, RelationKind.CHILD_OF),
    (RelationKind.TRACKS, RelationKind.TRACKED_BY),
    (RelationKind.BLOCKS, RelationKind.BLOCKED_BY),
    (RelationKind.DUPLICATES, RelationKind.DUPLICATED_BY),
    (RelationKind.RELATES_TO, RelationKind.RELATES_TO),
)
_OTHER_END = {**dict(_ENDS), **{there: here for here, there in _ENDS}}


class Fault(Enum):
    """A misbehaviour that the desk plays on one call."""

    UNREACHABLE = auto()
    """Nobody answers: nothing was sent."""
    RESET = auto()
    """The line breaks before anything is written; whoever called cannot know that."""
    LOST = auto()
    """Everything is written, and the answer never arrives."""
    REFUSED = auto()
    THROTTLED = auto()
    INTERNAL_DROPPED = auto()
    """A text that was meant for staff becomes readable by the customer; the answer says so."""
    TAGS_DROPPED = auto()
    """Tags stay as they were, as if the account's role were too low; nothing is said."""
    FIELDS_DROPPED = auto()
    """Fields stay as they were, as where a screen lacks them; nothing is said."""
    OLD_ANSWER = auto()
    """A write is made, and answered with the fields as they were before: a replica lags behind."""
    OLD_ROWS = auto()
    """A list shows each ticket's version as it was before the last change."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the desk sent to a customer."""

    to: str
    text: str


@dataclass(slots=True)
class DeskFile:
    """A file on the desk; texts refer to it by its address."""

    address: str
    name: str
    content_type: str
    content: bytes = field(repr=False)
    owner: str
    """The id of the text that names it or that it came with, else MESSAGE_0."""
    by: Person
    added: datetime
    loose: bool
    """Whether no text names it, and it came with none."""


@dataclass(slots=True, kw_only=True)
class DeskTicket:
    """A ticket as the desk keeps it. Its texts are canonical already, which spares a `translate.py`."""

    key: str
    place: str
    creator: Person
    created: datetime
    updated: datetime
    fields: dict[Field, NativeValue]
    external_id: str = ""
    version: int = 0
    trashed: bool = False
    texts: dict[str, Comment] = field(default_factory=dict)
    files: dict[str, DeskFile] = field(default_factory=dict)
    links: dict[Ref, tuple[str, str]] = field(default_factory=dict)
    archived: bool = False
    participants: list[Person] = field(default_factory=list)
    team: list[Person] = field(default_factory=list)
    times: list[TimeEntry] = field(default_factory=list)
    relations: dict[Relation, None] = field(default_factory=dict)
    ratings: list[Rating] = field(default_factory=list)
    changes: list[tuple[datetime, Person, Field, str, str]] = field(default_factory=list)
    """(when, who, which field, from, to): the history of status and priority."""


class MemoryDesk:
    """A help desk, with what people do on it as methods. Safe for several threads.

    `lag` is how long its index takes to find what was written.
    """

    def __init__(self, now: Callable[[], datetime], *, lag: timedelta = timedelta(0)) -> None:
        self.now, self.lag = now, lag
        self.secret = "opens this desk"  # noqa: S105 - and nothing else
        self.projects = {"desk"}
        self.users = {
            "hub": Person("", "hub", "Bridge", PersonRole.HUB, "hub@desk.test"),
            "sam": Person("", "sam", "Sam Staff", PersonRole.STAFF, "sam@desk.test"),
            "kim": Person("", "kim", "Kim Customer", PersonRole.CUSTOMER, "kim@customer.test"),
        }
        self.tickets: dict[str, DeskTicket] = {}
        self.boards: dict[str, BoardSpec] = {}
        self.organisations: dict[str, Organisation] = {}
        self.hook: Hook | None = None
        self.mails: list[Mail] = []
        self.told: list[Mail] = []
        """What staff was mailed, because a note was to tell them."""
        self.lock = RLock()
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self._ids = count(1001)

    def fail(self, call: str, fault: Fault, times: int = 1) -> None:
        """Play `fault` on the next calls of the connector's method `call`."""
        with self.lock:
            self._faults[call] += [fault] * times

    def mend(self) -> None:
        """Play no more of the faults that were to come."""
        with self.lock:
            self._faults.clear()

    def next_fault(self, call: str) -> Fault | None:
        """Return the fault to play on this call, which is then over."""
        with self.lock:
            return self._faults[call].pop(0) if self._faults[call] else None

    def open_ticket(self, subject: str, text: str, *, by: str = "kim", place: str = "desk") -> str:
        """Open a ticket that the customer reads, and return its key."""
        with self.lock:
            key = self.new_ticket(by=by, place=place)
            self.set(key, subject=subject)
            self.say(key, MESSAGE_0, text, by=by, audience=Audience.CUSTOMER)
            return key

    def comment(self, key: str, text: str, *, by: str = "sam", audience: Audience = Audience.CUSTOMER) -> str:
        """Add a text and return its id."""
        new = self.new_id()
        self.say(key, new, text, by=by, audience=audience)
        return new

    def edit_comment(self, key: str, id: str, text: str) -> None:
        """Replace a text; MESSAGE_0 is the description."""
        old = self.tickets[key].texts[id]
        self.say(key, id, text, by=old.author.key, audience=old.audience)

    def delete_comment(self, key: str, id: str) -> None:
        """Delete a text and its files without a trace; one that is not there is fine."""
        with self.lock:
            ticket = self.tickets[key]
            ticket.texts.pop(id, None)
            ticket.files = {a: f for a, f in ticket.files.items() if f.owner != id}
            self.touch(ticket)

    def set(self, key: str, *, by: str = "sam", **values: NativeValue) -> None:
        """Change fields of a ticket, given as native values."""
        with self.lock:
            ticket = self.tickets[key]
            for name, value in values.items():
                self._note(ticket, self.users[by], cast(Field, name), value)
                kept = " ".join(value.split()) if isinstance(value, str) else value
                ticket.fields[cast(Field, name)] = tuple(sorted(kept)) if isinstance(kept, tuple) else kept
            self.touch(ticket)

    def _note(self, ticket: DeskTicket, by: Person, name: Field, value: NativeValue) -> None:
        before = ticket.fields[name]
        if name in ("status", "priority") and before != value and isinstance(before, str):
            ticket.changes.append((self.stamp(), by, name, before, str(value)))

    def book(self, key: str, spent: timedelta, started: datetime, note: str, *, by: str = "sam") -> str:
        """Book work on a ticket and return the entry's id."""
        with self.lock:
            new = self.new_id()
            entry = TimeEntry(new, self.users[by], spent, started.replace(microsecond=0), None, note)
            self.tickets[key].times.append(entry)
            return new

    def relate(self, key: str, relation: Relation) -> None:
        """Tie a ticket to another one, which then shows the other end of the tie."""
        with self.lock:
            self.tickets[key].relations[relation] = None
            self.tickets[relation.key].relations[Relation(_OTHER_END[relation.kind], key)] = None

    def rate(self, key: str, mood: Mood, remark: str) -> None:
        """Let the customer say what they thought of it."""
        with self.lock:
            ticket = self.tickets[key]
            given = Rating(self.new_id(), ticket.creator, mood, mood.upper(), remark, self.stamp())
            ticket.ratings.append(given)

    def rated(self, since: datetime) -> list[tuple[str, Rating]]:
        """Return the ratings of all tickets that were given at or after `since`, oldest first."""
        with self.lock:
            found = [(key, one) for key, ticket in self.tickets.items() for one in ticket.ratings]
        return sorted((one for one in found if one[1].given >= since), key=lambda one: one[1].given)

    def invite(self, key: str, user: str) -> None:
        """Keep somebody else informed about a ticket; a customer gets a mail that says so, once."""
        with self.lock:
            ticket, guest = self.tickets[key], self.users[user]
            if guest not in ticket.participants:
                ticket.participants.append(guest)
                if guest.role is PersonRole.CUSTOMER:
                    self.mails.append(Mail(guest.email or "", "You are kept informed."))

    def archive(self, key: str) -> None:
        """Put a ticket away for good: it can be read by its key, and stands in no list."""
        with self.lock:
            self.tickets[key].archived = True

    def tag(self, key: str, *add: str, remove: Iterable[str] = ()) -> None:
        """Add and remove tags of a ticket."""
        with self.lock:
            present = set(self.tickets[key].fields["tags"] or ())
            self.set(key, tags=tuple((present | set(add)) - set(remove)))

    def attach(
        self,
        key: str,
        name: str,
        content: bytes,
        *,
        kind: str = "text/plain",
        to: str | None = None,
        by: str = "sam",
    ) -> str:
        """Add a file to the ticket or a text; return its address. A text that names it takes it over."""
        with self.lock:
            address = f"/uploads/{int(self.new_id()):032x}/{_UNSAFE.sub('_', name)}"
            self.tickets[key].files[address] = DeskFile(
                address, name, kind, content, to or MESSAGE_0, self.users[by], self.stamp(), to is None
            )
            self.touch(self.tickets[key])
            return address

    def trash(self, key: str) -> None:
        """Put a ticket into the trash."""
        with self.lock:
            self.tickets[key].trashed = True
            self.touch(self.tickets[key])

    def forget(self, key: str) -> None:
        """Take a ticket away without a trace; one that is not there is fine."""
        with self.lock:
            self.tickets.pop(key, None)

    def new_ticket(self, *, by: str, place: str, external_id: str = "") -> str:
        """Keep a ticket that says nothing yet, and return its key."""
        with self.lock:
            key, at = self.new_id(), self.stamp()
            blank: dict[Field, NativeValue] = dict.fromkeys(FIELDS)
            fields = blank | {"status": "open", "priority": "medium", "sla": NOTHING, "tags": ()}
            self.tickets[key] = DeskTicket(
                key=key,
                place=place,
                creator=self.users[by],
                external_id=external_id,
                created=at,
                updated=at,
                fields=fields,
            )
            return key

    def say(self, key: str, id: str, text: str, *, by: str, audience: Audience) -> None:
        """Keep a new or changed text: trimmed, its lines ended in the server's own way.

        The customer is mailed what others newly let him read.
        """
        with self.lock:
            ticket, user, at = self.tickets[key], self.users[by], self.stamp()
            kept = "\r\n".join(line.rstrip() for line in text.strip().splitlines()) + "\r\n"
            body, old = Raw(TextFormat.MARKDOWN, kept), ticket.texts.get(id)
            fresh = Comment(id, user, at, body, audience, _kind(id, user, audience))
            ticket.texts[id] = replace(old, body=body, edited=at) if old else fresh
            for address in set(_ADDRESS.findall(kept)) & set(ticket.files):
                ticket.files[address].owner, ticket.files[address].loose = id, False
            self.touch(ticket)
            reader = ticket.creator
            if fresh.kind is CommentKind.REPLY and reader.role is PersonRole.CUSTOMER and not old:
                self.mails.append(Mail(reader.email or "", text))

    def words(self) -> list[tuple[Field, str]]:
        """Return (field, word) of every word that a ticket's field has, each once."""
        with self.lock:
            said = ((n, v) for t in self.tickets.values() for n, v in t.fields.items() if isinstance(v, str))
            return sorted({(name, word) for name, word in said})

    def indexed(self) -> list[DeskTicket]:
        """Return the tickets that the index knows by now, the one changed longest ago first."""
        with self.lock:
            listed = [t for t in self.tickets.values() if not t.archived]
            known = [t for t in listed if self.now() - t.updated >= self.lag]
            return sorted(known, key=lambda ticket: (ticket.updated, ticket.key))

    def touch(self, ticket: DeskTicket) -> None:
        """Note that a ticket was changed."""
        ticket.updated, ticket.version = self.stamp(), ticket.version + 1

    def stamp(self) -> datetime:
        """Return the time as the desk writes it down: in whole seconds."""
        return self.now().replace(microsecond=0)

    def new_id(self) -> str:
        """Return an id that nothing on the desk has yet."""
        return str(next(self._ids))


def _kind(id: str, author: Person, audience: Audience) -> CommentKind:
    if id == MESSAGE_0:
        return CommentKind.DESCRIPTION
    if author.role is PersonRole.CUSTOMER:
        return CommentKind.MESSAGE
    return CommentKind.REPLY if audience is Audience.CUSTOMER else CommentKind.NOTE
