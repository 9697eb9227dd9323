"""What happens to a ticket when somebody acts on it: status, times, mails (reference 8, ticket rules).

What automation rules may care about is noted on the account (`happened`); they run when the call is done.
"""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.freshdesk import mails, sla
from deskbridge.sandbox.freshdesk.events import CHANGES, NAMES, Event
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import (
    CLOSED,
    OPEN,
    PENDING,
    RESOLVED,
    Activity,
    Attachment,
    Conversation,
    Ticket,
)
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored

# What a ticket's SLA policy or its targets hang on.
_SLA_KEYS = {"priority", "type", "source", "group_id", "company_id", "product_id"}
_KEPT_DAYS = 30
_OUTBOUND = 10
# How the audit trail calls what changed, with labels instead of ids (6.22).
_TRAIL = {"status": "status", "priority": "priority", "type": "ticket_type", "group_id": "group"}
_PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}


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
    for attachment in ticket.attachments:
        attachment.ticket_id = ticket.id
    account.tickets.add(ticket)
    account.reindex("tickets", ticket.id)
    _status_times(account, ticket, before=OPEN)
    sla.status_changed(account, ticket)
    sla.schedule(account, ticket)
    (mails.outbound if ticket.source == _OUTBOUND else mails.ticket_created)(account, ticket, actor)
    happened(account, ticket, actor, Event("ticket_action", "created"))
    _trail(account, ticket, actor, {"new_ticket": True})


