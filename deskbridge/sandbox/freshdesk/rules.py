"""What happens to a ticket when somebody acts on it: status, times, mails (reference 8, ticket rules)."""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.freshdesk import mails, sla
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED, Attachment, Conversation, Ticket, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored

OPEN, PENDING = 2, 3
# What a ticket's SLA policy or its targets hang on.
_SLA_KEYS = {"priority", "type", "source", "group_id", "company_id", "product_id"}


def new_contact(account: Account, **facts: Any) -> User:
    """Return a new contact; its company is that of its mail domain unless told (6.1)."""
    now = account.now()
    company = facts.pop("company_id", None) or account.company_of(facts.get("email"))
    user = User(account.new_id(), created_at=now, updated_at=now, company_id=company, **facts)
    account.put_user(user)
    return user


def writer(account: Account, email: str, name: str | None = None) -> User:
    """Return who owns `email`, a new contact if nobody does."""
    name = name or email.partition("@")[0].replace(".", " ").title()
    return account.by_email(email) or new_contact(account, email=email, name=name)


def open_ticket(account: Account, ticket: Ticket, actor: str) -> None:
    """Take a complete ticket into the account: stats, SLA and mails follow."""
    account.last_ticket = ticket.id
    account.tickets[ticket.id] = ticket
    _status_times(account, ticket, before=OPEN)
    sla.status_changed(account, ticket)
    sla.schedule(account, ticket)
    mails.ticket_created(account, ticket, actor)


def change(
    account: Account, ticket: Ticket, values: dict[str, Any], actor: str, *, mute: bool = False
) -> None:
    """Set properties of a ticket; what is the same already changes nothing. `mute` mails no close."""
    before = {name: getattr(ticket, name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    for name, value in changed.items():
        setattr(ticket, name, value)
    if changed:
        touch(account, ticket)
    if changed.get("responder_id"):
        mails.assigned(account, ticket, actor)
    if _SLA_KEYS & set(changed):
        sla.schedule(account, ticket)
    if "status" in changed:
        _status_changed(account, ticket, before["status"], actor, mute=mute)


def touch(account: Account, ticket: Ticket) -> None:
    """Bump the ticket's `updated_at`."""
    ticket.updated_at = account.now()


def _status_changed(account: Account, ticket: Ticket, before: int, actor: str, *, mute: bool) -> None:
    _status_times(account, ticket, before)
    sla.status_changed(account, ticket)
    if not mute:
        mails.status_set(account, ticket, actor)


def _status_times(account: Account, ticket: Ticket, before: int) -> None:
    now, stats = account.now(), ticket.stats
    stats.status_updated_at = now
    if ticket.status in (RESOLVED, CLOSED):
        stats.resolved_at = stats.resolved_at or now
        stats.closed_at = now if ticket.status == CLOSED else None
    elif ticket.status == PENDING:
        stats.pending_since = now
    if before in (RESOLVED, CLOSED) and account.statuses[ticket.status].sla_timer:
        stats.reopened_at, stats.resolved_at, stats.closed_at = now, None, None


def add_reply(account: Account, ticket: Ticket, reply: Conversation, actor: str) -> None:
    """Add an agent's reply: it counts as the response and goes out by mail."""
    _add(account, ticket, reply)
    _responded(account, ticket)
    ticket.reply_cc_emails = list(reply.cc_emails or [])
    mails.replied(account, ticket, reply, actor)


def add_note(account: Account, ticket: Ticket, note: Conversation, actor: str) -> None:
    """Add a note; an incoming public one is a message of the customer. None is a response (4.6)."""
    _add(account, ticket, note)
    if note.incoming and not note.private:
        _customer_wrote(account, ticket, note, actor)
    mails.noted(account, ticket, note, actor)


def add_customer_message(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Add what a customer wrote by mail or in the portal."""
    _add(account, ticket, message)
    _customer_wrote(account, ticket, message, actor)


def _add(account: Account, ticket: Ticket, conversation: Conversation) -> None:
    ticket.conversations.append(conversation)
    account.conversations[conversation.id] = conversation
    touch(account, ticket)


def _responded(account: Account, ticket: Ticket) -> None:
    stats = ticket.stats
    stats.agent_responded_at = account.now()
    stats.first_responded_at = stats.first_responded_at or account.now()


def _customer_wrote(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """The shipped rule opens a pending, resolved or closed ticket again (5.2); no call asks for it."""
    ticket.stats.requester_responded_at = account.now()
    mails.customer_wrote(account, ticket, message, actor)
    asleep = ticket.status in (PENDING, RESOLVED, CLOSED) and not ticket.trashed_at
    if asleep and account.switches.reopen_on_reply:
        change(account, ticket, {"status": OPEN}, actor)


def edit_note(
    account: Account, note: Conversation, editor: User, body: str | None, uploads: list[Upload]
) -> None:
    """Change a note's text, add files to it; `last_edited_*` is the only sign of it (5.1)."""
    if body is not None:
        note.body = stored(body)
    note.attachments += [account.save(upload) for upload in uploads]
    note.last_edited_at = note.updated_at = account.now()
    note.last_edited_user_id = editor.id
    _maybe_touch(account, note)


def delete_conversation(account: Account, conversation: Conversation) -> None:
    """Remove a conversation and its files; nothing of it remains to be seen (5.1)."""
    account.tickets[conversation.ticket_id].conversations.remove(conversation)
    del account.conversations[conversation.id]
    for attachment in conversation.attachments:
        account.files.drop(attachment)
    _maybe_touch(account, conversation)


def _maybe_touch(account: Account, conversation: Conversation) -> None:
    if account.switches.edits_bump:
        touch(account, account.tickets[conversation.ticket_id])


def all_attachments(ticket: Ticket) -> list[Attachment]:
    """Return the listed files of all messages of a ticket."""
    return [*ticket.attachments, *(a for c in ticket.conversations for a in c.attachments)]


def set_trashed(account: Account, ticket: Ticket, *, trashed: bool) -> None:
    """Put a ticket into the trash, where it stays for 30 days, or take it out."""
    ticket.trashed_at = account.now() if trashed else None
    (account.trash.add if trashed else account.trash.discard)(ticket.id)
    touch(account, ticket)


def purge(account: Account, ticket: Ticket) -> None:
    """Remove a ticket for good."""
    del account.tickets[ticket.id]
    account.trash.discard(ticket.id)
    for conversation in ticket.conversations:
        del account.conversations[conversation.id]
    for attachment in all_attachments(ticket):
        account.files.drop(attachment)
