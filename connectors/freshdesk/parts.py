"""What a ticket holds beside its conversation, in canonical words. Pure, given who people are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

from connectors.base import ConnectionConfig
from connectors.freshdesk import wire
from connectors.freshdesk.translate import Who, canonical, nobody
from mappings.ticket import Happening, Mood, Person, Rating, Relation, RelationKind, TimeEntry

TIES: Mapping[int, RelationKind] = {
    1: RelationKind.PARENT_OF,
    2: RelationKind.CHILD_OF,
    3: RelationKind.TRACKS,
    4: RelationKind.TRACKED_BY,
}
"""What a ticket's `association_type` makes it to the tickets it is tied to (freshdesk-api 4.2, 4.7)."""
MOODS: Mapping[int, Mood] = {
    **dict.fromkeys((1, 101, 102, 103), Mood.HAPPY),
    **dict.fromkeys((2, 100), Mood.NEUTRAL),
    **dict.fromkeys((3, -101, -102, -103), Mood.UNHAPPY),
}
"""The scales of the present and of the classic survey (freshdesk-api 6.10)."""
_OVERALL = "default_question"
_RESOLVED, _CLOSED, _NOTE = 4, 5, 2
_MERGED = re.compile(r"merged\s+into(?!\s+this\b)", re.IGNORECASE)
_TICKET = re.compile(r"(?P<host>https?://[^/\s\"'<>]+)/(?:a|helpdesk)/tickets/(?P<id>[0-9]{1,18})\b")
_NEAR = 300
"""Characters after "merged into" in which the other ticket's address must stand."""


def participants(
    ticket: wire.Ticket, watchers: Iterable[int], who: Who, addressed: Callable[[str], Person | None]
) -> tuple[Person, ...]:
    """Return who is in copy, then who watches, each once."""
    found = [*(addressed(line) for line in ticket.cc_emails), *(who(id) for id in watchers)]
    return tuple({person.key: person for person in found if person is not None}.values())


def time_entries(
    config: ConnectionConfig, entries: Iterable[wire.TimeEntry], who: Who
) -> tuple[TimeEntry, ...]:
    """Return what was booked; a timer that still runs is not booked yet."""
    return tuple(
        TimeEntry(
            id=str(entry.id),
            author=who(entry.agent_id) or nobody(config),
            spent=_spent(entry),
            started=entry.executed_at or entry.created_at,
            billable=entry.billable,
            note=entry.note or "",
        )
        for entry in entries
        if not entry.timer_running
    )


def ratings(rated: Iterable[wire.Rating], who: Who) -> tuple[Rating, ...]:
    """Return what customers thought; an answer on no known scale is left out."""
    return tuple(
        Rating(
            id=str(said.id),
            author=who(said.user_id),
            mood=MOODS[value],
            native=str(value),
            remark=said.feedback or "",
            given=said.created_at,
        )
        for said in rated
        if (value := _overall(said)) is not None and value in MOODS
    )


def relations(
    config: ConnectionConfig,
    ticket: wire.Ticket,
    tied: Iterable[int],
    conversations: Iterable[wire.Conversation],
    me: int,
) -> tuple[Relation, ...]:
    """Return the tickets that this one is tied to, and the one that it was merged into."""
    kind = TIES.get(ticket.association_type or 0)
    found = [Relation(kind, str(id)) for id in tied] if kind else []
    merged = [*_merged_into(config, ticket, conversations, me)][-1:]
    return tuple(dict.fromkeys([*found, *(Relation(RelationKind.MERGED_INTO, id) for id in merged)]))


def history(config: ConnectionConfig, ticket: wire.Ticket) -> tuple[Happening, ...]:
    """Return when a ticket came to its status, and to be solved before it was closed: all that is kept.

    What it was before nobody tells, nor who changed it. A ticket that is opened again has neither any more
    (freshdesk-api 4.1), so nothing lies between the two.
    """
    stats = ticket.stats or wire.Stats()
    moments = [(stats.status_updated_at, ticket.status)]
    if ticket.status == _CLOSED and stats.closed_at != stats.resolved_at:
        moments = [(stats.resolved_at, _RESOLVED), (stats.closed_at or stats.status_updated_at, _CLOSED)]
    return tuple(
        Happening(at, None, "status", None, canonical(config, "status", str(status)))
        for at, status in moments
        if at is not None
    )


def _merged_into(
    config: ConnectionConfig, ticket: wire.Ticket, conversations: Iterable[wire.Conversation], me: int
) -> Iterator[str]:
    """Yield the tickets that closing notes name as the ones this was merged into.

    Freshdesk flags nothing (freshdesk-api 4.7): such a ticket is closed, and a note says "merged into" and
    then links the other. Customers and the hub write no such notes.
    """
    host = urlsplit(config.url).netloc
    for said in conversations if ticket.status == _CLOSED else ():
        if said.incoming or said.source != _NOTE or said.user_id == me:
            continue
        text = unescape(said.body or "")
        for phrase in _MERGED.finditer(text):
            link = _TICKET.search(text, phrase.end(), phrase.end() + _NEAR)
            if link and urlsplit(link["host"]).netloc == host and int(link["id"]) != ticket.id:
                yield str(int(link["id"]))


def _spent(entry: wire.TimeEntry) -> timedelta:
    """Return how long it took; hours beyond a day are written as such (freshdesk-api 6.9)."""
    if entry.time_spent_in_seconds is not None:
        return timedelta(seconds=min(max(entry.time_spent_in_seconds, 0), 10**9))
    hours, _, minutes = (entry.time_spent or "").partition(":")
    numbers = [
        int(part) if part.isascii() and part.isdigit() and len(part) < 6 else 0 for part in (hours, minutes)
    ]
    return timedelta(hours=numbers[0], minutes=numbers[1])


def _overall(said: wire.Rating) -> int | None:
    return said.ratings.get(_OVERALL, next(iter(said.ratings.values()), None))
