"""Reading tickets: one whole, and all that changed."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from connectors.base import (
    ConnectionConfig,
    Hint,
    Presence,
    Snapshot,
)
from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, translate, wire
from connectors.freshdesk.people import People
from connectors.http import Http
from mappings.ticket import Attachment, Person

_LAST_PAGE = 300
"""The wall of the ticket list (freshdesk-api 3.2)."""
_PASSES: Mapping[str, Presence] = {
    "": Presence.PRESENT,
    "deleted": Presence.TRASHED,
    "spam": Presence.TRASHED,
}
"""The lists that together hold every ticket but archived ones (freshdesk-api 3.3)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What is read from one account."""

    config: ConnectionConfig
    http: Http
    files: Http
    """The same wire without the credential: file addresses carry their own, and storage refuses two."""
    people: People

    def fetch(self, key: str) -> Snapshot:
        """Return a ticket whole. Two calls, one more for each further 100 conversations."""
        ticket = self.ticket(key, include="requester,company")
        conversations = list(self.conversations(key))
        read_at = self.config.now()

        def who(id: int | None) -> Person | None:
            return self.people.person(id, ticket.requester)

        return translate.snapshot(self.config, ticket, conversations, who, read_at)

    def ticket(self, key: str, **params: str) -> wire.Ticket:
        """Return a ticket's fields and message 0. Raises Gone."""
        return answers.get(self.http, f"tickets/{self.number(key)}", wire.Ticket, params)

    def conversations(self, key: str) -> Iterator[wire.Conversation]:
        """Yield every conversation of a ticket, oldest first. Raises Gone."""
        path = f"tickets/{self.number(key)}/conversations"
        return answers.pages(self.http, path, wire.Conversation, {"per_page": answers.PER_PAGE})

    def conversation(self, key: str, id: str) -> wire.Conversation:
        """Return one conversation; Freshdesk has no call for it (freshdesk-api 5.2). Raises Gone."""
        for said in self.conversations(key):
            if str(said.id) == id:
                return said
        raise Gone(self.config.name, f"GET conversation {id}", "the ticket has no such conversation")

    def number(self, key: str) -> int:
        """Return a key as the number it is. Raises Gone for anything else: no ticket has it."""
        if not (key.isascii() and key.isdigit()):
            raise Gone(self.config.name, "GET ticket", f"{key[:40]!r} is not a ticket number")
        return int(key)

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield what changed in all three lists, merged: oldest first.

        A ticket that goes into the trash, or comes out of it, while its list is walked could be in
        neither; so lists of more than a page are asked once more for what came after.
        """
        walks = [Walk(self.http, since, {"filter": name} if name else {}) for name in _PASSES]
        yield from self._merged(walks)
        if any(walk.long for walk in walks):
            yield from self._merged(walks)

    def _merged(self, walks: list[Walk]) -> Iterator[Hint]:
        hints = (self._hints(walk, presence) for walk, presence in zip(walks, _PASSES.values(), strict=True))
        return heapq.merge(*hints, key=lambda hint: hint.changed)

    def _hints(self, walk: Walk, presence: Presence) -> Iterator[Hint]:
        for row in walk:
            yield Hint(str(row.id), translate.version(row.updated_at, presence), row.updated_at)

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file. Raises Gone when its address has expired, Rejected for a foreign host."""
        return self.files.open(attachment.location)


@dataclass(slots=True)
class Walk:
    """One list of tickets, oldest change first, from `since` on; walking again goes on at its end.

    Each page is asked for by time: from the last row's second on, that second included, because many
    tickets may share it. So a row that moves to the end while this walks shifts no other out of sight,
    and the wall at page 300 is met only by 30,000 tickets of one second.
    """

    http: Http
    since: datetime
    params: Mapping[str, str | int]
    long: bool = False
    """Whether one page was not enough."""
    _seen: set[tuple[int, datetime]] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Freshdesk's stamps are whole seconds: what changed within this one counts.
        self.since = self.since.replace(microsecond=0)

    def __iter__(self) -> Iterator[wire.Row]:
        number, grew = 1, False
        while True:
            rows, more = self._page(number)
            fresh = [row for row in rows if (row.id, row.updated_at) not in self._seen]
            yield from fresh
            self._seen.update((row.id, row.updated_at) for row in fresh)
            self.long, grew = self.long or more, grew or bool(fresh)
            last = rows[-1].updated_at if rows else self.since
            if more and last <= self.since:
                number += 1
            elif number > 1 and grew:
                # Numbered pages may have shifted under us: again, until a round shows nothing new.
                number, grew = 1, False
            else:
                self._advance(last)
                if not more:
                    return
                number, grew = 1, False

    def _advance(self, last: datetime) -> None:
        self.since = max(self.since, last)
        self._seen = {(id, stamp) for id, stamp in self._seen if stamp >= self.since}

    def _page(self, number: int) -> tuple[list[wire.Row], bool]:
        if number > _LAST_PAGE:
            text = f"more than {_LAST_PAGE * answers.PER_PAGE} tickets were changed in one second"
            raise Rejected(self.http.connection, "GET tickets", text)
        asked = {
            **self.params,
            "updated_since": translate.stamp(self.since),
            "order_by": "updated_at",
            "order_type": "asc",
            "per_page": answers.PER_PAGE,
            "page": number,
        }
        return answers.page(self.http, "tickets", wire.Row, asked)
