"""Replies and notes: their checks, and the conversations that come of them (reference 5.2, 5.3)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from deskbridge.sandbox.freshdesk import rules
from deskbridge.sandbox.freshdesk.files import Upload, too_large
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Attachment, Conversation, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored, stored_reply
from deskbridge.sandbox.kernel import Refused

_CONTENT = {"type": Rule(null=False), "data": Rule("object", null=False)}
_BOTH = {
    "body": Rule(null=False),
    "structured_body": Rule("object", inside={"body_contents": Rule("objects", null=False, inside=_CONTENT)}),
    "user_id": Rule("integer"),
    "attachments": Rule("files"),
}
REPLY = _BOTH | {"from_email": Rule("email"), "cc_emails": Rule("emails"), "bcc_emails": Rule("emails")}
NOTE = _BOTH | {"private": Rule("boolean"), "incoming": Rule("boolean"), "notify_emails": Rule("emails")}
EDIT = {"body": Rule(null=False), "attachments": Rule("files")}
_FORWARDED = {"body": Rule(null=False), "to_emails": Rule("emails", null=False)}
FORWARD = _FORWARDED | {
    "cc_emails": Rule("emails"),
    "bcc_emails": Rule("emails"),
    "from_email": Rule("email"),
    "agent_id": Rule("integer"),
    "include_quoted_text": Rule("boolean"),
    "include_original_attachments": Rule("boolean"),
    "attachments": Rule("files"),
}
ANSWER = _FORWARDED | {"user_id": Rule("integer"), "attachments": Rule("files")}
_CUSTOMER, _PRIVATE, _PUBLIC = 1, 2, 3
_FORWARD_ANSWER = 6
_FROM_REPLY, _FROM_NOTE, _FROM_FORWARD = 0, 2, 8


def checked(
    account: Account, ticket: Ticket, body: Mapping[str, Any], rules_: Mapping[str, Rule], *, multipart: bool
) -> Form:
    """Return the checked attributes of a reply, a note or an edit; refuses with every failing field."""
    form = Form(body, rules_, multipart=multipart)
    if form.get("structured_body") is not None:
        form.end()
        form.values.setdefault("body", _unstructured(form))
    if rules_ is not EDIT or "attachments" not in form:
        form.require("body")
    if "to_emails" in rules_:
        form.require("to_emails")
    if too_large(form.get("attachments") or [], rules.all_attachments(ticket)):
        form.refuse("attachments", "The attachments of a ticket may have 20 MB together")
    for name in ("user_id", "agent_id"):
        if form.get(name) is not None and form.get(name) not in account.users:
            form.refuse(name, f"There is no user matching the given {name}")
    own = [box["support_email"] for box in account.mailboxes().values()]
    if parseaddr(form.get("from_email") or account.support_email)[1].lower() not in own:
        form.refuse("from_email", "It should be one of these values: '" + ",".join(own) + "'")
    form.end()
    return form


def _unstructured(form: Form) -> str | None:
    """Return the text of a structured body; notes what is none (5.1)."""
    parts = form.get("structured_body").get("body_contents")
    if parts is None:
        form.refuse("structured_body", "It should contain body_contents")
        return None
    texts = [str((part.get("data") or {}).get("content", "")) for part in parts if part.get("type") == "text"]
    return html.escape("\n".join(texts)).replace("\n", "<br>")


def author(account: Account, form: Form, agent: User) -> User:
    """Return who is to stand as the author; posting as another needs a privilege (5.3)."""
    user = account.users[form.get("user_id") or form.get("agent_id") or agent.id]
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


def write_forward(account: Account, ticket: Ticket, form: Form, agent: User) -> Conversation:
    """Send the ticket to people outside: a private conversation of its own kind (5.2)."""
    message = _outward(account, ticket, form, agent)
    message.source, message.category = _FROM_FORWARD, _PRIVATE
    message.cc_emails, message.bcc_emails = form.get("cc_emails") or [], form.get("bcc_emails") or []
    if form.get("include_quoted_text", True):
        message.body += f'<div class="freshdesk_quote"><blockquote>{ticket.description}</blockquote></div>'
    if form.get("include_original_attachments", True):
        message.attachments += [_copy(account, attachment) for attachment in ticket.attachments]
    rules.add_forward(account, ticket, message, agent.email or "")
    return message


def write_forward_answer(account: Account, ticket: Ticket, form: Form, agent: User) -> Conversation:
    """Answer those to whom the ticket was forwarded: private as well."""
    message = _outward(account, ticket, form, agent)
    message.source, message.category = _FROM_NOTE, _FORWARD_ANSWER
    message.cc_emails, message.bcc_emails = [], []
    rules.add_forward(account, ticket, message, agent.email or "")
    return message


def _outward(account: Account, ticket: Ticket, form: Form, agent: User) -> Conversation:
    sender = author(account, form, agent)
    message = _new(account, ticket, form, sender)
    message.private, message.to_emails = True, form.get("to_emails")
    message.support_email = account.support_email
    message.from_email = form.get("from_email") or f'"{sender.name}" <{account.support_email}>'
    return message


def _copy(account: Account, attachment: Attachment) -> Attachment:
    """Return a file once more, under an id of its own (5.4)."""
    with account.files.path(attachment).open("rb") as file:
        upload = Upload(attachment.name, attachment.content_type, file)
        return account.save(upload, attachment.ticket_id)


def _new(account: Account, ticket: Ticket, form: Form, user: User) -> Conversation:
    now = account.now()
    conversation = Conversation(account.new_id(), ticket.id, stored(form.get("body")), user.id, now, now)
    conversation.attachments = [account.save(u, ticket.id) for u in form.get("attachments") or []]
    conversation.structured = form.get("structured_body")
    return conversation
