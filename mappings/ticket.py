"""The canonical record: what the tools talk about, in words that belong to none of them.

Everything here is frozen. Times are aware and in UTC. A value of None means "this side says nothing
about it"; `Unmapped` means "it says something that no vocabulary row translates".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Self, get_args


@dataclass(frozen=True, slots=True)
class Ref:
    """Where one side of a ticket lives. `key` never changes; `display` is what people call it today."""

    connection: str
    key: str
    display: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.connection} {self.display or self.key}"


class Audience(StrEnum):
    """Who can read a text, narrowest first."""

    RESTRICTED = "restricted"
    """Fewer than staff: a role, a group, named people."""
    STAFF = "staff"
    CUSTOMER = "customer"

    def within(self, other: Audience) -> bool:
        """Whether everybody in this audience is in `other` too."""
        order = list(Audience)
        return order.index(self) <= order.index(other)


class Status(StrEnum):
    """What is happening with a ticket, seen by the one who waits for it."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING_ON_DEV = "waiting_on_dev"
    WAITING_ON_CUSTOMER = "waiting_on_customer"
    WAITING_ON_VENDOR = "waiting_on_vendor"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def done(self) -> bool:
        """Whether nobody is expected to work on the ticket any more."""
        return self in (Status.RESOLVED, Status.CLOSED)


class Priority(StrEnum):
    """How soon a ticket must be served. Urgent is never folded into high."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class TicketType(StrEnum):
    """What kind of matter a ticket is; policies choose by it."""

    INCIDENT = "incident"
    BUG = "bug"
    QUESTION = "question"
    REQUEST = "request"
    TASK = "task"


class Impact(StrEnum):
    """How many people a matter stops."""

    PERSON = "person"
    DEPARTMENT = "department"
    ORGANISATION = "organisation"


class Urgency(StrEnum):
    """How badly the affected people are stopped."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Resolution(StrEnum):
    """How a matter ended."""

    FIXED = "fixed"
    WORKAROUND = "workaround"
    DUPLICATE = "duplicate"
    DECLINED = "declined"
    CANNOT_REPRODUCE = "cannot_reproduce"


class SlaState(StrEnum):
    """The worst of a ticket's running clocks, as the tools show it."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A native word that no vocabulary row translates: never guessed, always reported."""

    native: str


class Mood(StrEnum):
    """What a rating says, whatever the tool's scale."""

    HAPPY = "happy"
    NEUTRAL = "neutral"
    UNHAPPY = "unhappy"


Word = Status | Priority | TicketType | Impact | Urgency | Resolution | SlaState | Mood
"""A word out of a vocabulary."""

Value = Word | Unmapped | str | date | datetime | frozenset[str] | None
"""What a field of a side can hold, canonically."""

Field = Literal[
    "subject",
    "status",
    "priority",
    "type",
    "impact",
    "urgency",
    "component",
    "version",
    "resolution",
    "assignee",
    "tags",
    "first_response_due",
    "due",
    "sla",
    "rating",
]
"""The fields that are kept the same; messages, files and other people have rules of their own."""

FIELDS: tuple[Field, ...] = get_args(Field)


class PersonRole(StrEnum):
    """What an author is to the conversation."""

    CUSTOMER = "customer"
    STAFF = "staff"
    HUB = "hub"
    """Our own account on that connection."""
    MACHINE = "machine"
    """Bounces, automatic answers, the system's own remarks."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as one connection knows them; who is the same person elsewhere is another question."""

    connection: str
    key: str
    name: str
    role: PersonRole
    email: str | None = None
    handle: str = field(default="", compare=False)
    """How mentions and people's own tables name them, where that is not the key."""

    @property
    def called(self) -> str:
        """How a table of people names them."""
        return self.handle or self.key

    def is_called(self, name: str) -> bool:
        """Whether a table of people means them by this: their key, what mentions say, or their address."""
        names = (self.key, self.handle, self.email)
        return bool(name) and name.casefold() in {known.casefold() for known in names if known}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer organisation as one connection knows it."""

    connection: str
    key: str
    name: str
    domains: tuple[str, ...] = ()


class TextFormat(StrEnum):
    """The markup a connection stores text in."""

    HTML = "html"
    WIKI = "wiki"
    MARKDOWN = "markdown"
    ADF = "adf"
    """Atlassian's document format: the JSON of the document."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A text exactly as its server returned it. Converted lazily; compared only by `sha`."""

    format: TextFormat
    text: str = field(repr=False)

    @property
    def sha(self) -> str:
        """The first 16 hex digits of the text's SHA-256."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on one side. `location` is where its connection fetches it: a secret, used at once."""

    id: str
    name: str
    content_type: str
    size: int | None
    """Bytes; None where the server does not tell (inline pictures)."""
    inline: bool
    """Whether it is a picture inside the text rather than a file beside it."""
    location: str = field(repr=False)


