"""Reading tickets: one whole, all that changed, and all there are."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any, TypeVar

from connectors.base import (
    ConnectionConfig,
    Hint,
    Presence,
    Snapshot,
)
from connectors.capabilities import Part, PlaceAbilities
from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, parts, translate, wire
from connectors.freshdesk.abilities import abilities
from connectors.freshdesk.form import Form
from connectors.freshdesk.people import People
from connectors.freshdesk.walk import Walk
from connectors.http import Http
from mappings.ticket import Attachment, Person, PersonRole, Rating, Relation, Status, TimeEntry

PASSES: Mapping[str, Presence] = {
    "": Presence.PRESENT,
    "deleted": Presence.TRASHED,
    "spam": Presence.TRASHED,
}
"""The lists that together hold every ticket but archived ones (freshdesk-api 3.3)."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """What is read from one account."""

    config: ConnectionConfig
    http: Http
    files: Http
    """The same wire without the credential: file addresses carry their own, and storage refuses two."""
    people: People
    form: Form

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        """Return a ticket whole. Two calls, one more for each further 100 conversations.

        People and the company are looked up once and remembered: embedded, they cost credits each time
        (freshdesk-api 2). Raises Gone for what is not in the archive either.
        """
        try:
            # One credit more, and no further call (freshdesk-api 2).
            ticket, place = self.ticket(key, "stats" if Part.HISTORY in also else ""), "tickets"
        except Gone:
            place = "tickets/archived"
            found = answers.get(self.http, f"{place}/{self.number(key)}", wire.Ticket)
            ticket = found.model_copy(update={"archived": True})
        conversations = list(self.conversations(key, place))
        self.people.expect(ticket.requester_id)
        extra = self._parts(ticket, conversations, also)
        organisation = self.people.company(ticket.company_id)
        extra["signature"], extra["group"] = self.people.signature, self.form.group(ticket.group_id)
        who, at = self.people.person, self.config.now()
        return translate.snapshot(
            self.config, ticket, conversations, who, at, self.abilities(), organisation=organisation, **extra
        )

    def abilities(self) -> PlaceAbilities:
        """Return what is possible with tickets; one call, if the form was not read for a while."""
        return abilities(self.config, self.form.told())

    def ticket(self, key: str, include: str = "") -> wire.Ticket:
        """Return a ticket's fields and message 0, and what else is to be included. Raises Gone."""
        query = {"include": include} if include else {}
        return answers.get(self.http, f"tickets/{self.number(key)}", wire.Ticket, query)

    def pointers(self, key: str, field: str) -> list[str]:
        """Return what stands in a custom field, if anything. Raises Gone, Rejected."""
        there = self.ticket(key).custom_fields
        if field not in there:
            why = f"tickets have no field {field}; there are {', '.join(sorted(there)) or 'none'}"
            raise Rejected(self.config.name, "GET ticket", why, {field: why})
        return [] if there[field] in (None, "") else [str(there[field])]

    def conversations(self, key: str, place: str = "tickets") -> Iterator[wire.Conversation]:
        """Yield every conversation of a ticket, oldest first. Raises Gone."""
        path = f"{place}/{self.number(key)}/conversations"
        return answers.pages(self.http, path, wire.Conversation, {"per_page": answers.PER_PAGE})

    def conversation(self, key: str, id: str) -> wire.Conversation:
        """Return one conversation; Freshdesk has no call for it (freshdesk-api 5.2). Raises Gone."""
        for said in self.conversations(key):
            if str(said.id) == id:
                return said
        raise Gone(self.config.name, f"GET conversation {id}", "the ticket has no such conversation")

    def number(self, key: str) -> int:
        """Return a key as the number it is. Raises Gone for anything else: no ticket has it."""
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            raise Gone(self.config.name, "GET ticket", f"{key[:40]!r} is not a ticket number")
        return int(key)

    def tied(self, ticket: wire.Ticket) -> list[int]:
        """Return the tickets that one is tied to; they are asked for where its view does not say."""
        if ticket.associated_tickets_list or parts.TIES.get(ticket.association_type or 0) is None:
            return ticket.associated_tickets_list
        path = f"tickets/{ticket.id}"
        try:
            if ticket.association_type in (2, 4):
                return [answers.get(self.http, f"{path}/prime_association", wire.Short).id]
            found = answers.get(self.http, f"{path}/associated_tickets", wire.Associated)
            return [other.id for other in found.tickets]
        except Gone:
            return []

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield what changed in all three lists, merged: oldest first.

        A ticket that goes into the trash, or comes out of it, while its list is walked could be in
        neither; so lists of more than a page are asked once more for what came after.
        """
        walks = self._walks(since)
        yield from self._merged(walks)
        if any(walk.long for walk in walks):
            yield from self._merged(walks)

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        """Yield every ticket: one list after the other, the ordinary one again for what changed meanwhile.

        The trash comes after the tickets, because nobody says that throwing a ticket away stamps it anew.
        """
        walks = self._walks(since or _BEGINNING)
        for walk, presence in zip(walks, PASSES.values(), strict=True):
            yield from self._hints(walk, presence)
        if any(walk.long for walk in walks):
            yield from self._merged(walks)

    def rated(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        """Yield the account's ratings by one list (freshdesk-api 3.5); none where the plan has no surveys.

        It is always said since when: unsaid, the list may go back thirty days only. Who rated is told by
        number: to ask for each one's name would cost more calls than the list.
        """
        asked = {"created_since": translate.stamp(since), "per_page": answers.PER_PAGE}
        try:
            for row in answers.pages(self.http, "surveys/satisfaction_ratings", wire.Rating, asked):
                if row.ticket_id is not None:
                    yield from ((str(row.ticket_id), said) for said in parts.ratings([row], self._numbered))
        except Rejected as error:
            if not error.text.startswith("403"):
                raise

    def _numbered(self, id: int | None) -> Person | None:
        return None if id is None else Person(self.config.name, str(id), "", PersonRole.UNKNOWN)

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file. Raises Gone when its address has expired, Rejected for a foreign host."""
        return self.files.open(attachment.location, attachment.size)

    def _walks(self, since: datetime) -> list[Walk[wire.Row]]:
        return [Walk(self.http, since, {"filter": name} if name else {}, kind=wire.Row) for name in PASSES]

    def _merged(self, walks: list[Walk[wire.Row]]) -> Iterator[Hint]:
        hints = (self._hints(walk, presence) for walk, presence in zip(walks, PASSES.values(), strict=True))
        return heapq.merge(*hints, key=lambda hint: hint.changed)

    def _hints(self, walk: Walk[wire.Row], presence: Presence) -> Iterator[Hint]:
        for row in walk:
            stated = None if row.status is None else str(row.status)
            status = translate.canonical(self.config, "status", stated)
            yield Hint(
                str(row.id),
                translate.version(row.updated_at, presence),
                row.updated_at,
                presence,
                status if isinstance(status, Status) else None,
                row.created_at,
                "" if row.company_id is None else str(row.company_id),
            )

    def _parts(
        self, ticket: wire.Ticket, conversations: list[wire.Conversation], also: frozenset[Part]
    ) -> dict[str, Any]:
        """Return what else was asked for, by what `Ticket` calls it."""
        reads: Mapping[Part, tuple[str, Callable[[], object]]] = {
            Part.PARTICIPANTS: ("participants", partial(self._participants, ticket)),
            Part.TIME: ("time_entries", partial(self._time_entries, ticket)),
            Part.RELATIONS: ("relations", partial(self._relations, ticket, conversations)),
            Part.RATINGS: ("ratings", partial(self._ratings, ticket)),
            Part.HISTORY: ("history", partial(parts.history, self.config, ticket)),
            Part.TEAM: ("team", partial(self.people.team, ticket.group_id)),
        }
        return {name: _told(read) for part, (name, read) in reads.items() if part in also}

    def _participants(self, ticket: wire.Ticket) -> tuple[Person, ...]:
        asked = partial(answers.get, self.http, f"tickets/{ticket.id}/watchers", wire.Watchers)
        watchers = _told(asked) or wire.Watchers(watcher_ids=[])
        return parts.participants(ticket, watchers.watcher_ids, self.people.person, self.people.addressed)

    def _time_entries(self, ticket: wire.Ticket) -> tuple[TimeEntry, ...]:
        path, asked = f"tickets/{ticket.id}/time_entries", {"per_page": answers.PER_PAGE}
        found = answers.pages(self.http, path, wire.TimeEntry, asked)
        return parts.time_entries(self.config, found, self.people.person)

    def _relations(self, ticket: wire.Ticket, conversations: list[wire.Conversation]) -> tuple[Relation, ...]:
        return parts.relations(self.config, ticket, self.tied(ticket), conversations, self.people.me())

    def _ratings(self, ticket: wire.Ticket) -> tuple[Rating, ...]:
        found = answers.pages(self.http, f"tickets/{ticket.id}/satisfaction_ratings", wire.Rating, {})
        return parts.ratings(found, self.people.person)


def _told(read: Callable[[], T]) -> T | None:
    """Return what was read; None where the plan lacks the feature, or the archive does not tell."""
    try:
        return read()
    except Gone:
        return None
    except Rejected as error:
        if error.text.startswith("403"):
            return None
        raise
