"""The facts that clocks rest on, read from the side where the customer is served.

A fact counts at the latest instant by which it had happened. Only people's acts count; a status counts
whoever set it, since it says what is the case. A fact that was learned late is put where it belongs:
nothing here is a counter, so the clocks come out as if it had always been known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from mappings.ticket import Audience, CommentKind, Happening, PersonRole, Priority, Status, Ticket, TicketType


class FactKind(StrEnum):
    """What a fact of a side's timeline is about."""

    STATUS = "status"
    """It came to a status: the fact's value."""
    ANSWER = "answer"
    """Something was written that the customer can read; the value is the text's id."""
    MESSAGE = "message"
    """The customer wrote; the value is the text's id."""
    PRIORITY = "priority"
    """The value is the new one's word; empty for none."""
    TYPE = "type"
    """As with priorities."""
    CUSTOMER = "customer"
    """It came to belong to another customer: the value is their key."""
    TIER = "tier"
    """Its customer came to another tier: the value."""
    ASSIGNMENT = "assignment"
    """It was given to somebody: the value; empty for nobody."""
    WORKAROUND = "workaround"
    """The customer can work again though it is not solved; the value says how."""
    ESTIMATE = "estimate"
    """The customer was promised a date, or an instant with its zone: the value, in ISO 8601."""
    WANTED = "wanted"
    """The customer asks for something by a date or an instant: as with estimates."""
    PROJECT = "project"
    """It became a project: the value says which, or why."""


class Actor(StrEnum):
    """Whose act a fact is, as far as can be told; people are assumed where nothing speaks against it."""

    PERSON = "person"
    HUB = "hub"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened on a side after `after`, and by `by` at the latest."""

    kind: FactKind
    value: str
    after: datetime
    by: datetime
    actor: Actor = Actor.PERSON
    side: str = ""
    """The connection it was read from; empty where only one is read."""
    who: str = ""
    """Who did it, as people call them."""

    @property
    def exact(self) -> bool:
        """Whether the instant is known."""
        return self.after == self.by

    @property
    def id(self) -> str:
        """What tells it from every other fact of its ticket, however often it is read."""
        if self.kind in (FactKind.ANSWER, FactKind.MESSAGE):
            return f"{self.kind}:{self.value}"
        return f"{self.kind}:{self.value}@{self.by.isoformat()}"


@dataclass(frozen=True, slots=True)
class StatusFact:
    """A status that a side was found in: it came to it after `after` and at `by` at the latest."""

    status: Status
    after: datetime
    by: datetime

    @property
    def exact(self) -> bool:
        """Whether the instant is known."""
        return self.after == self.by


_DONE = tuple(status for status in Status if status.done)

CREATED = "created"
"""The id of the fact that a ticket was made."""

Span = tuple[datetime, datetime | None]
"""From when until when; None while it goes on."""


@dataclass(frozen=True)
class Facts:
    """One ticket's timeline, as far as its clocks need it."""

    created: datetime
    told: tuple[Fact, ...]
    """What happened since, oldest first."""
    priority: Priority | None = None
    """The one it was made with."""
    type: TicketType | None = None
    customer: str = ""
    tier: str = ""
    tags: frozenset[str] = frozenset()

    @cached_property
    def by_kind(self) -> Mapping[FactKind, list[Fact]]:
        """The facts that count, by what they are about, oldest first."""
        found: dict[FactKind, list[Fact]] = {}
        for fact in self.told:
            if fact.actor is Actor.PERSON or fact.kind is FactKind.STATUS:
                found.setdefault(fact.kind, []).append(fact)
        return found

    def of(self, kind: FactKind) -> list[Fact]:
        """Return the facts of a kind that count, oldest first."""
        return self.by_kind.get(kind, [])

    def until(self, at: datetime) -> Facts:
        """Return what had happened at an instant, whenever it was learned."""
        return replace(self, told=tuple(fact for fact in self.told if fact.by <= at))

    def resolved(self) -> datetime | None:
        """Return since when the ticket is done, or None while it is open."""
        spans = self.done()
        return spans[-1][0] if spans and spans[-1][1] is None else None

    def done(self) -> tuple[Span, ...]:
        """Return when the ticket was done; the last span goes on (None) unless it was opened again."""
        return self._spans(_DONE)

    def waiting(self, *statuses: Status) -> tuple[Span, ...]:
        """Return when the ticket was in one of the statuses: if none is said, waited on its customer."""
        return self._spans(statuses or (Status.WAITING_ON_CUSTOMER,))

    def _spans(self, wanted: Collection[str]) -> tuple[Span, ...]:
        spans: list[Span] = []
        since: datetime | None = None
        for fact in self.by_kind.get(FactKind.STATUS, ()):
            if fact.value in wanted:
                since = since or fact.by
            elif since is not None:
                spans.append((since, fact.by))
                since = None
        return (*spans, (since, None)) if since is not None else tuple(spans)


