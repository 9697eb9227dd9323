"""One conversation out of all sides of a ticket: each text once, with where its copies are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mappings.ticket import Audience, CommentKind, PersonRole, Ref
from sync.seen import Kind
from sync.sla.facts import Actor, Fact, FactKind
from sync.store.bundles import Bundle
from sync.store.messages import Message

_EVENTS = (
    FactKind.STATUS,
    FactKind.PRIORITY,
    FactKind.TYPE,
    FactKind.CUSTOMER,
    FactKind.TIER,
    FactKind.WORKAROUND,
    FactKind.ESTIMATE,
    FactKind.WANTED,
    FactKind.PROJECT,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a text also stands."""

    side: Ref
    published: bool
    """Whether its author had the customer read it there."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something that somebody wrote."""

    at: datetime
    side: Ref
    message: Message
    copies: tuple[Copy, ...]
    by_hub: bool

    @property
    def guarded(self) -> bool:
        """Whether fewer than the staff may read it in its tool: who those are, only the tool knows."""
        return self.message.audience is Audience.RESTRICTED


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the ticket on a side."""

    at: datetime
    side: Ref
    what: tuple[tuple[str, str], ...]
    """What it came to be: kind and value, of all that is known to have happened at once."""
    by_hub: bool
    since: datetime | None
    """The earliest it can have been, where only two looks tell."""


def conversation(
    bundle: Bundle, messages: Mapping[Ref, Sequence[Message]], names: Mapping[str, Ref]
) -> list[Text]:
    """Return every text of the sides, oldest first; copies are told with their originals.

    `names` are what people call the sides, by connection.
    """
    found = [text for side, told in messages.items() for text in _originals(bundle, side, told, names)]
    return sorted(
        found, key=lambda text: (text.at, text.side.connection, len(text.message.id), text.message.id)
    )


def _originals(
    bundle: Bundle, side: Ref, told: Iterable[Message], names: Mapping[str, Ref]
) -> Iterator[Text]:
    copies = bundle.mirrors.copies(Kind.COMMENT, side.connection, side.key)
    made = bundle.mirrors.made(Kind.COMMENT, side.connection, side.key)
    for message in told:
        if message.id in copies:
            continue
        there = tuple(
            Copy(names.get(connection, Ref(connection, copy.target.key)), copy.published)
            for connection, copy in made.get(message.id, {}).items()
        )
        ours = message.role is PersonRole.HUB or message.kind is CommentKind.AUTOMATIC
        yield Text(message.created, side, message, there, ours)


def events(told: Mapping[Ref, Iterable[Fact]]) -> list[Event]:
    """Return what happened on the sides beside texts, oldest first; how each began is told too."""
    found: dict[tuple[datetime, datetime, Ref, bool], list[tuple[str, str]]] = {}
    for side, facts in told.items():
        for fact in facts:
            if fact.kind in _EVENTS and fact.value:
                at_once = (fact.by, fact.after, side, fact.actor is not Actor.PERSON)
                found.setdefault(at_once, []).append((fact.kind.value, fact.value))
    made = [
        Event(by, side, tuple(what), by_hub, None if by == after else after)
        for (by, after, side, by_hub), what in found.items()
    ]
    return sorted(made, key=lambda event: (event.at, event.side.connection))
