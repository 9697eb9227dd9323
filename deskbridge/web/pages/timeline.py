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

    Of a text whose side was left, by the switch to another tool or by a person, the copy tells it.
    `names` are what people call the sides, by connection.
    """
    found = [text for side, told in messages.items() for text in _originals(bundle, side, told, names)]
    return sorted(
        found, key=lambda text: (text.at, text.side.connection, len(text.message.id), text.message.id)
    )


def _originals(
    bundle: Bundle, side: Ref, told: Iterable[Message], names: Mapping[str, Ref]
) -> Iterator[Text]:
    ours = list(bundle.mirrors.copied(Kind.COMMENT, side))
    alone = {m.target.id for m in ours if m.origin.ref not in bundle.refs and not m.origin.is_the_hubs}
    copies = {m.target.id for m in ours} - alone
    made = bundle.mirrors.made(Kind.COMMENT, side.connection, side.key)
    for message in told:
        if message.id in copies:
            continue
        there = tuple(
            Copy(names.get(connection, Ref(connection, copy.target.key)), copy.published)
            for connection, copy in made.get(message.id, {}).items()
        )
        by_hub = message.role is PersonRole.HUB and message.id not in alone
        yield Text(message.created, side, message, there, by_hub or message.kind is CommentKind.AUTOMATIC)


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
