"""What a person decided about how sides follow each other: roles, field rules, handover, trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connectors.base import Presence
from connectors.capabilities import Part
from mappings.boards import UNDECLARED, Place, Readers
from mappings.ticket import Field, Person, Status
from sync.operations import Withdrawal
from sync.pieces import Long
from sync.sla.priorities import Matrix


class Role(StrEnum):
    """What a side is to a ticket."""

    FRONT = "front"
    """Where the customer is served."""
    WORK = "work"
    """Where the work is done."""


class When(StrEnum):
    """When a field travels."""

    CREATE = "create"
    """Only into a ticket that the hub creates."""
    ALWAYS = "always"
    SUGGEST = "suggest"
    """Never by itself: a note tells the other side's staff of the change."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One direction in which a field travels between roles."""

    field: Field
    source: Role
    target: Role
    when: When


@dataclass(frozen=True, slots=True)
class Handover:
    """What a status on one side does to a side of the other role."""

    status: Status | None
    """The status to give, or None to leave the other side's status alone."""
    note: bool
    """Whether the other side's staff is told by an internal note."""


def _ways(field: Field, *ways: tuple[Role, Role, When]) -> list[FieldRule]:
    return [FieldRule(field, *way) for way in ways]


_DOWN, _UP, _ACROSS = (Role.FRONT, Role.WORK), (Role.WORK, Role.FRONT), (Role.WORK, Role.WORK)

FIELD_RULES: tuple[FieldRule, ...] = (
    *_ways("subject", (*_DOWN, When.ALWAYS)),
    *_ways("priority", (*_DOWN, When.CREATE), (*_DOWN, When.SUGGEST), (*_ACROSS, When.ALWAYS)),
    *_ways("type", (*_DOWN, When.CREATE)),
    *_ways("impact", (*_DOWN, When.ALWAYS)),
    *_ways("urgency", (*_DOWN, When.ALWAYS)),
    *_ways("component", (*_DOWN, When.ALWAYS), (*_UP, When.ALWAYS), (*_ACROSS, When.ALWAYS)),
    *_ways("version", (*_DOWN, When.ALWAYS), (*_UP, When.ALWAYS), (*_ACROSS, When.ALWAYS)),
    *_ways("tags", (*_DOWN, When.ALWAYS), (*_UP, When.ALWAYS), (*_ACROSS, When.ALWAYS)),
    *_ways("status", (*_ACROSS, When.ALWAYS)),
    *_ways("rating", (*_DOWN, When.ALWAYS)),
)
"""The defaults: customer-facing facts flow front -> work, the priority once; assignees do not travel.

Who serves a customer is seldom who works on the matter: where it is so, the settings say it.
"""

HANDOVER: Mapping[tuple[Role, Role], Mapping[Status, Handover]] = {
    _UP: {
        Status.OPEN: Handover(None, note=True),
        Status.IN_PROGRESS: Handover(None, note=True),
        Status.RESOLVED: Handover(Status.OPEN, note=True),
        Status.CLOSED: Handover(Status.OPEN, note=True),
    },
    _DOWN: {},
}
"""The defaults: a finished issue gives the ticket back to its agent, who tells the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """How a person makes a text of the work readable by the customer."""

    sign: str
    """What such a text begins with."""
    sender: str
    """The name that the customer reads: the desk's, never a person's."""
    connections: frozenset[str]
    """The work sides whose texts may be published."""
    link: str = ""
    """Where the customer opens their ticket, ``{key}`` standing for its key; empty: the tool's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How customers are told that their request arrived, and what to quote."""

    connections: frozenset[str]
    """The fronts on which the hub writes it: those whose tool sends none."""
    since: datetime
    """What was asked before gets none."""
    text: str
    """Markdown, with ``{numbers}`` where they stand."""
    sender: str
    """The name that the customer reads: the desk's, never a person's."""
    link: str = ""
    """Where the customer opens their ticket, ``{key}`` standing for its key; empty: the tool's own."""
    numbers: frozenset[str] = frozenset()
    """The connections whose numbers are named; empty for all."""
    most: int = 3
    """To one address within a day."""