class CommentKind(StrEnum):
    """What a text is in its tool."""

    DESCRIPTION = "description"
    """Message 0: what the ticket was opened with."""
    MESSAGE = "message"
    """Written by the customer."""
    REPLY = "reply"
    """Written by staff to the customer."""
    NOTE = "note"
    FORWARD = "forward"
    AUTOMATIC = "automatic"
    """A bounce, an automatic answer, a system's own remark: never mirrored, never moves a clock."""


MESSAGE_0 = "0"
"""The id that a ticket's description has among its messages, on every side."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One text of the conversation, message 0 (the description) included."""

    id: str
    author: Person
    created: datetime
    body: Raw
    audience: Audience
    kind: CommentKind
    edited: datetime | None = None
    in_reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    signature: str = field(default="", repr=False, compare=False)
    """What its author's texts end with, in the body's format; empty where the tool keeps none. Not part of
    the revision: the text is the same when its author takes another signature."""

    _revision: str = field(default="", init=False, repr=False, compare=False)

    @property
    def revision(self) -> str:
        """What changes when, and only when, the text or its files change (16 hex digits).

        It is found out once: whoever looks at a ticket asks for it again and again.
        """
        if not self._revision:
            files = ",".join(a.id for a in self.attachments)
            digest = hashlib.sha256(f"{self.body.sha} {files}".encode()).hexdigest()
            object.__setattr__(self, "_revision", digest[:16])
        return self._revision


class RelationKind(StrEnum):
    """What this ticket is to another one of the same connection."""

    PARENT_OF = "parent_of"
    CHILD_OF = "child_of"
    TRACKS = "tracks"
    """This ticket stands for several that have the same cause."""
    TRACKED_BY = "tracked_by"
    RELATES_TO = "relates_to"
    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"
    DUPLICATES = "duplicates"
    DUPLICATED_BY = "duplicated_by"
    MERGED_INTO = "merged_into"
    MOVED_TO = "moved_to"


@dataclass(frozen=True, slots=True)
class Relation:
    """A tie between two tickets of one connection."""

    kind: RelationKind
    key: str
    """The other ticket's immutable key."""


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """Work that somebody booked on a ticket."""

    id: str
    author: Person
    spent: timedelta
    started: datetime
    """When the work was done, as far as the tool keeps it; not when it was booked."""
    billable: bool | None
    note: str


@dataclass(frozen=True, slots=True)
class Rating:
    """What a customer thought of how they were served."""

    id: str
    author: Person | None
    mood: Mood
    native: str
    """The tool's own value."""
    remark: str
    given: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One change in a ticket's history: at `at`, `name` went from one native value to another."""

    at: datetime
    actor: Person | None
    name: Field
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What one side says about a ticket, in canonical words."""

    subject: str
    created: datetime
    updated: datetime
    status: Status | Unmapped | None = None
    priority: Priority | Unmapped | None = None
    type: TicketType | Unmapped | None = None
    impact: Impact | Unmapped | None = None
    urgency: Urgency | Unmapped | None = None
    component: str | None = None
    version: str | None = None
    resolution: Resolution | Unmapped | None = None
    tags: frozenset[str] = frozenset()
    first_response_due: datetime | date | None = None
    """When the first answer is due; a date where the side holds no time of day."""
    due: datetime | date | None = None
    """When the next promise to the customer falls due."""
    sla: SlaState | None = None
    rating: Mood | Unmapped | None = None
    """What the customer thought, as they said it last."""
    requester: Person | None = None
    assignee: Person | None = None
    organisation: Organisation | None = None
    messages: tuple[Comment, ...] = ()
    """Message 0 first, then by (created, id), ids that are numbers as numbers."""
    participants: tuple[Person, ...] | None = None
    """Who else is kept informed. None here and below: it was not asked for, or this side cannot tell."""
    time_entries: tuple[TimeEntry, ...] | None = None
    relations: tuple[Relation, ...] | None = None
    ratings: tuple[Rating, ...] | None = None
    history: tuple[Happening, ...] | None = None
    """Changes of status, priority and type, oldest first, as far as the tool keeps them."""
    group: str | None = None
    """The group of staff that it is given to, as people call it; empty for none."""
    team: tuple[Person, ...] | None = None
    """The staff of the group that it was given to; nobody where it is of no group, or the tool hides them."""

    def value(self, name: Field) -> Value:
        """Return the canonical value of the field `name`; of the assignee, how people's tables name them."""
        if name == "assignee":
            return self.assignee.called if self.assignee else None
        value: Value = getattr(self, name)
        return value

    def message(self, id: str) -> Comment | None:
        """Return the message with this id, or None."""
        return next((m for m in self.messages if m.id == id), None)

    def ordered(self) -> Self:
        """Return the ticket with its messages in the order they were made."""
        # Tools stamp whole seconds; of two ids that count up, the longer one is the later one.
        order = sorted(self.messages, key=lambda m: (m.id != MESSAGE_0, m.created, len(m.id), m.id))
        return replace(self, messages=tuple(order))
