"""Everything that a decision rests on, gathered before it is made: data, no connection, no store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import cast
from zoneinfo import ZoneInfo

from connectors.base import Presence, Snapshot
from connectors.capabilities import Capabilities, Grain, Mails, PlaceAbilities
from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.provenance import foreign
from mappings.ticket import Comment, Field, PersonRole, Ref, SlaState, Unmapped, Value, Word
from mappings.vocabulary import held
from sync.operations import Reach
from sync.pieces import words
from sync.rules import Role, Rules, Table
from sync.seen import Kind, Mirrors, Seen, TextId
from sync.sla.called import Called
from sync.sla.closure import Closure
from sync.sla.wanted import Unpromised

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Promises:
    """What the running clocks say, as the tools are to show it."""

    first_response: datetime | None
    due: datetime | None
    """The promise after the first answer; what it would be, before there is one."""
    next: datetime | None
    """The earliest of the running ones, for tools that show a single date."""
    state: SlaState
    zone: ZoneInfo
    """The customer's zone, in which a date without a time is meant."""

    def shown(self, instant: datetime, grain: Grain) -> datetime | date:
        """Return the instant as finely as a tool keeps it; a day is never later than the instant."""
        return instant.astimezone(self.zone).date() if grain is Grain.DAY else instant


@dataclass(frozen=True, slots=True)
class Lost:
    """A side that is in the trash, or gone: nothing is written to it, and the other sides' staff is told."""

    ref: Ref
    url: str
    presence: Presence
    since: datetime

    @property
    def occasion(self) -> str:
        """What makes this loss different from every other of the same side, so that it is told once."""
        return f"hub:lost-{self.since.timestamp():.0f}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A side that is linked in name only: a route's tag was removed, so nothing passes to it or from it."""

    ref: Ref
    since: datetime
    tags: tuple[str, ...]
    """The tags of which one makes it take part again; none if that cannot be told now."""


