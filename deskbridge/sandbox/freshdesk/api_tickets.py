"""Tickets: list, view, create, update, trash and restore (reference 3.2, 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import rules, show, ticket_form
from deskbridge.sandbox.freshdesk.form import instant, invalid
from deskbridge.sandbox.freshdesk.orders import PLACES, Span
from deskbridge.sandbox.freshdesk.records import OPEN, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_allowed, not_found, paged
from deskbridge.sandbox.kernel import reply

_LAST_PAGE = 300
_WINDOW = timedelta(days=30)
_FILTERS = ("new_and_my_open", "watching", "spam", "deleted", "all_tickets")
_LIST_INCLUDES = ("description", "requester", "stats", "company")
_VIEW_INCLUDES = ("conversations", "requester", "company", "stats")
_LIST_QUERY = (
    "filter",
    "requester_id",
    "email",
    "unique_external_id",
    "company_id",
    "updated_since",
    "order_by",
    "order_type",
    "include",
    "page",
    "per_page",
)
_ORDERS: dict[str, Callable[[Ticket], Any]] = {
    "created_at": lambda ticket: ticket.created_at,
    "due_by": lambda ticket: (ticket.due.due_by is None, ticket.due.due_by),
    "updated_at": lambda ticket: ticket.updated_at,
    "status": lambda ticket: ticket.status,
}


def listed(call: Call) -> Response:
    """`GET /tickets`."""
    includes = call.includes(_LIST_INCLUDES)
    call.page(_LAST_PAGE)
    tickets = call.account.tickets
    rows = _rows(call)
    return paged(call, rows, lambda n: show.ticket_row(call.account, tickets[n], includes), _LAST_PAGE)


def _rows(call: Call) -> Sequence[int]:
    """Return the ids in the asked order: one that is kept anyway, or sorted and kept for the next page.

    Trash and spam are in no list but their own.
    """
    wanted, since = _one_of(call, "filter", _FILTERS, ""), _instant(call, "updated_since")
    order_by = _one_of(call, "order_by", tuple(_ORDERS), "created_at")
    backward = _one_of(call, "order_type", ("desc", "asc"), "desc") == "desc"
    narrowed = _wanted(call)
    place = wanted if wanted in PLACES else "normal"
    tickets, first = call.account.tickets, call.account.now() - _WINDOW
    window = tickets.updated(place, since) if since else tickets.created(place, first)
    ready = order_by == ("updated_at" if since else "created_at")
    if ready and not narrowed and wanted in ("", "all_tickets", "deleted", "spam"):
        return window.backward() if backward else window
    minute = since or first.replace(second=0)
    key = (wanted, minute, order_by, backward, *narrowed.items(), call.agent.id)

    def find() -> list[int]:
        return _sorted(call, wanted, window, narrowed, order_by, backward=backward)

    return call.account.cursors.rows(key, tickets.version, find)


def _sorted(
    call: Call, wanted: str, window: Span, narrowed: dict[str, int], order_by: str, *, backward: bool
) -> list[int]:
    tickets, key = call.account.tickets, _ORDERS[order_by]
    ids = set(window)
    for name, value in narrowed.items():
        ids &= tickets.of(name, value)
    found = (tickets[number] for number in ids)
    chosen = [ticket for ticket in found if _chosen(call, wanted, ticket)]
    return [t.id for t in sorted(chosen, key=lambda ticket: (key(ticket), ticket.id), reverse=backward)]


def _chosen(call: Call, wanted: str, ticket: Ticket) -> bool:
    if wanted == "new_and_my_open":
        return ticket.status == OPEN and ticket.responder_id in (None, call.agent.id)
    return wanted != "watching" or call.agent.id in call.account.watchers.get(ticket.id, ())


def _wanted(call: Call) -> dict[str, int]:
    names = ("requester_id", "company_id")
    wanted: dict[str, int] = {name: _number(call, name) for name in names if name in call.query}
    if "email" in call.query:
        user = call.account.by_email(call.query["email"])
        if user is None:
            invalid("email", "There is no contact matching the given email")
        wanted["requester_id"] = user.id
    if "unique_external_id" in call.query:
        user = call.account.people.owner("unique_external_id", call.query["unique_external_id"])
        if user is None:
            invalid("unique_external_id", "There is no contact matching the given unique_external_id")
        wanted["requester_id"] = user.id
    return wanted


def _one_of(call: Call, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = call.query.get(name, default)
    if value != default and value not in allowed:
        invalid(name, "It should be one of these values: '" + ",".join(allowed) + "'")
    return value


def _number(call: Call, name: str) -> int:
    text = call.query[name]
    if not (text.isascii() and text.isdigit()):
        invalid(name, "It should be a Positive Integer", "datatype_mismatch")
    return int(text)


def _instant(call: Call, name: str) -> datetime | None:
    if name not in call.query:
        return None
    try:
        return instant(call.query[name])
    except ValueError:
        invalid(name, "It should be in the 'combined date and time ISO8601' format")


def found(account: Account, ticket_id: int) -> Ticket:
    """Return a ticket; refuses with an empty 404."""
    ticket = account.tickets.get(ticket_id)
    if ticket is None:
        raise not_found()
    return ticket


def writable(call: Call) -> Ticket:
    """Return the ticket in the path; what is in trash or spam takes no writes: 405 (1.2)."""
    ticket = found(call.account, call.id)
    if ticket.place != "normal":
        raise not_allowed(call.request.method)
    return ticket


def outbound(call: Call) -> Response:
    """`POST /tickets/outbound_email`: a ticket that begins with our own mail; closed unless told (4.5)."""
    form = ticket_form.checked_outbound(call.account, call.body, multipart=call.multipart)
    ticket = ticket_form.new_ticket(call.account, form, call.agent)
    return created(call, show.ticket_view(call.account, ticket), f"/tickets/{ticket.id}")


def viewed(call: Call) -> Response:
    """`GET /tickets/{id}`: one in the trash is shown, as `deleted`."""
    ticket = found(call.account, call.id)
    allowed = [*_VIEW_INCLUDES, *(["sla_policy"] if call.account.switches.include_sla_policy else [])]
    return reply(show.ticket_view(call.account, ticket, call.includes(allowed)))


def create(call: Call) -> Response:
    """`POST /tickets`: the due times are null in the answer unless sent (4.3)."""
    form = ticket_form.checked_new(call.account, call.body, multipart=call.multipart)
    ticket = ticket_form.new_ticket(call.account, form, call.agent)
    return created(call, show.ticket_view(call.account, ticket), f"/tickets/{ticket.id}")


def update(call: Call) -> Response:
    """`PUT /tickets/{id}`: partial; due times that follow from it come later (4.6)."""
    ticket = writable(call)
    form = ticket_form.checked_change(call.account, ticket, call.body, multipart=call.multipart)
    ticket_form.apply(call.account, ticket, form, call.agent)
    return reply(show.ticket_view(call.account, ticket))


def delete(call: Call) -> Response:
    """`DELETE /tickets/{id}`: to the trash."""
    rules.set_trashed(call.account, writable(call), trashed=True)
    return reply(status=204)


def restore(call: Call) -> Response:
    """`PUT /tickets/{id}/restore`: out of the trash; one that is not in it is not found."""
    ticket = found(call.account, call.id)
    if not ticket.trashed_at:
        raise not_found()
    rules.set_trashed(call.account, ticket, trashed=False)
    return reply(status=204)


ENDPOINTS = (
    Endpoint("GET", "/tickets", listed, bucket="tickets list", query=_LIST_QUERY, include_cost=2),
    Endpoint("POST", "/tickets", create, bucket="ticket create"),
    Endpoint("POST", "/tickets/outbound_email", outbound, bucket="ticket create"),
    Endpoint("GET", "/tickets/{id:int}", viewed, query=("include",), include_cost=1),
    Endpoint("PUT", "/tickets/{id:int}", update, bucket="ticket update"),
    Endpoint("DELETE", "/tickets/{id:int}", delete),
    Endpoint("PUT", "/tickets/{id:int}/restore", restore, bodiless=True),
)