@dataclass(frozen=True, slots=True)
class Table:
    """A customer's table of priorities, and when the hub sets what it says."""

    matrix: Matrix = field(hash=False)
    when: frozenset[When] = frozenset({When.CREATE, When.SUGGEST})
    """CREATE: once, as a ticket first says enough. ALWAYS: whenever it says otherwise. SUGGEST: support is
    told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that `decide` must know of the settings."""

    roles: Mapping[str, Role]
    """The role of each connection's sides."""
    trust: tuple[str, ...]
    """Connections in the order in which they win a conflict."""
    places: tuple[Place, ...]
    fields: tuple[FieldRule, ...] = FIELD_RULES
    handover: Mapping[tuple[Role, Role], Mapping[Status, Handover]] = field(default_factory=lambda: HANDOVER)
    control_tags: frozenset[str] = frozenset()
    """Tags that steer the hub; they never travel."""
    customer_labels: frozenset[str] = frozenset()
    """Every customer's label: a ticket carries its own customer's and nobody else's."""
    reopen_work: bool = False
    """Whether a customer's new message opens work that is done."""
    may_mail: frozenset[str] = frozenset()
    """Connections on which a write that mails if so configured is allowed."""
    long: Long = Long.PARTS
    """What becomes of a text that is longer than its target allows."""
    deleted: Withdrawal = Withdrawal.MARK
    """What becomes of a copy whose original was deleted: MARK or DELETE."""
    publish: Publish | None = None
    """None: nothing is ever published."""
    receipt: Receipt | None = None
    """None: the hub writes none."""
    keep_private: str = ""
    """A text that begins with this sign stays where it was written; empty: there is no such sign."""
    asks: frozenset[Field] = frozenset()
    """Fields that a person settles when they changed on several sides: until then nothing is written."""
    relay: frozenset[str] = frozenset()
    """Connections on which another hub's copies are copied on like a person's texts."""
    people: tuple[Mapping[str, str], ...] = ()
    """Connection -> how it names them, of each person in the table of people."""
    named: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same people by their own names, without regard to capitals."""
    mentions: frozenset[str] = frozenset()
    """Connections on which copies mention those people, as the originals did."""
    tells_assignee: frozenset[str] = frozenset()
    """Connections on which whoever a ticket is assigned to is mailed each internal text that the hub adds."""
    tells_group: frozenset[str] = frozenset()
    """The same, to everybody in the group that a ticket was given to; to its assignee where it is of none."""
    tells: bool = True
    """Whether people are told, where they wrote it, what was not copied; a run tells nobody."""
    source: str = ""
    """The connection that a run reads and never writes to; empty in live work."""
    reads: frozenset[Presence] = frozenset({Presence.PRESENT})
    """In which presence a ticket of `source` is read: the trash and the archive are by rule."""
    parts: frozenset[Part] = frozenset()
    """What is read of `source` beyond the conversation, each at the price of a call for each ticket."""
    books: bool = False
    """Whether time that was booked at `source` is booked again where a tool can; else a note tells it."""
    numbered: str = ""
    """What stands before a ticket's number at `source` in the label by which it is found again."""

    def readers(self, connection: str, place: str) -> Readers:
        """Return who can read what stands in a place; a place nobody declared is customer-readable."""
        found = (p.readers for p in self.places if (p.connection, p.key) == (connection, place))
        return next(found, UNDECLARED)

    def mentioned(self, source: str, target: str) -> dict[str, str]:
        """Return a mention's key on one connection -> the same person's on another, where that is wanted."""
        known = (person for person in self.people if source in person and target in person)
        return {person[source]: person[target] for person in known} if target in self.mentions else {}

    def elsewhere(self, person: Person, target: str) -> str | None:
        """Return how a connection names somebody of another one, or None: people are never guessed."""
        rows = (row for row in self.people if person.is_called(row.get(person.connection, "")))
        return next((row[target] for row in rows if target in row), None)

    def travels(self, name: Field, source: str, target: str, *, creating: bool = False) -> bool:
        """Whether `name` goes from one connection's side to another's."""
        allowed = (When.ALWAYS, When.CREATE) if creating else (When.ALWAYS,)
        return any(rule.when in allowed for rule in self._of(name, source, target))

    def suggests(self, name: Field, source: str, target: str) -> bool:
        """Whether the staff of one connection's side is told of a change of `name` on the other's."""
        return any(rule.when is When.SUGGEST for rule in self._of(name, source, target))

    def _of(self, name: Field, source: str, target: str) -> Iterator[FieldRule]:
        way = (name, self.roles[source], self.roles[target])
        return (rule for rule in self.fields if (rule.field, rule.source, rule.target) == way)
