"""Walking the ticket lists past their wall, while tickets change (freshdesk-api 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, translate, wire
from connectors.http import Http

_LAST_PAGE = 300
"""The wall of the ticket list."""
_TICKETS = 50_000_000
"""The highest number that a ticket is believed to have."""
_SECOND = timedelta(seconds=1)


R = TypeVar("R", bound=wire.Row)


@dataclass(slots=True)
class Walk(Generic[R]):
    """One list of tickets, oldest change first, from `since` on; walking again goes on at its end.

    Each page is asked for by time: from the last row's second on, that second included, because many
    tickets may share it. So a row that moves to the end while this walks shifts no other out of sight.
    Only the rows of that one second are remembered.
    """

    http: Http
    since: datetime
    params: Mapping[str, str | int]
    kind: type[R]
    """How much is read of a row."""
    long: bool = False
    """Whether one page was not enough."""
    _seen: set[tuple[int, datetime]] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Freshdesk's stamps are whole seconds: what changed within this one counts.
        self.since = self.since.replace(microsecond=0)

    def __iter__(self) -> Iterator[R]:
        number, grew = 1, False
        turning = self.http.turning("GET tickets", "page", walk=True)
        while True:
            if number > _LAST_PAGE:
                yield from self._one_by_one()
                self._advance(self.since + _SECOND)
                number, grew = 1, False
            rows, more = self._page(number)
            turning.page()
            fresh = [row for row in rows if (row.id, row.updated_at) not in self._seen]
            yield from fresh
            self._seen.update((row.id, row.updated_at) for row in fresh)
            self.long, grew = self.long or more, grew or bool(fresh)
            last = rows[-1].updated_at if rows else self.since
            if more and last < self.since:
                text = "the list does not heed updated_since"
                raise Rejected(self.http.connection, "GET tickets", text, {"updated_since": text})
            if more and last == self.since:
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

    def _page(self, number: int) -> tuple[list[R], bool]:
        asked = {
            **self.params,
            "updated_since": translate.stamp(self.since),
            "order_by": "updated_at",
            "order_type": "asc",
            "per_page": answers.PER_PAGE,
            "page": number,
        }
        return answers.page(self.http, "tickets", self.kind, asked)

    def _one_by_one(self) -> Iterator[R]:
        """Yield what changed in a second that more tickets share than the list shows: each is asked for.

        Tickets are numbered without gaps (freshdesk-api 3.3); this costs a call for each there ever was.
        """
        for id in range(1, self._highest() + 1):
            if (id, self.since) in self._seen:
                continue
            try:
                ticket = answers.get(self.http, f"tickets/{id}", wire.Ticket)
            except Gone:
                continue
            if ticket.updated_at == self.since and self._lists(ticket):
                yield self.kind(**{name: getattr(ticket, name) for name in self.kind.model_fields})

    def _highest(self) -> int:
        newest = {"order_by": "created_at", "order_type": "desc", "per_page": 1}
        asked = {**self.params, **newest, "updated_since": translate.stamp(self.since)}
        rows, _ = answers.page(self.http, "tickets", wire.Row, asked)
        highest = max((row.id for row in rows), default=0)
        if highest > _TICKETS:
            text = f"ticket {highest} is beyond what can be asked for one by one"
            raise Rejected(self.http.connection, "GET tickets", f"id: {text}", {"id": text})
        return highest

    def _lists(self, ticket: wire.Ticket) -> bool:
        """Whether this list is the one that a ticket is in."""
        requester = self.params.get("requester_id", ticket.requester_id)
        place = "spam" if ticket.spam else "deleted" if ticket.deleted else ""
        return place == self.params.get("filter", "") and requester == ticket.requester_id
