"""Tickets: found, told with all their sides, and explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

from deskbridge.report import plan_json
from deskbridge.stories import story_named
from deskbridge.story import history_json, story_json
from deskbridge.web.api import said, told
from deskbridge.web.api.hub import By, Hub, Of, TicketName, called, line, sides
from deskbridge.web.api.problems import Refused
from deskbridge.web.pages.timeline import Event, Text, conversation, events
from mappings.ticket import Rating, Ref
from sync.store.bundles import Bundle
from sync.store.lists import Card, Wanted

_TEXTS = 200
"""Texts of one ticket that are told."""
_NOBODY = "-"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tickets(hub: Of, by: By, asked: Annotated[said.TicketsAsked, Query()]) -> told.Tickets:
    """Find tickets, the one that changed last first."""
    wanted = Wanted(
        text=asked.q,
        customer="" if asked.customer == _NOBODY else asked.customer,
        status=str(asked.status),
        owner="" if asked.owner == _NOBODY else asked.owner,
        late=asked.late,
    )
    after = _place(asked.cursor) if asked.cursor else None
    cards = hub.application.store.lists.page(wanted, by.at, asked.limit + 1, after)
    more, cards = len(cards) > asked.limit, cards[: asked.limit]
    return told.Tickets(items=[line(card) for card in cards], next=_cursor(cards[-1]) if more else None)


def ticket(hub: Of, ticket: TicketName) -> told.Ticket:
    """Tell a ticket by any of its sides: who wrote what where, who can read it, what happened when."""
    store, asked = hub.application.store, called(hub, ticket)
    bundle = store.bundles.load(store.bundles.subject(asked))
    cards = store.lists.cards(bundle.refs or (asked,))
    first = next((card for card in cards if card.ref == asked), cards[0] if cards else None)
    waiting = store.inbox.row(bundle.subject)
    if bundle.id is None and first is None and waiting is None:
        raise Refused(404, f"the hub knows no ticket {ticket!r}", "it is known once a sync has read it")
    every, happened = _timeline(hub, bundle)
    return told.Ticket(
        ticket=line(first) if first else None,
        linked=bundle.id is not None,
        sides=sides(bundle.refs, lambda ref: bundle.urls.get(ref, "")),
        waits=_waits(hub, bundle.subject),
        texts=[_wrote(text) for text in every[-_TEXTS:]],
        earlier=max(0, len(every) - _TEXTS),
        events=[_happened(event) for event in happened],
        ratings=[_rated(ref, one) for ref in bundle.refs or (asked,) for one in store.ratings.of(ref)],
    )


def explain(hub: Of, ticket: TicketName) -> told.Explained:
    """Say for each field, text and file of a ticket where it came from and went, and what was skipped."""
    ref = called(hub, ticket)
    return told.Explained.model_validate(story_json(story_named(hub.application, _name(ref))))


def history(hub: Of, ticket: TicketName) -> told.History:
    """List everything that was decided about a ticket, oldest first."""
    ref = called(hub, ticket)
    decided = history_json(story_named(hub.application, _name(ref)).decisions)
    return told.History(items=[told.Decided.model_validate(one) for one in decided])


def plan(hub: Of, ticket: TicketName) -> told.Planned:
    """Say what the next sync would write for a ticket; its tools are asked, nothing is written."""
    ref = called(hub, ticket)
    subject = hub.application.store.bundles.subject(ref)
    planned = next(iter(hub.application.engine.plan([subject])), None)
    if planned is None:
        raise Refused(409, "a migration works on that ticket", "GET /api/v1/runs tells how it stands")
    made = plan_json(planned)
    return told.Planned.model_validate({**made, "tickets": sides(planned.refs)})


def _name(ref: Ref) -> str:
    return f"{ref.connection}:{ref.key}"


def _cursor(last: Card) -> str:
    micros = (last.changed - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}:{last.ref.connection}:{last.ref.key}"


def _place(cursor: str) -> tuple[datetime, Ref]:
    micros, connection, key = cursor.split(":", 2)
    return _EPOCH + timedelta(microseconds=int(micros)), Ref(connection, key)


def _waits(hub: Hub, subject: str) -> told.Waits | None:
    row = hub.application.store.inbox.row(subject)
    if row is None:
        return None
    return told.Waits(due=row.due_at, reason=row.reason, attempts=row.attempts, parked=row.parked)


def _timeline(hub: Hub, bundle: Bundle) -> tuple[list[Text], list[Event]]:
    store = hub.application.store
    names = {ref.connection: ref for ref in bundle.refs}
    every = conversation(bundle, {ref: store.messages.of(ref) for ref in bundle.refs}, names)
    facts = {ref: found for ref in bundle.refs if (found := bundle.timeline.get(ref))}
    if not facts:
        kept = ((ref, store.served.ticket(ref)) for ref in bundle.refs)
        facts = {ref: one.facts.told for ref, one in kept if one is not None}
    return every, events(facts)


def _wrote(text: Text) -> told.Wrote:
    message = text.message
    return told.Wrote(
        at=text.at,
        side=str(text.side),
        id=message.id,
        kind=str(message.kind),
        author=message.author,
        role=str(message.role),
        audience=message.audience,
        edited=message.edited,
        files=[] if text.guarded else [told.File(name=f.name, size=f.size) for f in message.files],
        copies=[told.Copied(side=str(copy.side), published=copy.published) for copy in text.copies],
        by_hub=text.by_hub,
    )


def _rated(ref: Ref, one: Rating) -> told.Rated:
    return told.Rated(
        side=str(ref), mood=one.mood.value, native=one.native, remark=one.remark, given=one.given
    )


def _happened(event: Event) -> told.Happened:
    return told.Happened(
        at=event.at,
        since=event.since,
        side=str(event.side),
        changes=[told.Change(what=what, value=value) for what, value in event.what],
        by_hub=event.by_hub,
    )