def changed(
    sides: Mapping[str, Snapshot], past: Mapping[str, Seen], trusted: Iterable[str]
) -> dict[Field, list[str]]:
    """Return field -> sides whose own word for it is not what it was, in the order of `trusted`."""
    found: dict[Field, list[str]] = {}
    for side in trusted:
        before = past[side].native if side in past else {}
        now = sides[side].native
        if before != now:
            for name, value in before.items():
                if now.get(name) != value:
                    found.setdefault(name, []).append(side)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One ticket's sides as they are now, what was seen before, and what the rules want.

    A work side that several tickets share is in the situation of each: each ticket decides about its
    own front side and its own texts, and the one that leads about everything between the work sides.
    """

    sides: Mapping[str, Snapshot]
    """The sides that are there to be worked on, by connection."""
    capabilities: Mapping[str, Capabilities]
    seen: Mapping[str, Seen]
    mirrors: Mirrors
    wanting: tuple[Place, ...]
    """Where the routes want a side and there is none; one per connection at most."""
    coming: Mapping[str, PlaceAbilities]
    """What is possible in each of `wanting`, by connection; of a present side, its snapshot says it."""
    own_tags: Mapping[str, frozenset[str]]
    """The tags that the hub itself puts on a side (the customer's board label), by connection."""
    customer: str | None
    """The key of the customer whose ticket this is, if one was recognised."""
    promises: Promises | None
    """What the front side is to show."""
    rules: Rules
    shared: bool = False
    """Whether other tickets have the same work sides: no single one of them moves those."""
    leads: bool = True
    """Whether this ticket decides what passes between work sides; one ticket of a bundle does."""
    promises_of_all: Promises | None = None
    """What a shared work side is to show: the most urgent of all its tickets' promises."""
    held: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    """What the other sides had said when a side was last reached, for a side that missed something since."""
    lost: tuple[Lost, ...] = ()
    """Sides that are not there any more, which the others' staff is told once."""
    ended: tuple[Ended, ...] = ()
    """Sides, present ones, that nothing passes to or from any more; their staff is told once."""
    done_since: Mapping[str, datetime] = field(default_factory=dict)
    """Since when, at the earliest, a side is done, by connection; nothing of those that are not."""
    merged: bool = False
    """Whether the front side was merged into another ticket: its own texts go on, and nothing else of it."""
    copied_from: tuple[Ref, ...] = ()
    """Tickets that were merged into the front side; a note about one holds a copy of that one's text."""
    adopted: Mapping[str, datetime] = field(default_factory=dict)
    """When a side was linked that had lived on its own before, by connection: what people wrote earlier
    stays where it is."""
    met: Mapping[str, datetime] = field(default_factory=dict)
    """The same of every side that had lived on its own, whether or not its history travels: nothing that
    was written earlier is ever published."""
    remap: frozenset[Field] = frozenset()
    """Fields that are decided anew from the trusted side, wherever nobody has touched what the hub wrote."""
    wrote: Mapping[tuple[Ref, Field], str] = field(default_factory=dict)
    """What the hub last wrote to a field of a side, in canonical words; known while fields are remapped."""
    prefer: str | None = None
    """The side whose fields a person chose to follow when sides were linked that differ."""
    refused: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    """(target, text, source, what it was called) -> how often the target refused it."""
    answers: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """(target, what, reason) of a finding -> what a person answered, of those that are answered."""
    _known: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was found out about it already: it is asked for again and again while deciding."""
    table: Table | None = None
    """By which the ticket's priority is judged; None where its customer has no table."""
    called: Called | None = None
    """What the ticket's clocks call for; None where no steps were agreed."""
    labels_of_all: frozenset[str] = frozenset()
    """The labels that a shared work side carries for the clocks of all its tickets."""
    closes: Closure | None = None
    """When the ticket is to be closed unless its customer answers."""
    unpromised: Unpromised | None = None
    """The date that the ticket is wanted by, if it is not promised."""
    awaited: bool = False
    """Whether a connection of the ticket did not answer: a side of it may be there, or be made soon."""
    receipts: int = 0
    """How many receipts went to this customer's address within a day, where one more is to go."""
    at: datetime | None = None
    """When it was looked at."""
    hub: str = ""
    """This hub's id: what tells another hub's copies from ours."""

    def role(self, connection: str) -> Role:
        """Return the role of a connection's sides."""
        return self.rules.roles[connection]

    def text(self, connection: str, name: str) -> TextId:
        """Return the identity of a text or file of a present side."""
        return TextId(connection, self.sides[connection].ref.key, name)

    def copies(self, side: str) -> AbstractSet[str]:
        """Return the ids of the texts on a present side that are ours."""
        return self.mirrors.copies(Kind.COMMENT, side, self.sides[side].ref.key)

    def hops(self, source: str, message: Comment) -> int:
        """Return how many hubs have passed a text on, if another hub copied it to where it stands."""
        if source not in self.rules.relay or (marker := foreign(words(message), self.hub)) is None:
            return 0
        return marker.hops + 1

    def others(self, connection: str) -> Iterator[str]:
        """Yield the other present sides, in the order of trust."""
        return (c for c in self.trusted() if c != connection)

    def receivers(self, source: str) -> Iterator[str]:
        """Yield the sides that this ticket's decision carries something to from a side."""
        works = self.role(source) is Role.WORK and not self.leads
        return (c for c in self.others(source) if not (works and self.role(c) is Role.WORK))

    def written(self) -> Iterator[str]:
        """Yield the sides whose fields this ticket's decision sets, the most trusted first."""
        return (c for c in self.trusted() if self.leads or self.role(c) is Role.FRONT)

    def travels(self, name: Field, source: str, target: str, *, creating: bool = False) -> bool:
        """Whether a field's change on one side goes to another; one ticket moves no shared work side."""
        down = (self.role(source), self.role(target)) == (Role.FRONT, Role.WORK)
        return not (self.shared and down) and self.rules.travels(name, source, target, creating=creating)

    def alike(self, side: str, name: Field, one: Value, other: Value) -> bool:
        """Whether two values mean the same to a side, as far as it can tell values apart."""
        if one is None or other is None or not isinstance(one, StrEnum):
            return one == other
        if isinstance(other, Unmapped):
            return False
        lenses = self.capabilities[side].vocabularies
        return held(lenses, name, cast(Word, one)) == held(lenses, name, cast(Word, other))

    def promised(self, target: str) -> Promises | None:
        """Return what a side is to show of the clocks."""
        return self.promises_of_all if self.shared and self.role(target) is Role.WORK else self.promises

    def past(self, target: str) -> Mapping[str, Seen]:
        """Return what each side had said when `target` was last reconciled with them."""
        return {**self.seen, **self.held[target]} if target in self.held else self.seen

    def older(self, source: str, target: str, written: datetime) -> bool:
        """Whether a text was written before one of two sides was linked, each having lived on its own.

        A stamp without parts of a second may be that of any part: in doubt nothing stays behind.
        """
        latest = written if written.microsecond else written + _SECOND
        return any(latest <= self.adopted[side] for side in (source, target) if side in self.adopted)

    def before_they_met(self, source: str, target: str, written: datetime) -> bool:
        """Whether a text is older than the link between two sides, though it may travel as history."""
        return any(written <= self.met[side] for side in (source, target) if side in self.met)

    def trusted(self) -> tuple[str, ...]:
        """Return the present sides, the most trusted first."""
        if (known := self._known.get("trusted")) is None:
            known = self._known["trusted"] = tuple(c for c in self.rules.trust if c in self.sides)
        return cast(tuple[str, ...], known)

    def moved(self) -> Mapping[Field, list[str]]:
        """Return field -> sides whose own word for it is not what was last seen, the most trusted first."""
        if (known := self._known.get("moved")) is None:
            known = self._known["moved"] = changed(self.sides, self.seen, self.trusted())
        return cast(Mapping[Field, list[str]], known)

    def rank(self, connection: str) -> int:
        """Return a connection's place in the order of trust; the hub itself comes first."""
        return self.rules.trust.index(connection) if connection in self.rules.trust else -1

    def front(self) -> str | None:
        """Return the side where the customer is served, or None."""
        return next((c for c in self.trusted() if self.role(c) is Role.FRONT), None)

    def readers(self, target: str) -> Readers:
        """Return who can read an ordinary text on a side, present or wanted."""
        if self.role(target) is Role.FRONT:
            if self.rules.readers(target, self.sides[target].place) == STAFF:
                return STAFF
            return Readers(self.customer or UNDECLARED.customer)
        if target in self.sides:
            return self.rules.readers(target, self.sides[target].place)
        return next(p.readers for p in self.wanting if p.connection == target)

    def abilities(self, target: str) -> PlaceAbilities:
        """Return what is possible on a side, present or wanted, in the place where it is."""
        return self.sides[target].abilities if target in self.sides else self.coming[target]

    def may(self, mails: Mails, target: str) -> bool:
        """Whether a write that mails like this is allowed there."""
        return mails is Mails.NEVER or (mails is Mails.IF_CONFIGURED and target in self.rules.may_mail)

    def announced(self, target: str) -> Reach:
        """Return the reach of a new text for staff on a side, with whom of the staff it is mailed to."""
        reach = self.internally(target)
        side = self.sides.get(target)
        if side is None or not self.capabilities[target].tells_staff:
            return reach
        team = (side.ticket.team or ()) if target in self.rules.tells_group else ()
        wanted = target in self.rules.tells_assignee | self.rules.tells_group
        people = team or ((side.ticket.assignee,) if wanted and side.ticket.assignee else ())
        told = (who.email for who in people if who.role is PersonRole.STAFF and who.email)
        return replace(reach, tells=tuple(dict.fromkeys(told)))

    def internally(self, target: str) -> Reach:
        """Return the reach of a text for staff on a side."""
        return Reach(STAFF, self.abilities(target).internal_comment_mails)
