"""Ratings: read from a tool's list of them into the store, and what a ticket's own side says by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from connectors.base import Connector, Snapshot
from connectors.capabilities import QUIET
from mappings.ticket import Audience, Rating
from sync.store import Store

_OVERLAP = timedelta(days=1)
"""How far a list is read back behind where it was read to: customers may correct themselves."""
_BATCH = 500
_SHOWN = replace(QUIET, audience=Audience.CUSTOMER)
"""Whoever rated knows what they said."""


def collected(store: Store, connector: Connector, chore: str, beginning: datetime, at: datetime) -> set[str]:
    """Remember what was rated since the last time, else since `beginning`; return the tickets with news.

    `chore`, which must have begun once, keeps how far the list was read. Raises WireError; then it is read
    from the same point again.
    """
    reached, news = store.chores.place(chore), set[str]()
    since = datetime.fromisoformat(reached) - _OVERLAP if reached else beginning
    told = connector.ratings(since)
    while batch := list(islice(told, _BATCH)):
        news |= store.ratings.keep(connector.name, batch, at)
    store.chores.leave(chore, at.isoformat())
    return news


def holds(connectors: Mapping[str, Connector]) -> bool:
    """Whether any side has a field for ratings."""
    return any("rating" in connector.capabilities.fields for connector in connectors.values())


def with_ratings(side: Snapshot, told: tuple[Rating, ...]) -> Snapshot:
    """Return a side with its customers' ratings, the last of which is what it says in that field."""
    requester = side.ticket.requester
    known = {requester.key: requester} if requester else {}
    named = tuple(replace(one, author=known.get(one.author.key) if one.author else None) for one in told)
    mood = named[-1].mood if named else None
    return replace(
        side,
        ticket=replace(side.ticket, ratings=named, rating=mood),
        native={**side.native, "rating": mood.value if mood else None},
        abilities=replace(side.abilities, fields={**side.abilities.fields, "rating": _SHOWN}),
    )
