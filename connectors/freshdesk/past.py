"""What a Freshdesk account's past is made of (freshdesk-api 3.2, 3.3, 4.8). Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from connectors.base import ConnectionConfig, Presence
from connectors.errors import Gone, Rejected, Throttled
from connectors.freshdesk import answers, limits, translate, wire
from connectors.freshdesk.connector import form_of, http_of
from connectors.freshdesk.form import words
from connectors.freshdesk.read import PASSES
from connectors.freshdesk.walk import Walk
from connectors.http import Http
from connectors.past import Cost, Look, Pace, Row
from mappings.ticket import Comment, Field, Person, PersonRole

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CHOICES: Mapping[str, Field] = {
    "default_status": "status",
    "default_priority": "priority",
    "default_ticket_type": "type",
}
_RISE = "ask Freshdesk's support for a higher API limit for the weeks of the move, or book a plan with one"

T = TypeVar("T")


def past(config: ConnectionConfig) -> Past:
    """Return the past of an account; no call is made."""
    return Past(config, http_of(config))


@dataclass(slots=True)
class Past:
    """The past of one account; the contract is `connectors.past.Past`'s."""

    config: ConnectionConfig
    http: Http
    cost: Cost = field(
        default=Cost(
            ticket=2, page=answers.PER_PAGE, parts=2, time=1, rows=answers.PER_PAGE, missing=2, archived=1
        )
    )
    """The ticket and its conversations; watchers and time, as ratings have a list of their own; the ordinary
    address says 404 first."""

    def pace(self) -> Pace:
        """Return the limits that the headers tell, and the plan they belong to."""
        told = self._patient(lambda: limits.told(self.http.call("GET", "agents/me", idempotent=True)))
        if told is None:
            return Pace(calls=None, lists=None, plan="", rise=_RISE)
        return Pace(calls=told.calls, lists=told.lists, plan=told.plan, rise=_RISE)

    def highest(self) -> int:
        """Return the newest ticket's number: they count up."""
        asked = {
            "updated_since": translate.stamp(_BEGINNING),
            "order_by": "created_at",
            "order_type": "desc",
            "per_page": 1,
        }
        rows, _ = self._patient(lambda: answers.page(self.http, "tickets", wire.Row, asked))
        return max((row.id for row in rows), default=0)

    def rows(self) -> Iterator[Row]:
        """Yield the rows of all three lists; a list is gone on with where its calls ran out."""
        for name, presence in PASSES.items():
            walk: Walk[wire.Listed] = Walk(
                self.http, _BEGINNING, {"filter": name} if name else {}, kind=wire.Listed
            )
            while True:
                try:
                    yield from (_row(row, presence) for row in walk)
                    break
                except Throttled as refused:
                    self._wait(refused)

    def look(self, number: int, *, archived: bool = False) -> Look:
        """Return a ticket's conversation; two calls, one more for each further hundred texts."""
        place = f"tickets/archived/{number}" if archived else f"tickets/{number}"
        ticket = self._patient(lambda: answers.get(self.http, place, wire.Ticket))
        asked = {"per_page": answers.PER_PAGE}
        said = self._patient(
            lambda: list(answers.pages(self.http, f"{place}/conversations", wire.Conversation, asked))
        )
        messages = [translate.description(self.config, ticket, self._who)]
        messages += [self._comment(one) for one in said]
        return Look(messages=tuple(messages), calls=2 + len(said) // answers.PER_PAGE)

    def archived(self, number: int) -> Row | None:
        """Return an archived ticket; no list shows one."""
        path = f"tickets/archived/{number}"
        try:
            ticket = self._patient(lambda: answers.get(self.http, path, wire.Ticket))
        except Gone:
            return None
        row = wire.Listed(**{name: getattr(ticket, name) for name in wire.Listed.model_fields})
        return _row(row, Presence.ARCHIVED)

    def staff(self) -> Mapping[str, tuple[str, str]]:
        """Return the agents; none where the key is not an admin's."""
        try:
            asked = {"per_page": answers.PER_PAGE}
            found = self._patient(lambda: list(answers.pages(self.http, "agents", wire.Agent, asked)))
        except Rejected:
            return {}
        return {str(one.id): (one.contact.name or "", one.contact.email or "") for one in found}

    def named(self, key: str) -> tuple[str, str] | None:
        """Return who a former agent is: deleted ones are contacts (freshdesk-api 10)."""
        try:
            found = self._patient(lambda: answers.get(self.http, f"contacts/{int(key)}", wire.Contact))
        except (Gone, Rejected):
            return None
        return found.name or "", found.email or ""

    def called(self) -> Mapping[Field, Mapping[str, str]]:
        """Return the labels of statuses, priorities and types, as the ticket form has them."""
        form = self._patient(lambda: form_of(self.config).read())
        return {_CHOICES[one.type]: words(one) for one in form if one.type in _CHOICES}

    def _comment(self, said: wire.Conversation) -> Comment:
        return translate.comment(self.config, said, self._who)

    def _who(self, id: int | None) -> Person | None:
        """Name nobody: looking everybody up would cost a call each."""
        return Person(self.config.name, str(id), "", PersonRole.UNKNOWN) if id else None

    def _patient(self, ask: Callable[[], T]) -> T:
        """Ask, and wait out a refusal for want of calls."""
        while True:
            try:
                return ask()
            except Throttled as refused:
                self._wait(refused)

    def _wait(self, refused: Throttled) -> None:
        self.config.sleep(max(0.1, (refused.until - self.config.now()).total_seconds()))


def _row(row: wire.Listed, presence: Presence) -> Row:
    return Row(
        number=row.id,
        created=row.created_at,
        updated=row.updated_at,
        presence=presence,
        words={"status": str(row.status), "priority": str(row.priority), "type": row.type},
        tags=tuple(row.tags),
        organisation=str(row.company_id or ""),
        requester=str(row.requester_id or ""),
        assignee=str(row.responder_id or ""),
        filled=tuple(name for name, value in row.custom_fields.items() if value not in (None, "", [], False)),
    )
