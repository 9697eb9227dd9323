"""Conversations and files: list, reply, note, edit, delete, download (reference 5)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.freshdesk import rules, show, writing
from deskbridge.sandbox.freshdesk.api_tickets import found, writable
from deskbridge.sandbox.freshdesk.files import STORE_PATH, store_error
from deskbridge.sandbox.freshdesk.records import Attachment, Conversation
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_allowed, not_found, paged
from deskbridge.sandbox.kernel import reply

_NOTE_SOURCE = 2
# What a file says it is was said by whoever sent it: no browser may run it.
_INERT = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff"}


def listed(call: Call) -> Response:
    """`GET /tickets/{id}/conversations`: oldest first, without the description."""
    ticket = found(call.account, call.id)
    return paged(call, ticket.conversations, lambda c: show.conversation(call.account, c))


def post_reply(call: Call) -> Response:
    """`POST /tickets/{id}/reply`: always public, always mailed."""
    ticket = writable(call)
    form = writing.checked(call.account, ticket, call.body, writing.REPLY, multipart=call.multipart)
    made = writing.write_reply(call.account, ticket, form, call.agent)
    return created(call, show.reply_answer(call.account, made), f"/tickets/{ticket.id}/conversations")


def post_note(call: Call) -> Response:
    """`POST /tickets/{id}/notes`."""
    ticket = writable(call)
    form = writing.checked(call.account, ticket, call.body, writing.NOTE, multipart=call.multipart)
    made = writing.write_note(call.account, ticket, form, call.agent)
    return created(call, show.note_answer(call.account, made), f"/tickets/{ticket.id}/conversations")


def post_forward(call: Call) -> Response:
    """`POST /tickets/{id}/forward`: to people outside, privately."""
    ticket = writable(call)
    form = writing.checked(call.account, ticket, call.body, writing.FORWARD, multipart=call.multipart)
    made = writing.write_forward(call.account, ticket, form, call.agent)
    return created(call, show.forward_answer(call.account, made), f"/tickets/{ticket.id}/conversations")


def post_forward_answer(call: Call) -> Response:
    """`POST /tickets/{id}/reply_to_forward`."""
    ticket = writable(call)
    form = writing.checked(call.account, ticket, call.body, writing.ANSWER, multipart=call.multipart)
    made = writing.write_forward_answer(call.account, ticket, form, call.agent)
    return created(call, show.forward_answer(call.account, made), f"/tickets/{ticket.id}/conversations")


def edit(call: Call) -> Response:
    """`PUT /conversations/{id}`: notes only."""
    note = _conversation(call)
    if note.source != _NOTE_SOURCE:
        raise not_allowed("PUT", ("DELETE",))
    ticket = found(call.account, note.ticket_id)
    if ticket.place != "normal":
        raise not_allowed("PUT")
    form = writing.checked(call.account, ticket, call.body, writing.EDIT, multipart=call.multipart)
    rules.edit_note(call.account, note, call.agent, form.get("body"), form.get("attachments") or [])
    return reply(show.note_answer(call.account, note))


def delete(call: Call) -> Response:
    """`DELETE /conversations/{id}`: of any kind."""
    rules.delete_conversation(call.account, _conversation(call))
    return reply(status=204)


def _conversation(call: Call) -> Conversation:
    conversation = call.account.conversations.get(call.id)
    if conversation is None:
        raise not_found()
    return conversation


def delete_attachment(call: Call) -> Response:
    """`DELETE /attachments/{id}`."""
    file = call.account.files.index.get(call.id)
    ticket = call.account.tickets.get(file.ticket_id) if file else None
    for files in (ticket.attachments, *(c.attachments for c in ticket.conversations)) if ticket else ():
        if file in files:
            files.remove(file)
            call.account.files.drop(file)
            return reply(status=204)
    raise not_found()


ENDPOINTS = (
    Endpoint("GET", "/tickets/{id:int}/conversations", listed, query=("page", "per_page")),
    Endpoint("POST", "/tickets/{id:int}/reply", post_reply),
    Endpoint("POST", "/tickets/{id:int}/notes", post_note),
    Endpoint("POST", "/tickets/{id:int}/forward", post_forward),
    Endpoint("POST", "/tickets/{id:int}/reply_to_forward", post_forward_answer),
    Endpoint("PUT", "/conversations/{id:int}", edit),
    Endpoint("DELETE", "/conversations/{id:int}", delete),
    Endpoint("DELETE", "/attachments/{id:int}", delete_attachment),
)


def file_routes(account: Account) -> list[Route]:
    """Return the routes of the vendor's file hosts, which know nothing of API keys."""

    async def presigned(request: Request) -> Response:
        """A presigned address takes no second way to log in, and dies after five minutes (5.4)."""
        if "authorization" in request.headers:
            return store_error(400, "InvalidArgument")
        file_id, query = request.path_params["id"], request.query_params
        names = ("X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature")
        error = account.files.check(file_id, *(query.get(name, "") for name in names))
        attachment = account.files.index.get(file_id)
        if error or attachment is None:
            return store_error(403 if error else 404, error or "NoSuchKey")
        return _sent(account, attachment)

    async def inline(request: Request) -> Response:
        """A token of an inline picture works for anybody, for ever (5.5)."""
        attachment = account.files.by_token(request.query_params.get("token", ""))
        return _sent(account, attachment) if attachment else Response(status_code=404)

    return [
        Route(STORE_PATH + "/{id:int}/original/{name:path}", presigned),
        Route("/inline/attachment", inline),
    ]


def _sent(account: Account, attachment: Attachment) -> Response:
    path = account.files.path(attachment)
    return FileResponse(path, media_type=attachment.content_type, headers=_INERT)