def went_on(before: Facts, after: Facts, at: datetime) -> Facts:
    """Return the timeline of a ticket that one tool served until an instant, and another from then on.

    What the later tool tells of the time before is its copy of what was: made on the day of the move.
    """
    later = tuple(fact for fact in after.told if fact.by > at)
    return replace(before, told=(*(fact for fact in before.told if fact.by <= at), *later), tags=after.tags)


def facts(
    front: Ticket,
    statuses: Iterable[StatusFact] = (),
    told: Iterable[Fact] = (),
    *,
    customer: str = "",
    tier: str = "",
) -> Facts:
    """Return the timeline of a front side: its texts, the statuses that were recorded, what else was told.

    Changes of priority and type that `told` says nothing about are taken from the tool's own history.
    """
    rest = [fact for fact in told if fact.kind not in (FactKind.STATUS, FactKind.ANSWER, FactKind.MESSAGE)]
    kinds = {fact.kind for fact in rest}
    history = [h for h in front.history or () if h.name in _KEPT and FactKind(h.name) not in kinds]
    found = [
        *_texts(front),
        *(Fact(FactKind.STATUS, s.status.value, _whole(s.after), _whole(s.by)) for s in statuses),
        *rest,
        *(_changed(one) for one in history),
    ]
    first = {h.name: h.before for h in reversed(history)}
    priority = _first(rest, FactKind.PRIORITY, first.get("priority", front.priority))
    type_ = _first(rest, FactKind.TYPE, first.get("type", front.type))
    return Facts(
        created=_whole(front.created),
        told=tuple(sorted(found, key=lambda fact: fact.by)),
        priority=priority if isinstance(priority, Priority) else None,
        type=type_ if isinstance(type_, TicketType) else None,
        customer=customer,
        tier=tier,
        tags=front.tags,
    )


_KEPT = ("priority", "type")
_ACTORS = {PersonRole.HUB: Actor.HUB, PersonRole.MACHINE: Actor.MACHINE}


def _texts(front: Ticket) -> Iterator[Fact]:
    for message in front.messages:
        if message.kind is CommentKind.AUTOMATIC:
            continue
        at, who = _whole(message.created), message.author.name
        if message.author.role is PersonRole.CUSTOMER:
            yield Fact(FactKind.MESSAGE, message.id, at, at, who=who)
        # The text that opened the ticket is what was asked, whoever wrote it down.
        elif (
            message.author.role is PersonRole.STAFF
            and message.audience is Audience.CUSTOMER
            and message.kind is not CommentKind.DESCRIPTION
        ):
            yield Fact(FactKind.ANSWER, message.id, at, at, who=who)


def _changed(one: Happening) -> Fact:
    value = one.after.value if isinstance(one.after, Priority | TicketType) else ""
    actor = _ACTORS.get(one.actor.role, Actor.PERSON) if one.actor else Actor.PERSON
    return Fact(FactKind(one.name), value, _whole(one.at), _whole(one.at), actor)


def _first(told: Iterable[Fact], kind: FactKind, otherwise: object) -> object:
    """Return what a ticket was made with: what is told of it first, if anything is."""
    word = next((fact.value for fact in told if fact.kind is kind), None)
    if word is None:
        return otherwise
    return (Priority(word) if kind is FactKind.PRIORITY else TicketType(word)) if word else None


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
