"""Tickets that belong together: parents, trackers, merges (reference 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskbridge.sandbox.freshdesk import rules
from deskbridge.sandbox.freshdesk.form import Form
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import (
    CHILD,
    CLOSED,
    PARENT,
    RELATED,
    TRACKER,
    Conversation,
    Ticket,
)
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored

_MOST_CHILDREN = 10


def check(account: Account, form: Form, ticket: Ticket | None) -> None:
    """Note what keeps a ticket from becoming a child (`parent_id`) or a tracker (`related_ticket_ids`)."""
    if form.get("parent_id") is not None:
        parent = account.tickets.get(form.get("parent_id"))
        free = parent is not None and parent.place == "normal" and parent.association_type in (None, PARENT)
        if not free or parent is ticket or (ticket and ticket.association_type):
            form.refuse("parent_id", "There is no ticket matching the given parent_id")
        elif len(_associated(parent)) >= _MOST_CHILDREN:
            form.refuse("parent_id", f"A parent may have {_MOST_CHILDREN} children")
    for number in form.get("related_ticket_ids") or []:
        related = account.tickets.get(number)
        taken = related and related.association_type and number not in _associated(ticket)
        if related is None or related is ticket or taken or related.place != "normal":
            form.refuse("related_ticket_ids", f"There is no ticket that could be related: {number}")
    if form.get("association_type") not in (None, TRACKER):
        form.refuse("association_type", "It should be one of these values: '3'")
    if ticket and form.get("related_ticket_ids") and ticket.association_type not in (None, TRACKER):
        form.problems.add("related_ticket_ids", "incompatible_field", "The ticket is associated otherwise")


def _associated(ticket: Ticket | None) -> list[int]:
    return (ticket.associated or []) if ticket else []


def link(account: Account, ticket: Ticket, form: Form) -> None:
    """Make the associations that a checked form asks for."""
    if form.get("parent_id") is not None:
        _join(account, account.tickets[form.get("parent_id")], [ticket], PARENT, CHILD)
    if form.get("related_ticket_ids"):
        related = [account.tickets[number] for number in form.get("related_ticket_ids")]
        _join(account, ticket, related, TRACKER, RELATED)


def _join(account: Account, prime: Ticket, others: Sequence[Ticket], above: int, below: int) -> None:
    for other in others:
        other.association_type, other.associated = below, [prime.id]
        account.touch(other)
    prime.association_type = above
    prime.associated = list(dict.fromkeys([*_associated(prime), *(other.id for other in others)]))
    account.touch(prime)


def merge(
    account: Account, primary: Ticket, secondaries: list[Ticket], body: Mapping[str, Any], agent: User
) -> None:
    """Close the secondary tickets with a note that links to the primary: the only trace of it (4.7)."""
    for ticket in secondaries:
        link_to = f'<a href="{account.base_url}/a/tickets/{primary.id}">{primary.id}</a>'
        text = f"This ticket is closed and merged into ticket {link_to}"
        _note(account, ticket, agent, body.get("note_in_secondary"), text)
        rules.change(account, ticket, {"status": CLOSED}, agent.email or "", mute=True)
        copied = f"Ticket with ID {ticket.id} is merged into this ticket.<br>{ticket.description}"
        _note(account, primary, agent, body.get("note_in_primary"), copied)
    if body.get("convert_recepients_to_cc"):
        requesters = [account.users.get(ticket.requester_id) for ticket in secondaries]
        addresses = [user.email for user in requesters if user and user.email]
        primary.cc_emails = list(dict.fromkeys([*primary.cc_emails, *addresses]))


def _note(account: Account, ticket: Ticket, agent: User, given: Mapping[str, Any] | None, text: str) -> None:
    now, given = account.now(), given or {}
    body = stored(f"{given.get('body') or ''}{text if not given.get('body') else '<br>' + text}")
    note = Conversation(account.new_id(), ticket.id, body, agent.id, now, now, source=2)
    note.private = given.get("private", True)
    note.category, note.to_emails = (2 if note.private else 3), []
    rules.add(account, ticket, note)
