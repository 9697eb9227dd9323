"""What hangs on a ticket: associations, merges, watchers, viewers, summary, archive (reference 4.5-4.8)."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import relations, rules, show
from deskbridge.sandbox.freshdesk.api_tickets import found, writable
from deskbridge.sandbox.freshdesk.files import too_large
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.records import PARENT, TRACKER, Summary, Ticket
from deskbridge.sandbox.freshdesk.text import stored
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, not_found, paged
from deskbridge.sandbox.kernel import reply

_NOTE = {"body": Rule(null=False), "private": Rule("boolean", null=False)}
_MERGE = {
    "primary_id": Rule("integer", null=False),
    "ticket_ids": Rule("integers", null=False),
    "convert_recepients_to_cc": Rule("boolean"),
    "note_in_primary": Rule("object"),
    "note_in_secondary": Rule("object"),
}
_WATCH = {"user_id": Rule("integer", null=False)}
_WATCH_MANY = {"ids": Rule("integers", null=False)}
_SUMMARY = {"body": Rule(null=False), "attachments": Rule("files"), "user_id": Rule("integer")}
_MOST_MERGED = 50


def merge(call: Call) -> Response:
    """`PUT /tickets/merge`: not undoable, and flagged nowhere (4.7)."""
    form = Form(call.body, _MERGE)
    form.require("primary_id", "ticket_ids")
    for name in ("note_in_primary", "note_in_secondary"):
        if form.get(name) is not None:
            Form(form.get(name), _NOTE).end()
    numbers = [number for number in form.get("ticket_ids") or [] if number != form.get("primary_id")]
    if not 0 < len(numbers) <= _MOST_MERGED:
        form.refuse("ticket_ids", f"It should have from 1 to {_MOST_MERGED} other tickets")
    for name, ids in (("primary_id", [form.get("primary_id")]), ("ticket_ids", numbers)):
        if any(not _normal(call.account.tickets.get(number or 0)) for number in ids):
            form.refuse(name, f"There is no ticket matching the given {name}")
    form.end()
    tickets = call.account.tickets
    secondaries = [tickets[number] for number in dict.fromkeys(numbers)]
    relations.merge(call.account, tickets[form.get("primary_id")], secondaries, form.values, call.agent)
    return reply(status=204)


def _normal(ticket: Ticket | None) -> bool:
    return ticket is not None and ticket.place == "normal"


def associated(call: Call) -> Response:
    """`GET /tickets/{id}/associated_tickets`: children, or what a tracker tracks."""
    ticket = found(call.account, call.id)
    if ticket.association_type not in (PARENT, TRACKER):
        raise not_found()
    return reply({"tickets": [show.short_ticket(other) for other in _others(call, ticket)]})


def prime(call: Call) -> Response:
    """`GET /tickets/{id}/prime_association`: the parent, or the tracker."""
    ticket = found(call.account, call.id)
    others = [] if ticket.association_type in (None, PARENT, TRACKER) else list(_others(call, ticket))
    if not others:
        raise not_found()
    return reply(show.short_ticket(others[0]))


def _others(call: Call, ticket: Ticket) -> Iterable[Ticket]:
    tickets = call.account.tickets
    return (tickets[number] for number in ticket.associated or [] if number in tickets)


def watchers(call: Call) -> Response:
    """`GET /tickets/{id}/watchers`."""
    ticket = found(call.account, call.id)
    return reply({"watcher_ids": call.account.watchers.get(ticket.id, [])})


def watch(call: Call) -> Response:
    """`POST /tickets/{id}/watch`; a client is known that uses PUT (4.5)."""
    _watch(call, [writable(call).id], _agent(call, Form(call.body, _WATCH)))
    return reply(status=204)


def unwatch(call: Call) -> Response:
    """`PUT /tickets/{id}/unwatch`: removes the caller, nobody else."""
    _unwatch(call, [writable(call).id])
    return reply(status=204)


def watch_many(call: Call) -> Response:
    """`PUT /tickets/bulk_watch`: without a `user_id` the caller watches."""
    form = Form(call.body, _WATCH_MANY | _WATCH)
    ids = _ids(call, form)
    _watch(call, ids, _agent(call, form) if "user_id" in form else call.agent.id)
    return reply(status=204)


def unwatch_many(call: Call) -> Response:
    """`PUT /tickets/bulk_unwatch`: for the caller only."""
    _unwatch(call, _ids(call, Form(call.body, _WATCH_MANY)))
    return reply(status=204)


def _agent(call: Call, form: Form) -> int:
    form.require("user_id")
    if form.get("user_id") is not None and not call.account.agent(form.get("user_id")):
        form.refuse("user_id", "There is no agent matching the given user_id")
    form.end()
    return int(form.get("user_id"))


def _ids(call: Call, form: Form) -> list[int]:
    form.require("ids")
    if any(not _normal(call.account.tickets.get(number)) for number in form.get("ids") or []):
        form.refuse("ids", "There is no ticket matching one of the given ids")
    form.end()
    return list(form.get("ids"))


def _watch(call: Call, tickets: list[int], user: int) -> None:
    for number in tickets:
        present = call.account.watchers.setdefault(number, [])
        if user not in present:
            present.append(user)
    call.account.tickets.version += 1


def _unwatch(call: Call, tickets: list[int]) -> None:
    for number in tickets:
        present = call.account.watchers.get(number, [])
        if call.agent.id in present:
            present.remove(call.agent.id)
    call.account.tickets.version += 1


def summary(call: Call) -> Response:
    """`GET /tickets/{id}/summary`: 404 when there is none."""
    found(call.account, call.id)
    if call.id not in call.account.summaries:
        raise not_found()
    return reply(show.summary(call.account, call.account.summaries[call.id]))


def set_summary(call: Call) -> Response:
    """`PUT /tickets/{id}/summary`: makes it or edits it."""
    ticket, account = writable(call), call.account
    form = Form(call.body, _SUMMARY, multipart=call.multipart)
    form.require("body")
    if form.get("user_id") is not None and not account.agent(form.get("user_id")):
        form.refuse("user_id", "There is no user matching the given user_id")
    if too_large(form.get("attachments") or [], rules.all_attachments(ticket)):
        form.refuse("attachments", "The attachments of a ticket may have 20 MB together")
    form.end()
    now, present = account.now(), account.summaries.get(ticket.id)
    author = form.get("user_id") or call.agent.id
    if present is None:
        present = Summary(account.new_id(), ticket.id, "", author, now, now)
        account.summaries[ticket.id] = present
    else:
        present.last_edited_at, present.last_edited_user_id = now, author
    present.body, present.updated_at = stored(form.get("body")), now
    present.attachments += [account.save(upload, ticket.id) for upload in form.get("attachments") or []]
    return reply(show.summary(account, present))


def delete_summary(call: Call) -> Response:
    """`DELETE /tickets/{id}/summary`."""
    writable(call)
    if call.account.summaries.pop(call.id, None) is None:
        raise not_found()
    return reply(status=204)


def accesses(call: Call) -> Response:
    """`GET /tickets/{id}/accesses`: who may see the ticket besides."""
    found(call.account, call.id)
    return reply({"user_ids": call.account.viewers.get(call.id, [])})


def set_accesses(call: Call) -> Response:
    """`POST` (ids) or `PATCH` (ids, some `deleted`) on `/tickets/{id}/accesses`."""
    writable(call)
    patch = call.request.method == "PATCH"
    one = {"id": Rule("integer", null=False), "deleted": Rule("boolean")}
    many = Rule("objects", null=False, inside=one, closed=True)
    form = Form(call.body, {"user_ids": many if patch else Rule("integers", null=False)})
    form.require("user_ids")
    form.end()
    rows = form.get("user_ids") if patch else [{"id": number} for number in form.get("user_ids")]
    ids = call.account.viewers.get(call.id, [])
    for row in rows:
        if row.get("id") not in call.account.users:
            invalid("user_ids", f"There is no user matching {row.get('id')}")
        ids = [number for number in ids if number != row["id"]]
        ids += [] if row.get("deleted") else [row["id"]]
    call.account.viewers[call.id] = ids
    return reply({"user_ids": ids})


def delete_accesses(call: Call) -> Response:
    """`DELETE /tickets/{id}/accesses`: for everybody."""
    writable(call)
    call.account.viewers.pop(call.id, None)
    return reply(status=204)


def archived(call: Call) -> Response:
    """`GET /tickets/archived/{id}`: read-only, and without the times of what happened (4.8)."""
    return reply(show.ticket_view(call.account, _archived(call)) | {"archived": True})


def archived_conversations(call: Call) -> Response:
    """`GET /tickets/archived/{id}/conversations`."""
    return paged(call, _archived(call).conversations, lambda c: show.conversation(call.account, c))


def delete_archived(call: Call) -> Response:
    """`DELETE /tickets/archived/{id}`: for good."""
    ticket = _archived(call)
    del call.account.archive[ticket.id]
    for attachment in rules.all_attachments(ticket):
        call.account.files.drop(attachment)
    return reply(status=204)


def _archived(call: Call) -> Ticket:
    ticket = call.account.archive.get(call.id)
    if ticket is None:
        raise not_found()
    return ticket


_PAGES = ("page", "per_page")
_TICKET = "/tickets/{id:int}"
ENDPOINTS = (
    Endpoint("PUT", "/tickets/merge", merge),
    Endpoint("PUT", "/tickets/bulk_watch", watch_many),
    Endpoint("PUT", "/tickets/bulk_unwatch", unwatch_many),
    Endpoint("GET", _TICKET + "/associated_tickets", associated),
    Endpoint("GET", _TICKET + "/prime_association", prime),
    Endpoint("GET", _TICKET + "/watchers", watchers),
    Endpoint("POST", _TICKET + "/watch", watch),
    Endpoint("PUT", _TICKET + "/watch", watch),
    Endpoint("PUT", _TICKET + "/unwatch", unwatch, bodiless=True),
    Endpoint("GET", _TICKET + "/summary", summary),
    Endpoint("PUT", _TICKET + "/summary", set_summary),
    Endpoint("DELETE", _TICKET + "/summary", delete_summary),
    Endpoint("GET", _TICKET + "/accesses", accesses),
    Endpoint("POST", _TICKET + "/accesses", set_accesses),
    Endpoint("PATCH", _TICKET + "/accesses", set_accesses),
    Endpoint("DELETE", _TICKET + "/accesses", delete_accesses),
    Endpoint("GET", "/tickets/archived/{id:int}", archived),
    Endpoint("DELETE", "/tickets/archived/{id:int}", delete_archived),
    Endpoint("GET", "/tickets/archived/{id:int}/conversations", archived_conversations, query=_PAGES),
)