def change(
    account: Account, ticket: Ticket, values: dict[str, Any], actor: str, *, mute: bool = False
) -> None:
    """Set properties of a ticket; what is the same already changes nothing. `mute` mails no close."""
    before = {name: getattr(ticket, name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    with account.tickets.moving(ticket):
        for name, value in changed.items():
            setattr(ticket, name, value)
    if changed:
        account.touch(ticket)
        _note_changes(account, ticket, changed, before, actor)
    if changed.get("responder_id"):
        mails.assigned(account, ticket, actor)
    if _SLA_KEYS & set(changed):
        sla.schedule(account, ticket)
    if "status" in changed:
        _status_changed(account, ticket, before["status"], actor, mute=mute)


def _note_changes(
    account: Account, ticket: Ticket, changed: dict[str, Any], before: dict[str, Any], actor: str
) -> None:
    for name in CHANGES:
        if name in changed:
            happened(account, ticket, actor, Event(NAMES.get(name, name), changed[name], before[name]))
    for name, value in changed.get("custom_fields", {}).items():
        if value != before["custom_fields"].get(name):
            happened(account, ticket, actor, Event(name, value, before["custom_fields"].get(name)))
    _trail(account, ticket, actor, _labels(account, changed))


def _labels(account: Account, changed: dict[str, Any]) -> dict[str, Any]:
    """Return changes as the audit trail words them."""
    shown = {_TRAIL[name]: value for name, value in changed.items() if name in _TRAIL}
    if "status" in shown:
        shown["status"] = account.statuses[shown["status"]].label
    if "priority" in shown:
        shown["priority"] = _PRIORITIES[shown["priority"]]
    if shown.get("group"):
        shown["group"] = account.groups[shown["group"]].name
    if "responder_id" in changed:
        agent = account.agent(changed["responder_id"])
        shown["agent_id"] = agent and agent.id
    return shown


def happened(account: Account, ticket: Ticket, actor: str, event: Event) -> None:
    """Note what automation rules may care about."""
    user = account.by_email(actor)
    account.happened.append((ticket.id, user.id if user else None, event))


def _trail(account: Account, ticket: Ticket, actor: str, activity: dict[str, Any]) -> None:
    user = account.by_email(actor)
    kind = "user" if user else "system"
    if activity:
        account.activities.append(
            Activity(account.now(), ticket.id, kind, user.id if user else None, activity)
        )


def _status_changed(account: Account, ticket: Ticket, before: int, actor: str, *, mute: bool) -> None:
    _status_times(account, ticket, before)
    sla.status_changed(account, ticket)
    if not (mute and (ticket.status == CLOSED or account.switches.mute_covers_resolved)):
        mails.status_set(account, ticket, actor)
    mails.watched(account, ticket, f"Status: {account.statuses[ticket.status].label}", actor)


def _status_times(account: Account, ticket: Ticket, before: int) -> None:
    now, stats = account.now(), ticket.stats
    stats.status_updated_at = now
    if ticket.status in (RESOLVED, CLOSED):
        stats.resolved_at = stats.resolved_at or now
        stats.closed_at = now if ticket.status == CLOSED else None
    elif ticket.status == PENDING:
        stats.pending_since = now
    if ticket.status == CLOSED and account.switches.archive_days:
        account.soon(account.switches.archive_days * 86400, "archive", ticket.id)
    if before in (RESOLVED, CLOSED) and account.statuses[ticket.status].sla_timer:
        stats.reopened_at, stats.resolved_at, stats.closed_at = now, None, None


def add_reply(account: Account, ticket: Ticket, reply: Conversation, actor: str) -> None:
    """Add an agent's reply: it counts as the response and goes out by mail."""
    add(account, ticket, reply)
    stats = ticket.stats
    stats.agent_responded_at = account.now()
    stats.first_responded_at = stats.first_responded_at or account.now()
    sla.responded(account, ticket)
    ticket.reply_cc_emails = list(reply.cc_emails or [])
    mails.replied(account, ticket, reply, actor)
    happened(account, ticket, actor, Event("reply_sent", "sent"))


def add_note(account: Account, ticket: Ticket, note: Conversation, actor: str) -> None:
    """Add a note; an incoming public one is a message of the customer. None is a response (4.6)."""
    add(account, ticket, note)
    happened(account, ticket, actor, Event("note_type", "private" if note.private else "public"))
    if note.incoming and not note.private:
        _customer_wrote(account, ticket, note, actor)
    mails.noted(account, ticket, note, actor)


def add_forward(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Add a forward, or the answer to one: private, and mailed to people outside (5.2)."""
    add(account, ticket, message)
    if message.source == 8:
        present = ticket.fwd_emails or []
        ticket.fwd_emails = list(dict.fromkeys([*present, *(message.to_emails or [])]))
    mails.forwarded(account, ticket, message, actor)


def add_customer_message(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Add what a customer wrote by mail or in the portal."""
    add(account, ticket, message)
    happened(account, ticket, actor, Event("reply_sent", "sent"))
    _customer_wrote(account, ticket, message, actor)


def add(account: Account, ticket: Ticket, conversation: Conversation) -> None:
    """Put a conversation at the end of a ticket, which is thereby changed."""
    ticket.conversations.append(conversation)
    account.conversations[conversation.id] = conversation
    account.touch(ticket)


def _customer_wrote(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """The shipped rule opens a pending, resolved or closed ticket again (5.2); no call asks for it."""
    ticket.stats.requester_responded_at = account.now()
    sla.customer_wrote(account, ticket)
    mails.customer_wrote(account, ticket, message, actor)
    asleep = ticket.status in (PENDING, RESOLVED, CLOSED) and not ticket.trashed_at
    if asleep and account.switches.reopen_on_reply:
        change(account, ticket, {"status": OPEN}, actor="")


def edit_note(
    account: Account, note: Conversation, editor: User, body: str | None, uploads: list[Upload]
) -> None:
    """Change a note's text, add files to it; `last_edited_*` is the only sign of it (5.1)."""
    if body is not None:
        note.body = stored(body)
    note.attachments += [account.save(upload, note.ticket_id) for upload in uploads]
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
        account.touch(account.tickets[conversation.ticket_id])


def all_attachments(ticket: Ticket) -> list[Attachment]:
    """Return the listed files of all messages of a ticket."""
    return [*ticket.attachments, *(a for c in ticket.conversations for a in c.attachments)]


def set_trashed(account: Account, ticket: Ticket, *, trashed: bool) -> None:
    """Put a ticket into the trash, where it stays for 30 days, or take it out."""
    with account.tickets.moving(ticket):
        ticket.trashed_at = account.now() if trashed else None
    _left_normal(account, ticket, gone=trashed)


def set_spam(account: Account, ticket: Ticket, *, spam: bool) -> None:
    """Mark a ticket as spam, where it stays for 30 days, or take the mark away."""
    with account.tickets.moving(ticket):
        ticket.spam_since = account.now() if spam else None
    _left_normal(account, ticket, gone=spam)


def _left_normal(account: Account, ticket: Ticket, *, gone: bool) -> None:
    account.touch(ticket)
    if gone:
        account.soon(_KEPT_DAYS * 86400, "purge", ticket.id)


def purge(account: Account, ticket: Ticket) -> None:
    """Remove a ticket for good."""
    account.tickets.remove(ticket)
    account.index["tickets"].put(ticket.id, None)
    for conversation in ticket.conversations:
        account.conversations.pop(conversation.id, None)
    for attachment in all_attachments(ticket):
        account.files.drop(attachment)
    for entry in account.time_entries.of(ticket.id):
        account.time_entries.remove(entry)
    for rating in account.ratings.of(ticket.id):
        account.ratings.remove(rating)
    for table in (account.summaries, account.watchers, account.viewers):
        table.pop(ticket.id, None)


def archive(account: Account, ticket: Ticket) -> None:
    """Move a ticket to where nothing changes any more (4.8)."""
    account.tickets.remove(ticket)
    account.archive[ticket.id] = ticket
    account.index["tickets"].put(ticket.id, None)
    for conversation in ticket.conversations:
        account.conversations.pop(conversation.id, None)
