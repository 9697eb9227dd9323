"""Replies and notes: their checks, and the conversations that come of them (reference 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from deskbridge.sandbox.freshdesk import rules
from deskbridge.sandbox.freshdesk.files import too_large
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.records import Conversation, Ticket, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored, stored_reply
from deskbridge.sandbox.kernel import Refused

_BOTH = {
    "body": Rule(null=False),
    "structured_body": Rule("object"),
    "user_id": Rule("integer"),
    "attachments": Rule("files"),
}
REPLY = _BOTH | {"from_email": Rule("email"), "cc_emails": Rule("emails"), "bcc_emails": Rule("emails")}
NOTE = _BOTH | {"private": Rule("boolean"), "incoming": Rule("boolean"), "notify_emails": Rule("emails")}
EDIT = {"body": Rule(null=False), "attachments": Rule("files")}
_CUSTOMER, _PRIVATE, _PUBLIC = 1, 2, 3
_FROM_REPLY, _FROM_NOTE = 0, 2


def checked(
    account: Account, ticket: Ticket, body: Mapping[str, Any], rules_: Mapping[str, Rule], *, multipart: bool
) -> Form:
    """Return the checked attributes of a reply, a note or an edit; refuses with every failing field."""
    form = Form(body, rules_, multipart=multipart)
    if "structured_body" in form:
        raise Refused(501, {"sandbox": "the freshdesk sandbox does not know structured_body"})
    if rules_ is not EDIT or "attachments" not in form:
        form.require("body")
    if too_large(form.get("attachments") or [], rules.all_attachments(ticket)):
        form.refuse("attachments", "The attachments of a ticket may have 20 MB together")
    if form.get("user_id") is not None and form.get("user_id") not in account.users:
        form.refuse("user_id", "There is no user matching the given user_id")
    sender = parseaddr(form.get("from_email") or account.support_email)[1]
    if sender.lower() != account.support_email:
        form.refuse("from_email", f"It should be one of these values: '{account.support_email}'")
    form.end()
    return form


def author(account: Account, form: Form, agent: User) -> User:
    """Return who is to stand as the author; posting as another needs a privilege (5.3)."""
    user = account.users[form.get("user_id") or agent.id]
    if user is not agent and not account.switches.assume_identity:
        raise Refused(
            403, {"code": "access_denied", "message": "You are not authorized to perform this action."}
        )
    return user


def write_reply(account: Account, ticket: Ticket, form: Form, agent: User) -> Conversation:
    """Add a reply and send it to the requester and those in copy."""
    requester = account.users.get(ticket.requester_id)
    reply = _new(account, ticket, form, author(account, form, agent))
    reply.body = stored_reply(form.get("body"))
    reply.source, reply.category = _FROM_REPLY, _PUBLIC
    reply.support_email = account.support_email
    reply.from_email = form.get("from_email") or f"Harbour Support <{account.support_email}>"
    reply.to_emails = [requester.email] if requester and requester.email else []
    reply.cc_emails, reply.bcc_emails = form.get("cc_emails") or [], form.get("bcc_emails") or []
    rules.add_reply(account, ticket, reply, agent.email or "")
    return reply


def write_note(account: Account, ticket: Ticket, form: Form, agent: User) -> Conversation:
    """Add a note; private unless told otherwise."""
    note = _new(account, ticket, form, author(account, form, agent))
    private = form.get("private")
    note.private = private is None or private
    note.incoming = bool(form.get("incoming"))
    note.source = _FROM_NOTE
    note.category = _PRIVATE if note.private else _CUSTOMER if note.incoming else _PUBLIC
    note.to_emails = form.get("notify_emails") or []
    rules.add_note(account, ticket, note, agent.email or "")
    return note


def _new(account: Account, ticket: Ticket, form: Form, user: User) -> Conversation:
    now = account.now()
    conversation = Conversation(account.new_id(), ticket.id, stored(form.get("body")), user.id, now, now)
    conversation.attachments = [account.save(upload) for upload in form.get("attachments") or []]
    return conversation
