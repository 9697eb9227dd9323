"""The facts that clocks rest on, read from the side where the customer is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mappings.ticket import Audience, CommentKind, PersonRole, Priority, Status, Ticket, TicketType


class FactKind(StrEnum):
    """What a fact of a side's timeline is about."""

    STATUS = "status"
    """It came to a status: the fact's value."""
    ANSWER = "answer"
    """Something was written that the customer can read; the value is the text's id."""
    MESSAGE = "message"
    """The customer wrote; the value is the text's id."""


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

    @property
    def exact(self) -> bool:
        """Whether the instant is known."""
        return self.after == self.by


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


Span = tuple[datetime, datetime | None]
"""From when until when; None while it goes on."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One ticket's timeline, as far as its clocks need it. Only people's acts count."""

    created: datetime
    priority: Priority | None
    type: TicketType | None
    answers: tuple[datetime, ...]
    """When staff wrote what the customer can read, oldest first."""
    asked: tuple[datetime, ...]
    """When the customer wrote, oldest first."""
    statuses: tuple[StatusFact, ...]
    """Every status of the ticket, oldest first."""

    def resolved(self) -> datetime | None:
        """Return since when the ticket is done, or None while it is open."""
        spans = self.done()
        return spans[-1][0] if spans and spans[-1][1] is None else None

    def done(self) -> tuple[Span, ...]:
        """Return when the ticket was done; the last span goes on (None) unless it was opened again."""
        return self._spans(lambda status: status.done)

    def waiting(self) -> tuple[Span, ...]:
        """Return when the ticket waited on its customer; the last wait may go on (None)."""
        return self._spans(lambda status: status is Status.WAITING_ON_CUSTOMER)

    def _spans(self, within: Callable[[Status], bool]) -> tuple[Span, ...]:
        spans: list[Span] = []
        for fact in self.statuses:
            if spans and spans[-1][1] is None:
                if not within(fact.status):
                    spans[-1] = (spans[-1][0], fact.by)
            elif within(fact.status):
                spans.append((fact.by, None))
        return tuple(spans)


def facts(front: Ticket, statuses: Iterable[StatusFact]) -> Facts:
    """Return the timeline of a front side, given the statuses that were recorded of it."""
    texts = [m for m in front.messages if m.kind is not CommentKind.AUTOMATIC]
    by_staff = (
        m
        for m in texts
        # The text that opened the ticket is what was asked, whoever wrote it down.
        if m.author.role is PersonRole.STAFF
        and m.audience is Audience.CUSTOMER
        and m.kind is not CommentKind.DESCRIPTION
    )
    by_customer = (m for m in texts if m.author.role is PersonRole.CUSTOMER)
    return Facts(
        created=front.created,
        priority=front.priority if isinstance(front.priority, Priority) else None,
        type=front.type if isinstance(front.type, TicketType) else None,
        answers=tuple(sorted(m.created for m in by_staff)),
        asked=tuple(sorted(m.created for m in by_customer)),
        statuses=tuple(sorted(statuses, key=lambda f: f.by)),
    )
